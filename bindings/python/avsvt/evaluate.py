# SPDX-License-Identifier: MIT
"""The papers' measures."""
from __future__ import annotations

import ctypes
import os
from collections.abc import KeysView
from dataclasses import Field, asdict, dataclass
from typing import Any, ClassVar, Union

from numpy.typing import ArrayLike

from . import _ffi
from ._handle import call, held, optional
from ._types import Path
from .notes import Notes, read_notes


class _Record:
    """Lets a result be used as a mapping too: ``scores["con"]["f1"]``."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    def __getitem__(self, key: str) -> Any:
        if key not in self.keys():
            raise KeyError(key)
        return getattr(self, key)

    def keys(self) -> KeysView[str]:
        return self.__dataclass_fields__.keys()

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Score(_Record):
    """Precision, recall and F1, each 0..1."""

    precision: float
    recall: float
    f1: float


@dataclass(frozen=True)
class NotesScores(_Record):
    """Onset + pitch + offset, onset + pitch, onset, offset; counts of notes."""

    conpoff: Score
    conp: Score
    con: Score
    coff: Score
    reference: int
    estimated: int


NotesLike = Union[Notes, Path, ArrayLike]


def _notes(value: NotesLike) -> tuple[Notes, bool]:
    """Notes of what users give, and whether they are ours to close."""
    if isinstance(value, Notes):
        return value, False
    if isinstance(value, (str, bytes, os.PathLike)):
        return read_notes(os.fsdecode(value)), True
    return Notes.from_array(value), True


def notes(ref: NotesLike, est: NotesLike, onset_tolerance: float | None = None,
          pitch_tolerance: float | None = None, offset_ratio: float | None = None,
          offset_min_tolerance: float | None = None) -> NotesScores:
    """Compare notes with a reference, as mir_eval does.

    ``ref`` and ``est`` are :class:`avsvt.Notes`, files, or arrays
    [notes, 3] of onset, offset, pitch. Tolerances are seconds, cents, a share
    of the reference note's length, seconds; defaults 0.05, 50, 0.2, 0.05.
    """
    options = _ffi.MetricsOptions(
        onset_tolerance_s=optional(onset_tolerance),
        pitch_tolerance_cents=optional(pitch_tolerance),
        offset_ratio=optional(offset_ratio),
        offset_min_tolerance_s=optional(offset_min_tolerance))
    record = _ffi.NotesScoresRecord()
    opened: list[tuple[Notes, bool]] = []
    try:
        for value in (ref, est):
            opened.append(_notes(value))
        with held(*(handle for handle, _ in opened)) as pointers:
            call("avsvt_metrics_notes", ctypes.byref(record), *pointers,
                 ctypes.byref(options))
    finally:
        for handle, ours in opened:
            if ours:
                handle.close()
    scores = {name: Score(*(getattr(getattr(record, name), part)
                            for part in ("precision", "recall", "f1")))
              for name in ("conpoff", "conp", "con", "coff")}
    return NotesScores(reference=record.reference, estimated=record.estimated, **scores)
