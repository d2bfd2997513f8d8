# SPDX-License-Identifier: MIT
"""Activations and the notes decoded from them."""
from __future__ import annotations

import ctypes
import operator
from collections.abc import Iterator
from ctypes import c_void_p
from typing import Any, NamedTuple, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _ffi
from ._handle import (Handle, call, chosen, held, known, need, optional, or_none,
                      path_bytes)
from ._types import (Decoding, Doubles, ExportFormat, Exporting, Floats, Index, Path, Rule,
                     Several, Unpack)
from .tensors import Lent

FINE_LOWEST = 35.0 - 1.0 / 3  # the compiled-in model's fine pitch
FINE_STEP = 1.0 / 3


class Note(NamedTuple):
    """One note: seconds, MIDI number, dB below full scale, 0..1."""

    onset: float
    offset: float
    pitch: float
    level: float
    confidence: float


def decoding(**settings: Unpack[Decoding]) -> _ffi.NotesOptions:
    """Decoder settings; None is the default of the model."""
    known(settings, Decoding.__annotations__)
    return _ffi.NotesOptions(
        rule=chosen("rule", settings.get("rule"), _ffi.RULES),
        onset_threshold=optional(settings.get("onset_threshold")),
        offset_threshold=optional(settings.get("offset_threshold")),
        min_duration_s=or_none(settings.get("min_duration")),
        window_frames=settings.get("window") or 0,
        offset_delay_s=or_none(settings.get("offset_delay")),
        sung_share=or_none(settings.get("sung_share")), fill_s=or_none(settings.get("fill")),
        hold_s=or_none(settings.get("hold")))


_FIELDS = {"onset": "onset_s", "offset": "offset_s", "pitch": "pitch", "level": "level_db",
           "confidence": "confidence"}


