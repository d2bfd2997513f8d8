# SPDX-License-Identifier: MIT
import io

import avsvt
import numpy as np
import pytest


@pytest.fixture
def data(melody):
    return melody.read_bytes()


def test_a_file_object_is_sound(melody, data):
    with avsvt.Pipeline() as pipeline:
        assert len(pipeline.notes(io.BytesIO(data))) == 19
        with open(melody, "rb") as file, avsvt.Audio(file) as audio:
            assert "FLAC" in audio.info().format and "format='FLAC" in repr(audio.info())
            assert len(pipeline.notes(audio)) == 19
    samples, rate = avsvt.read_audio(io.BytesIO(data))
    assert np.array_equal(samples, avsvt.read_audio(melody)[0]) and rate == 22050
    assert len(avsvt.transcribe(io.BytesIO(data))) == 19


class Failing(io.BytesIO):
    """Its reading fails from a place on."""

    def __init__(self, data, place, error):
        super().__init__(data)
        self._place, self._error = place, error

    def read(self, count=-1):
        if self.tell() + count > self._place:
            raise self._error
        return super().read(count)


@pytest.mark.parametrize("place", [0, 100000])
@pytest.mark.parametrize("error", [ZeroDivisionError("mine"), KeyboardInterrupt()])
def test_what_a_file_object_raises_comes_out(data, place, error):
    with pytest.raises(type(error)):
        avsvt.transcribe(Failing(data, place, error))
    with pytest.raises(type(error)):
        avsvt.read_audio(Failing(data, place, error))


def test_file_objects_that_are_none_are_refused(data, tmp_path):
    text = tmp_path / "text.txt"
    text.write_text("no sound here")
    with open(text) as file, pytest.raises(TypeError, match="'rb'"):
        avsvt.Audio(file)
    with pytest.raises(ValueError, match="empty"):
        avsvt.Audio(io.BytesIO())
    with pytest.raises(avsvt.Error, match="host"):
        avsvt.Audio(io.BytesIO(b"no sound here"))
    with pytest.raises(ValueError, match="rate itself"):
        avsvt.transcribe(io.BytesIO(data), 16000)
    with avsvt.Audio(io.BytesIO(data)) as audio, pytest.raises(ValueError, match="rate itself"):
        avsvt.transcribe(audio, 16000)
    closed = io.BytesIO(data)
    closed.close()
    with pytest.raises(ValueError, match="closed"):
        avsvt.Audio(closed)


def test_an_audio_is_read_once(melody):
    with avsvt.Audio(melody) as audio:
        audio.read(10)
        with pytest.raises(ValueError, match="before the first read"):
            avsvt.transcribe(audio)


def test_written_sound_reads_back(tmp_path):
    samples = np.array([0, 0.5, -1, 7.25], np.float32)
    avsvt.write_audio(tmp_path / "a.wav", samples, 16000)
    back, rate = avsvt.read_audio(tmp_path / "a.wav")
    assert back.tolist() == samples.tolist() and rate == 16000
    with pytest.raises(OSError, match="nowhere"):
        avsvt.write_audio(tmp_path / "nowhere" / "a.wav", samples, 16000)


@pytest.mark.parametrize("name", ["a.flac", "a.OGG", "a.mp3"])
def test_sound_is_not_written_under_the_name_of_another_format(tmp_path, name):
    with pytest.raises(ValueError, match=f"{name}: .* ends in .wav"):
        avsvt.write_audio(tmp_path / name, np.zeros(4, np.float32), 16000)
    assert not list(tmp_path.iterdir())
    avsvt.write_audio(tmp_path / "no.ending", np.zeros(4, np.float32), 16000)


def test_channels_that_cancel_each_other_are_heard(melody, caplog):
    samples, rate = avsvt.read_audio(melody)
    with avsvt.Context() as context, avsvt.Pipeline(context=context) as pipeline, \
            caplog.at_level("WARNING", "avsvt"), \
            avsvt.Audio(np.stack([samples, -samples], 1), rate, context) as audio:
        assert len(pipeline.notes(audio)) == 19
    assert "cancel each other" in caplog.text
