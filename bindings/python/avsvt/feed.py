# SPDX-License-Identifier: MIT
"""A pipeline that is fed while it runs."""
from __future__ import annotations

import ctypes
import time
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from . import _ffi
from ._handle import Handle, call, need
from ._types import Decoding, Doubles, Unpack
from .audio import as_mono
from .notes import Note, decoding
from .pipeline import Pipeline

State = Literal["running", "done", "failed", "cancelled"]
_STATES: tuple[State, ...] = ("running", "done", "failed", "cancelled")


class Feed(Handle):
    """Push samples, poll notes and pitch as they become final.

    >>> with avsvt.Feed(avsvt.Pipeline(), 48000) as feed:
    ...     for block in blocks:
    ...         feed.push(block)
    ...         for note in feed.notes():
    ...             print(note)
    ...     feed.finish()
    ...     feed.wait()
    ...     rest = feed.notes()

    Each network call adds ``step`` seconds and waits for ``lookahead`` more;
    ``context`` seconds before it are looked at again. ``buffer`` seconds may
    wait. The other settings are those of :meth:`Activations.notes`.
    """

    _free = "avsvt_feed_free"

    def __init__(self, pipeline: Pipeline, sample_rate: float, *, step: float = 0.0,
                 lookahead: float = 0.0, context: float = 0.0, buffer: float = 0.0,
                 **settings: Unpack[Decoding]):
        notes = decoding(**settings)
        options = _ffi.FeedOptions(rate_hz=sample_rate, step_s=step, lookahead_s=lookahead,
                                   context_s=context, buffer_s=buffer,
                                   notes=ctypes.pointer(notes))
        need(pipeline, Pipeline)
        self._pipeline = pipeline  # C's pipeline must outlive the feed, whoever closes it
        pointer = pipeline._take()
        try:
            super().__init__("avsvt_feed_open", pointer, ctypes.byref(options))
        except BaseException:
            pipeline._give_back()
            raise

    def _drop(self, pointer: int) -> None:
        super()._drop(pointer)
        self._pipeline._give_back()

    def push(self, samples: ArrayLike) -> bool:
        """Push mono samples; False when some had no room and were lost."""
        x = as_mono(samples)
        with self._held() as pointer:
            status: int = _ffi.library().avsvt_feed_push(pointer, x.ctypes.data, x.size)
        if status == 1:
            raise ValueError("nothing can be pushed after finish()")
        return status == _ffi.OK

    def finish(self) -> None:
        """The sound has ended."""
        with self._held() as pointer:
            _ffi.library().avsvt_feed_finish(pointer)

    def cancel(self) -> None:
        """Ask it to stop."""
        with self._held() as pointer:
            _ffi.library().avsvt_feed_cancel(pointer)

    def wait(self) -> None:
        """Wait for the end, after finish() or cancel(); raises why it failed."""
        while self.state == _STATES[0]:
            time.sleep(0.005)  # C's own wait hears no Ctrl-C
        with self._held() as pointer:
            call("avsvt_feed_wait", pointer)

    def notes(self) -> list[Note]:
        """The notes that have become final since the last call."""
        found, record = [], _ffi.NoteRecord()
        with self._held() as pointer:
            while _ffi.library().avsvt_feed_poll(pointer, ctypes.byref(record)) == _ffi.OK:
                found.append(Note(record.onset_s, record.offset_s, record.pitch,
                                  record.level_db, record.confidence))
        return found

    def curve(self) -> Doubles:
        """The pitch curve since the last call [frames, 3]: seconds, MIDI
        number (NaN: nothing sung), dB below full scale."""
        found, record = [], _ffi.FeedFrame()
        with self._held() as pointer:
            while _ffi.library().avsvt_feed_poll_frame(pointer, ctypes.byref(record)) == _ffi.OK:
                found.append((record.time_s, record.pitch, record.level_db))
        return np.array(found).reshape(-1, 3)

    def _info(self) -> _ffi.FeedInfo:
        info = _ffi.FeedInfo()
        with self._held() as pointer:
            _ffi.library().avsvt_feed_describe(pointer, ctypes.byref(info))
        return info

    @property
    def state(self) -> State:
        """running, done, failed or cancelled."""
        return _STATES[int(self._info().state)]

    @property
    def lost(self) -> int:
        """Samples that had no room."""
        return int(self._info().lost)

    @property
    def final(self) -> float:
        """Seconds that are done."""
        return float(self._info().final_s)

    @property
    def latency(self) -> float:
        """How much later than the sound results are final, seconds."""
        return float(self._info().latency_s)
