# SPDX-License-Identifier: MIT
"""Singing to notes: the Python side of libavsvt.

>>> import avsvt
>>> notes = avsvt.transcribe("song.flac")
>>> notes.onset, notes.offset, notes.pitch
"""
from . import evaluate
from ._handle import Context
from .audio import Audio, mix, noise, read_audio, write_audio
from .augment import Augment
from .errors import Error
from .feed import Feed
from .models import Extractor, Fusion, Head, Model
from .notes import Activations, Note, Notes, frames_to_notes, read_notes
from .pipeline import Pipeline, transcribe
from .score import Chart, ChartNote, LinePoints, NotePoints, Scorer, sing
from .stream import Stream, StreamEvent
from .tensors import Tensor
from .training import Trainer
from .video import Video, read_landmarks

__version__ = "0.1.0"

__all__ = ["Activations", "Audio", "Augment", "Chart", "ChartNote", "Context", "Error",
           "Extractor", "Feed", "Fusion", "Head", "LinePoints", "Model", "Note", "NotePoints",
           "Notes", "Pipeline", "Scorer", "Stream", "StreamEvent", "Tensor", "Trainer", "Video",
           "evaluate", "frames_to_notes", "library_version", "mix", "noise", "read_audio",
           "read_landmarks", "read_notes", "sing", "transcribe", "write_audio"]


def library_version() -> str:
    """Version of the C library in use."""
    from ._ffi import library
    version: bytes = library().avsvt_version_string()
    return version.decode()
