# SPDX-License-Identifier: MIT
"""Songs to be sung, and the points for singing them."""
from __future__ import annotations

import ctypes
import operator
import os
from collections.abc import Iterator
from typing import Literal, NamedTuple, overload

from . import _ffi, errors
from ._handle import Context, Handle, call, held, need, optional, path_bytes
from ._types import Index, Path
from .audio import Sound
from .models import Model
from .notes import Activations, Notes
from .pipeline import Pipeline

Kind = Literal["normal", "golden", "freestyle", "rap", "rap golden"]
KINDS: tuple[Kind, ...] = ("normal", "golden", "freestyle", "rap", "rap golden")


class ChartNote(NamedTuple):
    """A note to be sung: seconds, MIDI number, line from 0, syllable."""

    onset: float
    offset: float
    pitch: float
    kind: Kind
    line: int
    word: str


class NotePoints(NamedTuple):
    """How a note was sung. ``cents`` is None where nothing was sung in it,
    ``late`` where nothing was right."""

    points: float
    possible: float
    share: float
    sung: float
    cents: float | None
    late: float | None


class LinePoints(NamedTuple):
    """How a line, or all of the song, was sung; see include/avsvt/score.h."""

    notes: int
    hits: int
    golden: int
    first_note: int
    onset: float
    offset: float
    points: float
    line_points: float
    possible: float
    so_far: float
    cents: float
    late: float


def _check(status: int, what: str) -> None:
    if status == _ffi.OK:
        return
    raise errors.BY_STATUS.get(status, errors.Error)(what, status)


class Chart(Handle):
    """A song: ``Chart("song.txt")`` of an UltraStar chart, a MIDI file or any
    note list, or ``Chart(notes)``. ``chart[i]`` and iterating give
    :class:`ChartNote`, ``chart[a:b]`` a list of them. ``voice``: of a duet, or of a MIDI
    file's tracks."""

    _free = "avsvt_chart_free"

    def __init__(self, source: Path | Notes, voice: int | None = None):
        if isinstance(source, (str, bytes, os.PathLike)):
            options = _ffi.ChartOptions(voice=voice or 0)
            super().__init__("avsvt_chart_open", None, path_bytes(source),
                             ctypes.byref(options))
            return
        with held(need(source, Notes)) as (pointer,):
            super().__init__("avsvt_chart_create", None, pointer)

    def _info(self) -> _ffi.ChartInfo:
        info = _ffi.ChartInfo()
        with self._held() as pointer:
            _ffi.library().avsvt_chart_describe(pointer, ctypes.byref(info))
        return info

    @property
    def title(self) -> str:
        """Name of the song."""
        return str(self._info().title, "utf-8")

    @property
    def artist(self) -> str:
        """Who made it."""
        return str(self._info().artist, "utf-8")

    @property
    def audio(self) -> str:
        """Name of its sound file."""
        return str(self._info().audio, "utf-8")

    @property
    def lines(self) -> int:
        """Lines of the song."""
        return int(self._info().lines)

    @property
    def voices(self) -> int:
        """Voices, or tracks with notes."""
        return int(self._info().voices)

    @property
    def voice(self) -> int:
        """The one that was taken, from 1."""
        return int(self._info().voice)

    @property
    def duration(self) -> float:
        """End of the last note, seconds."""
        return float(self._info().duration_s)

    def __len__(self) -> int:
        return int(self._info().notes)

    @overload
    def __getitem__(self, i: Index) -> ChartNote: ...

    @overload
    def __getitem__(self, i: slice) -> list[ChartNote]: ...

    def __getitem__(self, i: Index | slice) -> ChartNote | list[ChartNote]:
        record, count = _ffi.ChartNoteRecord(), len(self)
        if isinstance(i, slice):
            return [self[k] for k in range(count)[i]]
        i = operator.index(i)
        if not -count <= i < count:
            raise IndexError(f"note {i} of {count}")
        with self._held() as pointer:
            _ffi.library().avsvt_chart_get(pointer, i % count, ctypes.byref(record))
            return ChartNote(record.onset_s, record.offset_s, record.pitch,
                             KINDS[record.kind], record.line, record.word.decode())

    def __iter__(self) -> Iterator[ChartNote]:
        return (self[i] for i in range(len(self)))

    def _told(self) -> str:
        count = len(self)
        return f"{self.title!r}, {count} note{'' if count == 1 else 's'}"


