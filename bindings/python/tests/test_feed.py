# SPDX-License-Identifier: MIT
"""Fed in blocks, the melody gives its notes."""
import gc
import os
import signal
import threading

import avsvt
import numpy as np
import pytest


def test_blocks_give_the_notes_of_the_whole(melody):
    samples, rate = avsvt.read_audio(melody)
    whole = avsvt.transcribe(melody)
    with avsvt.Pipeline() as pipeline, avsvt.Feed(pipeline, rate, buffer=60) as feed:
        assert feed.latency > 2
        for i in range(0, len(samples), 1000):
            assert feed.push(samples[i:i + 1000])
        with pytest.raises(avsvt.Error):  # in use
            pipeline.notes(melody)
        feed.finish()
        feed.wait()
        assert feed.state == "done" and feed.lost == 0
        notes, curve = feed.notes(), feed.curve()
        with pytest.raises(ValueError):
            feed.push(samples)
    assert len(notes) == len(whole) == 19
    np.testing.assert_allclose([n.onset for n in notes], whole.onset, atol=0.03)
    np.testing.assert_allclose([n.pitch for n in notes], whole.pitch, atol=0.2)
    assert curve.shape[1] == 3 and len(curve) > 500
    assert np.diff(curve[:, 0]) == pytest.approx(0.02)


def test_a_feed_keeps_its_pipeline(melody):
    samples, rate = avsvt.read_audio(melody)
    with avsvt.Pipeline() as pipeline:
        feed = avsvt.Feed(pipeline, rate, buffer=60)
    feed.push(samples)
    feed.finish()
    feed.wait()
    assert len(feed.notes()) == 19
    feed.close()
    feed.close()
    with pytest.raises(ValueError):
        avsvt.Feed(pipeline, rate)
    # The collector may close the pipeline first where both are in one circle.
    pipeline = avsvt.Pipeline()
    pipeline.feed = avsvt.Feed(pipeline, rate)
    pipeline.feed.push(samples)
    del pipeline
    gc.collect()


def test_whole_numbers_are_scaled(melody):
    samples, rate = avsvt.read_audio(melody)
    with avsvt.Pipeline() as pipeline, avsvt.Feed(pipeline, rate, buffer=60) as feed:
        feed.push((samples * 32767).astype(np.int16))
        feed.finish()
        feed.wait()
        notes = feed.notes()
    assert len(notes) == 19 and max(n.level for n in notes) < -3


def test_ctrl_c_ends_the_waiting(ctrl_c):
    with avsvt.Pipeline() as pipeline, avsvt.Feed(pipeline, 16000) as feed:
        interrupt = threading.Thread(target=os.kill, args=(os.getpid(), signal.SIGINT))
        with pytest.raises(KeyboardInterrupt):
            interrupt.start()
            feed.wait()  # nobody has said that the sound has ended
        interrupt.join()


def test_cancelling_says_so():
    with avsvt.Pipeline() as pipeline, avsvt.Feed(pipeline, 16000) as feed:
        feed.cancel()
        with pytest.raises(avsvt.Error):
            feed.wait()
        assert feed.state == "cancelled" and feed.notes() == []


def test_wrong_settings_are_refused():
    with avsvt.Pipeline() as pipeline:
        for settings in ({"sample_rate": 0}, {"sample_rate": 16000, "step": 100},
                         {"sample_rate": 16000, "rule": "published", "onset_threshold": 2}):
            with pytest.raises(ValueError):
                avsvt.Feed(pipeline, **settings)
        with avsvt.Feed(pipeline, 16000) as feed, pytest.raises(ValueError):
            feed.push(np.zeros((2, 2)))
