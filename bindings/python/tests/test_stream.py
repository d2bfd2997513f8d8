# SPDX-License-Identifier: MIT
"""Streams: notes while they are sung."""
import avsvt
import numpy as np
import pytest


@pytest.fixture(scope="module")
def melody(root):
    samples, rate = avsvt.read_audio(root / "examples/data/melody.flac")
    return np.asarray(samples, np.float32).reshape(len(samples), -1)[:, 0], rate


def listen(stream, samples, block):
    events = [e for i in range(0, len(samples), block)
              for e in stream.push(samples[i:i + block])]
    return events + stream.finish()


def test_a_melody_is_heard_note_by_note(root, melody):
    samples, rate = melody
    score = avsvt.read_notes(root / "examples/data/melody.csv")
    with avsvt.Stream(rate) as stream:
        events = listen(stream, samples, 441)
        info = stream.info()
        curve = stream.curve()
    ended = [e for e in events if e.kind == "off" and not e.short]
    began = {e.note: e for e in events if e.kind == "on"}
    assert abs(len(ended) - len(score)) <= 2
    right = [any(abs(began[e.note].time - n.onset) < 0.06 and abs(e.pitch - n.pitch) < 0.5
                 for e in ended) for n in score]
    assert sum(right) >= len(score) - 3
    assert info.pushed == len(samples) and info.lost_events == 0
    assert 0.01 < info.lookahead_s < 0.2
    assert curve.shape == (int(len(samples) / rate * 50) + 1, 4)
    assert np.allclose(np.diff(curve[:, 0]), 0.02)


def test_blocks_and_reset_change_nothing(melody):
    samples, rate = melody
    with avsvt.Stream(rate) as stream:
        first = listen(stream, samples, 1000)
        stream.reset()
        assert listen(stream, samples, 64) == first


def test_what_makes_no_sense_is_refused(model_path):
    with pytest.raises(ValueError, match="rate_hz"):
        avsvt.Stream(100)
    with pytest.raises(NotImplementedError, match="whole sound"):
        avsvt.Stream(48000, model_path)
    with avsvt.Stream(48000) as stream:
        with pytest.raises(ValueError, match="one channel"):
            stream.push(np.zeros((100, 2), np.float32))
        stream.finish()
        with pytest.raises(ValueError, match="has ended"):
            stream.push(np.zeros(10, np.float32))
