# SPDX-License-Identifier: MIT
import gc
import os
import signal
import subprocess
import sys
import threading
import weakref

import avsvt
import numpy as np
import pytest


@pytest.fixture(scope="module")
def melody():
    """Four sung-like notes at 44.1 kHz, and their pitches."""
    rate, pitches = 44100, [57, 60, 64, 62]
    parts = [np.zeros(int(0.3 * rate))]
    for pitch in pitches:
        time = np.arange(int(0.5 * rate)) / rate
        phase = 2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * time
        wave = sum(np.sin(phase * k) / k for k in range(1, 9))
        fade = np.minimum(1, np.minimum(time, time[::-1]) / 0.03)
        parts += [0.2 * wave * fade, np.zeros(int(0.15 * rate))]
    return np.concatenate(parts).astype(np.float32), rate, pitches


@pytest.fixture(scope="module")
def noise():
    """A quarter of an hour at 16 kHz."""
    return np.random.default_rng(1).normal(0, 0.1, 16000 * 900).astype(np.float32)


@pytest.fixture
def pipeline(model_path):
    with avsvt.Model(model_path) as model, avsvt.Pipeline(model) as made:
        yield made


def test_samples_become_notes(pipeline, melody):
    samples, rate, pitches = melody
    notes = pipeline.notes(samples, rate)
    assert np.round(notes.pitch).tolist() == pitches
    assert notes.onset == pytest.approx(0.3 + 0.65 * np.arange(4), abs=0.06)
    assert pipeline.rate == 16000 and pipeline.backend


def test_the_compiled_in_model_transcribes(melody):
    samples, rate, pitches = melody
    for notes in (avsvt.transcribe(samples, rate), avsvt.transcribe((samples, rate))):
        assert np.round(notes.pitch).tolist() == pitches


def test_types_and_channels_give_the_same_notes(pipeline, melody):
    samples, rate, _ = melody
    expected = pipeline.notes(samples, rate).to_array()
    stereo = np.stack([samples, samples], 1)
    whole = np.round(samples * 32767).astype(np.int16)
    for given in (stereo, samples.astype(np.float64), whole):
        np.testing.assert_allclose(pipeline.notes(given, rate).to_array(), expected,
                                   atol=0.021)


def test_songs_are_written_down_well(pipeline, song):
    path, _ = song
    scores = []
    for other in sorted(path.parent.glob("*.flac"))[:5]:
        reference = np.loadtxt(other.with_suffix(".txt"), ndmin=2)[:, :3]
        scores.append(avsvt.evaluate.notes(reference, pipeline.notes(other)).conpoff.f1)
    assert np.mean(scores) > 0.9
    assert avsvt.transcribe(path).to_array().tolist() == pipeline.notes(path).to_array().tolist()


def test_activations_decode_to_the_pipelines_notes(pipeline, melody):
    samples, rate, _ = melody
    notes = pipeline.notes(samples, rate)
    with pipeline.activations(samples, rate) as activations:
        assert activations.frame_rate == 50
        assert activations.logits.shape == (len(activations), 20)
        assert activations.fine.shape == (len(activations), 150)
        assert activations.notes().to_array().tolist() == notes.to_array().tolist()
        assert len(activations.notes(onset_threshold=1)) == 0


def test_activations_of_arrays_decode_to_the_same_notes(pipeline, root):
    sound = root / "examples" / "data" / "melody.flac"
    settings = {"rule": "precise", "onset_threshold": 0.6, "offset_delay": 0.02, "hold": 0.2}
    with pipeline.activations(sound) as made:
        assert made.voice.shape == (len(made),)
        arrays = {name: getattr(made, name).copy() for name in ("fine", "level", "voice")}
        again = avsvt.Activations(made.logits, made.frame_rate, **arrays)
        held, let_go = made.notes(**settings), made.notes(**settings | {"hold": 0})
        assert again.notes(**settings).to_array().tolist() == held.to_array().tolist()
        again = avsvt.Activations(made.logits, made.frame_rate, **arrays | {"voice": None})
        assert again.voice is None
        assert again.notes(**settings).to_array().tolist() == let_go.to_array().tolist()
    longer = held.offset - let_go.offset
    assert (longer >= 0).all() and longer.any() and longer.max() < 0.21
    with pytest.raises(ValueError, match="voice"):
        avsvt.Activations(arrays["fine"][:, :20], 50, voice=[60])