class Notes(Handle):
    """A list of notes, ordered by onset.

    ``onset``, ``offset`` (seconds), ``pitch`` (MIDI number with fraction),
    ``level`` (dB; 0 where not known) and ``confidence`` are NumPy arrays.
    ``notes[i]`` and iterating give :class:`Note`; ``notes[a:b]``, and an array
    of numbers or of True and False (``notes[notes.pitch > 60]``), a list of those
    notes.
    """

    _free = "avsvt_notes_free"

    def __init__(self, onset: ArrayLike, offset: ArrayLike, pitch: ArrayLike,
                 level: ArrayLike | None = None, confidence: ArrayLike | None = None):
        given = {"onset": onset, "offset": offset, "pitch": pitch}
        if level is not None:
            given["level"] = level
        if confidence is not None:
            given["confidence"] = confidence
        columns = {name: np.asarray(column, np.float64).ravel()
                   for name, column in given.items()}
        count = len(columns["onset"])
        if any(len(column) != count for column in columns.values()):
            raise ValueError("the columns of notes differ in length: " + ", ".join(
                f"{name} {len(column)}" for name, column in columns.items()))
        if (columns["pitch"] >= 128).any():
            raise ValueError(f"a pitch of {columns['pitch'].max():g} is no MIDI number, 0 to "
                             "127: those of frequencies are 69 + 12 * numpy.log2(f / 440)")
        records = (_ffi.NoteRecord * max(1, count))()
        for i, record in enumerate(records[:count]):
            record.struct_size = ctypes.sizeof(record)
            for name, column in columns.items():
                setattr(record, _FIELDS[name], column[i])
        super().__init__("avsvt_notes_create", None, records, count)

    @classmethod
    def from_array(cls, rows: ArrayLike) -> Notes:
        """Notes of an array [notes, 3 or more]: onset, offset, pitch; or of a list of
        :class:`Note`, as :meth:`Feed.notes` gives them, with all that they tell."""
        if isinstance(rows, (list, tuple)) and rows and all(isinstance(r, Note) for r in rows):
            return cls(*zip(*rows))
        table = np.asarray(rows, np.float64)
        if table.size == 0:
            return cls([], [], [])
        if table.ndim != 2 or table.shape[1] < 3:
            raise ValueError("rows of notes must be onset, offset, pitch; the array has "
                             f"shape {table.shape}")
        if len(table) == 3 and table.shape[1] > len(_FIELDS):
            raise ValueError(f"rows of shape {table.shape} look like [3, notes]; give "
                             "[notes, 3]: rows.T")
        return cls(*table[:, :3].T)

    def _columns(self) -> Doubles:
        cached: Doubles | None = self.__dict__.get("_table")
        if cached is None:
            cached = self.__dict__["_table"] = self._read()
        return cached

    def _read(self) -> Doubles:
        library, record = _ffi.library(), _ffi.NoteRecord()
        with self._held() as pointer:
            table = np.empty((5, library.avsvt_notes_count(pointer)))
            for i in range(table.shape[1]):
                library.avsvt_notes_get(pointer, i, ctypes.byref(record))
                table[:, i] = (record.onset_s, record.offset_s, record.pitch,
                               record.level_db, record.confidence)
        table.flags.writeable = False
        return table

    def _column(self, i: int) -> Doubles:
        column: Doubles = self._columns()[i]
        return column

    @property
    def onset(self) -> Doubles:
        """Seconds."""
        return self._column(0)

    @property
    def offset(self) -> Doubles:
        """Seconds."""
        return self._column(1)

    @property
    def pitch(self) -> Doubles:
        """MIDI number with fraction."""
        return self._column(2)

    @property
    def level(self) -> Doubles:
        """dB below full scale."""
        return self._column(3)

    @property
    def confidence(self) -> Doubles:
        """0..1."""
        return self._column(4)

    def to_array(self) -> Doubles:
        """Array [notes, 3] of onset, offset, pitch."""
        array: Doubles = self._columns()[:3].T.copy()
        return array

    def __len__(self) -> int:
        return int(self._columns().shape[1])

    @overload
    def __getitem__(self, i: Index) -> Note: ...

    @overload
    def __getitem__(self, i: Several) -> Notes: ...

    def __getitem__(self, i: Index | Several) -> Note | Notes:
        if isinstance(i, slice | list | np.ndarray):
            return Notes(*self._columns()[:, i])
        return Note(*(float(value) for value in self._columns()[:, self._number(i)]))

    def __iter__(self) -> Iterator[Note]:
        return (self[i] for i in range(len(self)))

    def _told(self) -> str:
        return f"{len(self)} note{'' if len(self) == 1 else 's'}"

    def __reduce__(self) -> Any:
        return Notes, tuple(self._columns())

    def _edited(self, name: str, *arguments: object, activations: Activations | None = None,
                at: bool = True) -> Notes:
        out = c_void_p()
        with held(self, need(activations, Activations)) as (pointer, from_):
            tail = (from_, None) if at else ()
            call(f"avsvt_notes_{name}", ctypes.byref(out), pointer, *arguments, *tail)
        return Notes._adopt(out.value)

    def _number(self, number: Index) -> int:
        i = operator.index(number)
        if not -len(self) <= i < len(self):
            raise IndexError(f"note {i} of {len(self)}")
        return i % len(self)

    def move(self, i: Index, onset: float, offset: float,
             activations: Activations | None = None) -> Notes:
        """A new list in which note ``i`` lies elsewhere. With ``activations``
        its pitch, level and confidence follow; no network runs. This list
        stays as it is, and so with the other edits."""
        return self._edited("move", self._number(i), onset, offset, activations=activations)

    def split(self, i: Index, time: float,
              activations: Activations | None = None) -> Notes:
        """A new list with note ``i`` in two."""
        return self._edited("split", self._number(i), time, activations=activations)

    def merge(self, first: Index, count: Index = 2,
              activations: Activations | None = None) -> Notes:
        """A new list with ``count`` notes from ``first`` on as one."""
        i, count = self._number(first), operator.index(count)
        if count < 1:
            raise ValueError(f"count is {count}: 1 or more notes become one")
        if count > len(self) - i:
            raise IndexError(f"notes {i} to {i + count - 1} of {len(self)}")
        return self._edited("merge", i, count, activations=activations)

    def remove(self, i: Index) -> Notes:
        """A new list without note ``i``."""
        return self._edited("remove", self._number(i), at=False)

    def add(self, onset: float, offset: float, pitch: float | None = None,
            activations: Activations | None = None) -> Notes:
        """A new list with one note more: of that ``pitch``, or of that which
        ``activations`` tell."""
        if (pitch is None) == (activations is None):
            raise ValueError("add() needs a pitch or activations")
        record = _ffi.NoteRecord(onset_s=onset, offset_s=offset, pitch=pitch or 0.0)
        return self._edited("add", ctypes.byref(record), activations=activations)

    def write(self, path: Path, format: ExportFormat | None = None,
              **options: Unpack[Exporting]) -> None:
        """Write a file; the format is told from the path's ending.

        Formats: csv, json, midi, ultrastar, musicxml, svg, html, audacity (a label
        track), jams. Options:
        ``tempo_bpm``, ``duration`` (seconds), ``title``, ``audio`` (a path, for
        html and ultrastar) and ``pitch_bend`` (for midi).
        """
        record = _export_options(format, **options)
        with self._held() as pointer:
            call("avsvt_notes_write", pointer, path_bytes(path), ctypes.byref(record))

    def format(self, format: ExportFormat, **options: Unpack[Exporting]) -> bytes:
        """The bytes that :meth:`write` would write."""
        if format is None:
            raise ValueError("a format is needed: " + ", ".join(filter(None, _ffi.FORMATS)))
        record = _export_options(format, **options)
        data = _ffi.Bytes()
        with self._held() as pointer:
            call("avsvt_notes_format", ctypes.byref(data), pointer, ctypes.byref(record))
        try:
            return ctypes.string_at(data.data, data.size) if data.size else b""
        finally:
            _ffi.library().avsvt_bytes_free(ctypes.byref(data))

    def to_csv(self) -> str:
        """Text with columns onset, offset, pitch."""
        return self.format("csv").decode()

    def to_json(self) -> str:
        """JSON with all that is known of each note."""
        return self.format("json").decode()

    def to_midi(self, **options: Unpack[Exporting]) -> bytes:
        """A standard MIDI file; options are those of :meth:`write`."""
        return self.format("midi", **options)

    def to_svg(self, **options: Unpack[Exporting]) -> str:
        """A picture of the notes; options are those of :meth:`write`."""
        return self.format("svg", **options).decode()

    def _repr_svg_(self) -> str:
        svg = self.to_svg()
        return svg[svg.index("<svg"):]  # a page can't hold an XML declaration

    def _repr_html_(self) -> str:
        return f"<div>{self._repr_svg_()}<p>{self._told()}</p></div>"


