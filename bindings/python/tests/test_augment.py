# SPDX-License-Identifier: MIT
import avsvt
import numpy as np
import pytest

RATE = 16000


@pytest.fixture
def sound():
    return np.sin(np.arange(RATE) * 0.1).astype(np.float32) * 0.3


def test_notes_follow_and_the_seed_decides(sound):
    chain = avsvt.Augment(steps=[{"step": "speed", "factor": [0.9, 1.1]},
                                 {"step": "noise", "kind": "pink", "snr_db": 20}])
    notes = avsvt.Notes([0.2], [0.6], [60])
    made, moved = chain(sound, RATE, notes, seed=5)
    again, _ = chain(sound, RATE, seed=5)
    other, _ = chain(sound, RATE, seed=-5)
    factor = notes.onset[0] / moved.onset[0]
    assert len(made) == pytest.approx(RATE / factor, abs=1)
    assert moved.pitch[0] == pytest.approx(60 + 12 * np.log2(factor))
    assert np.array_equal(made, again)
    assert not np.array_equal(made[:1000], other[:1000])


def test_files_and_folders(tmp_path, sound):
    folder = tmp_path / 'a "folder"'
    folder.mkdir()
    avsvt_call = avsvt._handle.call
    avsvt_call("avsvt_audio_write", str(folder / "x.wav").encode(), sound.ctypes.data,
               sound.size, float(RATE))
    (tmp_path / "chain.yaml").write_text("augment: [{step: gain, db: -20}]")
    made, none = avsvt.Augment(tmp_path / "chain.yaml")(sound, RATE)
    assert none is None and np.allclose(made, sound / 10, atol=1e-6)
    made, _ = avsvt.Augment(steps=[{"step": "mix", "folder": folder, "snr_db": 0}],
                            folder=tmp_path)(sound, RATE)
    assert np.allclose(made, sound, atol=1e-6)  # its own noise at 0 dB: half and half


def test_numbers_of_numpy_and_whole_samples(sound):
    for db in (np.float64(-20), np.int64(-20), np.float32(-20)):
        made, _ = avsvt.Augment(steps=({"step": "gain", "db": db},))(sound, RATE)
        assert np.allclose(made, sound / 10, atol=1e-6)
    whole = np.round(sound * 32768).astype(np.int16)
    made, _ = avsvt.Augment(steps=[{"step": "gain", "db": np.array([-20, -20])}])(whole, RATE)
    assert np.allclose(made, sound / 10, atol=1e-4)


def test_noise_of_the_papers(tmp_path, sound):
    white = avsvt.noise("white", 20000, RATE, seed=3)
    assert abs(white.std() - 1) < 0.05 and abs(white.mean()) < 0.05
    assert np.array_equal(white, avsvt.noise("white", 20000, RATE, seed=3))
    avsvt._handle.call("avsvt_audio_write", str(tmp_path / "x.wav").encode(),
                       sound.ctypes.data, sound.size, float(RATE))
    natural = avsvt.noise("natural", 10 * RATE, RATE, tmp_path)
    middle = slice(int(4.5 * RATE), int(5.5 * RATE))
    assert np.allclose(natural[middle], sound, atol=1e-6)
    assert not natural[:int(4.5 * RATE)].any()
    with pytest.raises(ValueError):
        avsvt.noise("pink", 10, RATE)


def test_bad_chains_are_told():
    with pytest.raises(avsvt.Error, match="no step 'sing'"):
        avsvt.Augment(steps=[{"step": "sing"}])
    with pytest.raises(ValueError):
        avsvt.Augment()