class Scorer(Handle):
    """Points for singing a chart, 10000 for a song without a fault.

    ``push(from_s, to_s, pitch)`` tells what is sung, in order (NaN: nothing);
    ``push(notes)`` or ``push(activations)`` tells all at once. ``total``,
    ``line(i)`` and ``note(i)`` say how it went up to now.
    """

    _free = "avsvt_scorer_free"

    def __init__(self, chart: Chart, *, pitch_tolerance: float | None = None,
                 time_tolerance: float | None = None, strict_octave: bool = False,
                 delay: float = 0.0, transpose: float = 0.0):
        options = _ffi.ScorerOptions(
            flags=1 if strict_octave else 0,
            pitch_tolerance_cents=optional(pitch_tolerance),
            time_tolerance_s=optional(time_tolerance), delay_s=delay, transpose=transpose)
        with held(need(chart, Chart)) as (pointer,):
            super().__init__("avsvt_scorer_create", pointer, ctypes.byref(options))

    @overload
    def push(self, sung: Notes | Activations) -> None: ...

    @overload
    def push(self, sung: float, to_s: float, pitch: float) -> None: ...

    def push(self, sung: Notes | Activations | float, to_s: float | None = None,
             pitch: float | None = None) -> None:
        """What is sung: from where (then ``to_s`` and ``pitch``), or all of it."""
        if isinstance(sung, Notes | Activations):
            kind = "notes" if isinstance(sung, Notes) else "activations"
            with held(self, sung) as pointers:
                call(f"avsvt_scorer_push_{kind}", *pointers)
            return
        if to_s is None or pitch is None:
            raise TypeError("push() needs notes, activations, or from_s, to_s and pitch")
        with self._held() as pointer:
            _check(_ffi.library().avsvt_scorer_push(pointer, float(sung), float(to_s),
                                                    float(pitch)),
                   f"{sung}..{to_s} s with pitch {pitch} is not in order, or no number")

    def note(self, i: int) -> NotePoints:
        """How note ``i`` of the chart was sung."""
        p = _ffi.NotePointsRecord()
        with self._held() as pointer:
            _check(_ffi.library().avsvt_scorer_note(pointer, operator.index(i), ctypes.byref(p)),
                   f"there is no note {i}")
        return NotePoints(p.points, p.possible, p.share, p.sung_s,
                          p.cents if p.sung_s > 0 else None, p.late_s if p.heard else None)

    def line(self, i: int) -> LinePoints:
        """How line ``i`` of the chart was sung."""
        return self._line("avsvt_scorer_line", f"there is no line {i}", operator.index(i))

    @property
    def total(self) -> LinePoints:
        """How the song was sung up to now."""
        return self._line("avsvt_scorer_total", "the scorer failed")

    def _line(self, name: str, what: str, *index: int) -> LinePoints:
        record = _ffi.LinePointsRecord()
        with self._held() as pointer:
            _check(getattr(_ffi.library(), name)(pointer, *index, ctypes.byref(record)), what)
        return LinePoints(*(getattr(record, field) for field, *_ in record._fields_[1:]))

    def reset(self) -> None:
        """Back to the start of the song, with no points."""
        with self._held() as pointer:
            _ffi.library().avsvt_scorer_reset(pointer)


def sing(chart: Chart | Path | Notes, source: Sound | Notes | Activations,
         sample_rate: float | None = None, *, model: Model | Path | None = None,
         context: Context | None = None, pitch_tolerance: float | None = None,
         time_tolerance: float | None = None, strict_octave: bool = False, delay: float = 0.0,
         transpose: float = 0.0) -> Scorer:
    """How well a recording, samples with their rate, or notes follow a song.

    ``chart`` is a :class:`Chart`, or a path or notes to make one of. Settings are those of
    :class:`Scorer`. The points are in ``sing(...).total``.
    """
    song = chart if isinstance(chart, Chart) else Chart(chart)
    try:
        scorer = Scorer(song, pitch_tolerance=pitch_tolerance, time_tolerance=time_tolerance,
                        strict_octave=strict_octave, delay=delay, transpose=transpose)
        if isinstance(source, Notes | Activations):
            scorer.push(source)
        else:
            with Pipeline(model, context) as pipeline, \
                    pipeline.activations(source, sample_rate) as activations:
                scorer.push(activations)
        return scorer
    finally:
        if song is not chart:
            song.close()