def _export_options(format: str | None, **options: Unpack[Exporting]) -> _ffi.ExportOptions:
    known(options, Exporting.__annotations__)
    title, audio = options.get("title"), options.get("audio")
    return _ffi.ExportOptions(
        format=chosen("format", format, _ffi.FORMATS),
        flags=_ffi.EXPORT_PITCH_BEND if options.get("pitch_bend") else 0,
        tempo_bpm=optional(options.get("tempo_bpm")),
        duration_s=optional(options.get("duration")),
        title=None if title is None else title.encode(),
        audio_path=None if audio is None else path_bytes(audio))


class Activations(Handle):
    """What a network says of each frame, before any decision.

    ``logits`` [frames, 20], ``fine`` [frames, bins] or None, and ``level`` and
    ``voice`` [frames] or None are read-only arrays over the library's memory.
    Decoding again with other settings runs no network: ``activations.notes(...)``.
    """

    _free = "avsvt_activations_free"

    def __init__(self, logits: ArrayLike, frame_rate: float, fine: ArrayLike | None = None,
                 level: ArrayLike | None = None, start: float = 0.0,
                 fine_lowest: float = FINE_LOWEST, fine_step: float = FINE_STEP,
                 voice: ArrayLike | None = None):
        rows = _rows(logits, "logits", _ffi.NOTE_LOGITS)
        frames = len(rows)
        bins = None if fine is None else _rows(fine, "fine", None, frames)
        levels = _values(level, "level", frames)
        voices = _values(voice, "voice", frames)
        info = _ffi.ActivationsInfo(
            fine_bins=0 if bins is None else bins.shape[1], frames=frames,
            frame_rate_hz=frame_rate, start_s=start,
            fine_lowest=0.0 if bins is None else fine_lowest,
            fine_step=0.0 if bins is None else fine_step)
        super().__init__("avsvt_activations_create_heard", None, ctypes.byref(info),
                         *(None if a is None else a.ctypes.data
                           for a in (rows, bins, levels, voices)))

    def _info(self) -> _ffi.ActivationsInfo:
        info = _ffi.ActivationsInfo()
        with self._held() as pointer:
            _ffi.library().avsvt_activations_describe(pointer, ctypes.byref(info))
        return info

    @property
    def frame_rate(self) -> float:
        """Frames a second."""
        return float(self._info().frame_rate_hz)

    @property
    def start(self) -> float:
        """Time of frame 0, seconds."""
        return float(self._info().start_s)

    def _lend(self, name: str, width: int | None = None) -> Floats | None:
        """The array of that name, or None when there is none."""
        frames = self._info().frames
        shape = (frames,) if width is None else (frames, width)
        with self._held() as pointer:
            address = getattr(_ffi.library(), f"avsvt_activations_{name}")(pointer)
        return np.asarray(Lent(self, address, shape)) if address else None

    @property
    def logits(self) -> Floats:
        """Onset, silence, octave and pitch class of each frame [frames, 20]."""
        found = self._lend("logits", _ffi.NOTE_LOGITS)
        return np.zeros((0, _ffi.NOTE_LOGITS), np.float32) if found is None else found

    @property
    def fine(self) -> Floats | None:
        """Logits of fine pitch [frames, bins], or None."""
        return self._lend("fine", self._info().fine_bins)

    def note(self, onset: float, offset: float) -> Note:
        """The note that would sound there: its pitch, level and confidence."""
        record = _ffi.NoteRecord()
        with self._held() as pointer:
            call("avsvt_activations_note", pointer, onset, offset, ctypes.byref(record))
        return Note(record.onset_s, record.offset_s, record.pitch, record.level_db,
                    record.confidence)

    @property
    def pitch(self) -> Floats:
        """The pitch curve [frames]: MIDI number, NaN where nothing is sung."""
        curve = np.empty(len(self), np.float32)
        with self._held() as pointer:
            _ffi.library().avsvt_activations_pitch(pointer, 0, len(curve), curve.ctypes.data)
        return curve

    @property
    def level(self) -> Floats | None:
        """Loudness of each frame, dB below full scale, or None."""
        return self._lend("level")

    @property
    def voice(self) -> Floats | None:
        """MIDI number of each frame in which the sound dies away with a clear pitch, 0 of
        all others; or None."""
        return self._lend("voice")

    def __len__(self) -> int:
        return int(self._info().frames)

    def _told(self) -> str:
        return f"{len(self)} frames at {self.frame_rate:g} Hz"

    def notes(self, **settings: Unpack[Decoding]) -> Notes:
        """Decode. Settings: ``rule`` ("precise" or "published"),
        ``onset_threshold``, ``offset_threshold``, ``min_duration``,
        ``offset_delay``, ``fill``, ``hold`` (seconds), ``window`` (frames) and
        ``sung_share``; what is not given is the model's."""
        options = decoding(**settings)
        out = c_void_p()
        with self._held() as pointer:
            call("avsvt_notes_decode", ctypes.byref(out), pointer, ctypes.byref(options))
        return Notes._adopt(out.value)


