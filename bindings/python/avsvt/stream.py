# SPDX-License-Identifier: MIT
"""Notes while they are sung."""
from __future__ import annotations

import ctypes
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from . import _ffi, errors
from ._handle import Context, Handle, held, need, optional, or_none, path_bytes
from ._types import Doubles, Path
from .audio import as_mono
from .models import Model

Kind = Literal["on", "update", "off"]
_KINDS: dict[int, Kind] = {1: "on", 2: "update", 3: "off"}
_SHORT = 1
_NOTHING = errors.NotFound.status


class StreamEvent(NamedTuple):
    """What happened to a note: it began ("on"), goes on ("update"), or ended
    ("off"). ``pitch`` is the MIDI number of the note as far as it is known,
    ``pitch_now`` the one at ``time``; ``found`` is the time up to which sound
    had to be known. ``short`` tells, at the end, that it was rather none."""

    kind: Kind
    note: int
    time: float
    found: float
    pitch: float
    pitch_now: float
    level: float
    confidence: float
    short: bool


def _check(status: int, message: str) -> None:
    if status == errors.BackendError.status:
        message = "the network gave a value that is not a number; nothing more is heard"
    if status != _ffi.OK:
        raise errors.BY_STATUS.get(status, errors.Error)(message, status)


class Stream(Handle):
    """``Stream(48000)`` listens at that sample rate with the compiled-in live
    model; ``model`` is the path of another, or an open :class:`Model`.

    >>> with avsvt.Stream(48000) as stream:
    ...     for block in blocks:
    ...         for event in stream.push(block):
    ...             print(event.kind, event.time, event.pitch)
    ...     stream.finish()
    """

    _free = "avsvt_stream_free"

    def __init__(self, rate: float, model: Model | Path | None = None,
                 context: Context | None = None, *, onset_threshold: float | None = None,
                 offset_threshold: float | None = None, min_duration: float | None = None,
                 queue: int | None = None):
        options = _ffi.StreamOptions(
            rate_hz=float(rate), queue=queue or 8192,
            onset_threshold=optional(onset_threshold),
            offset_threshold=optional(offset_threshold), min_duration_s=or_none(min_duration))
        self._rate = float(rate)
        if isinstance(model, Model):
            with held(model) as (shared,):
                super().__init__("avsvt_stream_create", shared, ctypes.byref(options))
            return
        with held(need(context, Context)) as (shared,):
            super().__init__("avsvt_stream_open", shared,
                             None if model is None else path_bytes(model),
                             ctypes.byref(options))

    def push(self, samples: ArrayLike) -> list[StreamEvent]:
        """Push mono samples; the events that they brought."""
        x = as_mono(samples)
        with self._held() as pointer:
            _check(_ffi.library().avsvt_stream_push(pointer, x.ctypes.data, x.shape[0]),
                   "this stream has ended (reset() starts anew) or another thread pushes")
        return self._events()

    def finish(self) -> list[StreamEvent]:
        """The sound has ended: the last events. reset() starts anew."""
        with self._held() as pointer:
            _check(_ffi.library().avsvt_stream_finish(pointer),
                   "this stream has ended already, or another thread pushes")
        return self._events()

    def reset(self) -> None:
        """Forget the sound so far."""
        with self._held() as pointer:
            _check(_ffi.library().avsvt_stream_reset(pointer),
                   "another thread pushes or polls")

    def _events(self) -> list[StreamEvent]:
        record = _ffi.StreamEvent()
        events: list[StreamEvent] = []
        with self._held() as pointer:
            poll = _ffi.library().avsvt_stream_poll
            while (status := poll(pointer, ctypes.byref(record))) == _ffi.OK:
                events.append(StreamEvent(
                    _KINDS[record.kind], record.note, record.time_s,
                    record.found_at / self._rate, record.pitch, record.pitch_now,
                    record.level_db, record.confidence, bool(record.flags & _SHORT)))
        if status != _NOTHING:
            _check(status, "another thread polls")
        return events

    def curve(self) -> Doubles:
        """The pitch curve since the last call, one row per frame of 20 ms: time,
        pitch (MIDI number), voicing (0..1), level (dB)."""
        record, rows = _ffi.StreamFrame(), []
        with self._held() as pointer:
            poll = _ffi.library().avsvt_stream_poll_frame
            while (status := poll(pointer, ctypes.byref(record))) == _ffi.OK:
                rows.append((record.time_s, record.pitch, record.voicing, record.level_db))
        if status != _NOTHING:
            _check(status, "another thread polls")
        return np.array(rows, np.float64).reshape(-1, 4)

    def info(self) -> _ffi.StreamInfo:
        """lookahead_s, the latencies in samples, what was lost; see stream.h."""
        record = _ffi.StreamInfo()
        with self._held() as pointer:
            _check(_ffi.library().avsvt_stream_describe(pointer, ctypes.byref(record)),
                   "the stream can't be described")
        return record