def test_settings_reach_the_decoder(pipeline, melody):
    samples, rate, _ = melody
    assert len(pipeline.notes(samples, rate, min_duration=2)) == 0
    published = pipeline.notes(samples, rate, rule="published")
    assert (published.pitch % 1 == 0).all()


def test_progress_is_told_and_its_exception_stops_the_run(pipeline, melody):
    samples, rate, _ = melody
    told = []
    pipeline.notes(samples, rate, progress=lambda done, total: told.append((done, total)))
    assert told and told[-1][0] == pytest.approx(len(samples) / rate, abs=0.1)

    class Enough(Exception):
        pass

    def stop(_done, _total):
        raise Enough

    with pytest.raises(Enough):
        pipeline.notes(samples, rate, progress=stop)
    assert len(pipeline.notes(samples, rate)) == 4  # usable again


@pytest.mark.parametrize("given", [True, False])
def test_ctrl_c_stops_the_run(ctrl_c, noise, given):
    far = threading.Event()
    told = []

    def progress(done_s, total_s):
        told.append(done_s)
        far.set()

    def interrupt():
        far.wait()
        os.kill(os.getpid(), signal.SIGINT)

    other = threading.Thread(target=interrupt)
    before = signal.getsignal(signal.SIGINT)
    with avsvt.Pipeline() as pipeline:
        if not given:
            far.set()
        with pytest.raises(KeyboardInterrupt):
            other.start()
            pipeline.notes(noise, 16000, progress=progress if given else None)
        assert not given or told[-1] < 900
    other.join()
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_in_a_run_inside_another_stops_both(ctrl_c, noise):
    before, far = signal.getsignal(signal.SIGINT), []
    with avsvt.Pipeline() as outer, avsvt.Pipeline() as inner:
        def inside(done_s, total_s):
            if not far:
                os.kill(os.getpid(), signal.SIGINT)
            far.append(done_s)

        def outside(done_s, total_s):
            inner.notes(noise, 16000, progress=inside)

        with pytest.raises(KeyboardInterrupt):
            outer.notes(noise, 16000, progress=outside)
    assert far[-1] < 450  # and not at the end of the inner run
    assert signal.getsignal(signal.SIGINT) is before


def test_a_handler_of_the_users_is_called_while_it_runs(ctrl_c, noise):
    calls, told = [], []

    def first(number, frame):
        calls.append((number, frame is not None))
        signal.signal(signal.SIGINT, second)  # as programs do that end at the second one

    def second(number, frame):
        raise EOFError("enough")

    def progress(done_s, total_s):
        if len(told) in (1, 3):
            os.kill(os.getpid(), signal.SIGINT)
        told.append(done_s)

    signal.signal(signal.SIGINT, first)
    with avsvt.Pipeline() as pipeline, pytest.raises(EOFError, match="enough"):
        pipeline.notes(noise, 16000, progress=progress)
    assert calls == [(signal.SIGINT, True)] and told[-1] < 900
    assert signal.getsignal(signal.SIGINT) is second


def test_what_stops_a_run_does_not_keep_its_sound(ctrl_c):
    class Sound(np.ndarray):
        pass

    samples = np.zeros(16000 * 60, np.float32).view(Sound)
    alive = weakref.ref(samples)

    def run(samples):
        def progress(done_s, total_s):
            raise EOFError

        with avsvt.Pipeline() as pipeline, pytest.raises(EOFError):
            pipeline.notes(samples, 16000, progress=progress)

    gc.disable()
    try:
        run(samples)
        del samples
        assert alive() is None
    finally:
        gc.enable()


def test_a_thread_beside_the_main_one_leaves_ctrl_c_alone(ctrl_c, melody):
    samples, rate, _ = melody
    before, seen = signal.getsignal(signal.SIGINT), []

    def work():
        with avsvt.Pipeline() as pipeline:
            seen.append(len(pipeline.notes(samples, rate, progress=lambda *_: seen.append(
                signal.getsignal(signal.SIGINT) is before))))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen[-1] == 4 and all(seen)