def _rows(values: ArrayLike, name: str, width: int | None, frames: int | None = None) -> Floats:
    """float32 rows of the right shape."""
    array = np.ascontiguousarray(values, np.float32)
    if array.ndim != 2 or width not in (None, array.shape[1]) \
            or frames not in (None, len(array)):
        raise ValueError(f"{name} must have shape ({frames or 'frames'}, {width or 'bins'}), "
                         f"not {array.shape}")
    return array


def _values(given: ArrayLike | None, name: str, frames: int) -> Floats | None:
    """float32, one for each frame."""
    if given is None:
        return None
    values = np.ascontiguousarray(given, np.float32)
    if values.shape != (frames,):
        raise ValueError(f"{name} must have shape ({frames},), not {values.shape}")
    return values


def frames_to_notes(logits: ArrayLike, frame_rate: float = 49.8, onset_threshold: float = 0.4,
                    offset_threshold: float = 0.5, rule: Rule = "published", *,
                    fine: ArrayLike | None = None, start: float = 0.0,
                    min_duration: float | None = None, window: int | None = None,
                    offset_delay: float | None = None, sung_share: float | None = None,
                    fill: float | None = None) -> Notes:
    """Notes of frame logits [frames, 20] by the published rule or our own."""
    with Activations(logits, frame_rate, fine=fine, start=start) as activations:
        return activations.notes(rule=rule, onset_threshold=onset_threshold,
                                 offset_threshold=offset_threshold,
                                 min_duration=min_duration, window=window,
                                 offset_delay=offset_delay, sung_share=sung_share,
                                 fill=fill)


def read_notes(path: Path) -> Notes:
    """Read notes: CSV or text with onset, offset, pitch, or onset, Hz, duration as Tony
    writes them; Audacity's labels; UltraStar; MIDI; JAMS; our JSON; .npy arrays."""
    out = c_void_p()
    call("avsvt_notes_read", ctypes.byref(out), None, path_bytes(path))
    return Notes._adopt(out.value)
