# SPDX-License-Identifier: MIT
"""Types of what goes into the package and comes out, for those who check theirs."""
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypedDict, Union

import numpy as np
from numpy.typing import ArrayLike, NDArray

if sys.version_info >= (3, 11):
    from typing import Self as Self
    from typing import Unpack as Unpack
elif TYPE_CHECKING:
    from typing_extensions import Self as Self
    from typing_extensions import Unpack as Unpack
else:  # only type checkers look
    Self = Unpack = None

Path = Union[str, os.PathLike[str]]


class ByteFile(Protocol):
    """A file object opened for bytes that can seek."""

    def read(self, size: int, /) -> bytes: ...
    def seek(self, offset: int, whence: int = ..., /) -> int: ...
    def tell(self) -> int: ...


class SupportsDLPack(Protocol):
    """An array that lends its memory, PyTorch's for one."""

    def __dlpack__(self) -> object: ...


AnyArray = Union[ArrayLike, SupportsDLPack]
Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Pictures = NDArray[np.uint8]
Index = Union[int, np.integer[Any]]
Several = Union[slice, list[int], list[bool], NDArray[np.integer[Any]], NDArray[np.bool_]]

OnProgress = Callable[[float, float], object]  # done and total, seconds

Chunks = Literal["overlap", "whole", "published"]
ExportFormat = Literal["csv", "json", "midi", "ultrastar", "musicxml", "svg", "html",
                       "audacity", "jams"]
NoiseKind = Literal["white", "natural", "babble"]
Pixels = Literal["grey", "gray", "rgb"]
Precision = Literal["fp32", "fp16", "bf16"]
Rule = Literal["precise", "published"]
Smoothing = Literal["published", "centred"]


class Decoding(TypedDict, total=False):
    """How notes are decoded; see :meth:`avsvt.Activations.notes`."""

    rule: Rule | None
    onset_threshold: float | None
    offset_threshold: float | None
    min_duration: float | None
    window: int | None
    offset_delay: float | None
    sung_share: float | None
    fill: float | None
    hold: float | None


class Exporting(TypedDict, total=False):
    """How notes are written; see :meth:`avsvt.Notes.write`."""

    tempo_bpm: float | None
    duration: float | None
    title: str | None
    audio: Path | None
    pitch_bend: bool