def test_a_host_that_lets_nobody_handle_signals(ctrl_c, melody, monkeypatch):
    """As in another interpreter than the first, whose main thread is not Python's."""
    samples, rate, _ = melody

    def refuse(*_):
        raise ValueError("signal only works in main thread of the main interpreter")

    monkeypatch.setattr(signal, "signal", refuse)
    with avsvt.Pipeline() as pipeline:
        assert len(pipeline.notes(samples, rate)) == 4
    monkeypatch.undo()


def test_pipelines_in_two_threads_share_a_model(model_path, melody):
    samples, rate, pitches = melody
    model, found = avsvt.Model(model_path), []

    def work():
        with avsvt.Pipeline(model) as mine:
            found.append(np.round(mine.notes(samples, rate).pitch).tolist())

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [pitches, pitches]


def test_a_busy_pipeline_refuses_a_second_user(pipeline, melody):
    samples, rate, _ = melody
    caught = []

    def meanwhile(_done, _total):
        with pytest.raises(RuntimeError) as error:
            pipeline.notes(samples, rate)
        caught.append(error.value.status)

    pipeline.notes(samples, rate, progress=meanwhile)
    assert caught and set(caught) == {12}


def test_bad_sources_are_refused(pipeline, tmp_path):
    with pytest.raises(FileNotFoundError, match="absent.wav"):
        pipeline.notes(tmp_path / "absent.wav")
    (tmp_path / "empty.wav").write_bytes(b"")
    with pytest.raises(avsvt.Error, match="empty.wav"):
        pipeline.notes(tmp_path / "empty.wav")
    with pytest.raises(ValueError, match="sample rate"):
        pipeline.notes(np.zeros(100))
    with pytest.raises(ValueError, match="channels"):
        pipeline.notes(np.zeros((2, 100)), 16000)
    with pytest.raises(ValueError):
        pipeline.notes(np.full(16000, np.nan, np.float32), 16000)
    with pytest.raises(ValueError):
        pipeline.notes(np.zeros(100), -5)


def test_sound_without_anything_sung_has_no_notes(pipeline):
    assert len(pipeline.notes(np.zeros(16000), 16000)) == 0
    with pytest.raises(avsvt.Error, match="no samples"):
        pipeline.notes(np.zeros(0), 16000)


def test_reading_sound_at_another_rate(song):
    samples, rate = avsvt.read_audio(song[0])
    assert rate == 16000 and samples.ndim == 1
    half, _ = avsvt.read_audio(song[0], 8000)
    assert abs(2 * len(half) - len(samples)) <= 2


def test_noise_is_mixed_as_published():
    rng = np.random.default_rng(1)
    clean, noise = rng.normal(size=(2, 1000)).astype(np.float32)
    share = 1 / (10 ** (6 / 20) + 1)
    expected = (1 - share) * clean + share * noise * np.abs(clean).mean() / np.abs(noise).mean()
    np.testing.assert_allclose(avsvt.mix(clean, noise, 6), expected, rtol=1e-5, atol=1e-6)
    with pytest.raises(ValueError, match="equally long"):
        avsvt.mix(clean, noise[:-1], 6)


def test_a_missing_library_is_told_plainly():
    run = subprocess.run(
        [sys.executable, "-c", "import avsvt; avsvt.library_version()"],
        env={**os.environ, "AVSVT_LIBRARY": "/nowhere/libavsvt.so.0"},
        capture_output=True, text=True)
    assert run.returncode and "ImportError: libavsvt was not found" in run.stderr
    assert "/nowhere/libavsvt.so.0" in run.stderr and "AVSVT_LIBRARY" in run.stderr


def test_importing_loads_neither_the_library_nor_torch():
    run = subprocess.run(
        [sys.executable, "-c", "import sys, avsvt; assert 'torch' not in sys.modules"],
        env={**os.environ, "AVSVT_LIBRARY": "/nowhere"}, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
