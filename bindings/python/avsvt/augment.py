# SPDX-License-Identifier: MIT
"""Training sound made more varied, with its notes."""
from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from ctypes import c_void_p
from typing import overload

from numpy.typing import ArrayLike

from ._handle import Context, Handle, call, held, need, path_bytes, settings_text
from ._types import Floats, Path
from .audio import as_mono
from .notes import Notes
from .tensors import Tensor


class Augment(Handle):
    """A chain of steps: ``Augment("recipe.yaml")`` reads a file, and
    ``Augment(steps=[{"step": "pitch", "semitones": [-2, 2]}], folder=".")``
    takes them as they are (``folder`` is what their folders are relative to).

    ``samples, notes = chain(samples, sample_rate, notes, seed=1)``: the same
    seed gives the same result. The steps are those of avsvt/augment.h.
    """

    _free = "avsvt_augment_free"

    def __init__(self, path: Path | None = None, *,
                 steps: str | Sequence[Mapping[str, object]] | None = None,
                 folder: Path | None = None, context: Context | None = None):
        if (path is None) == (steps is None):
            raise ValueError("give a path, or steps=[...]")
        with held(need(context, Context)) as (shared,):
            if path is not None:
                super().__init__("avsvt_augment_open", shared, path_bytes(path))
                return
            text = steps.encode() if isinstance(steps, str) else settings_text(steps)
            super().__init__("avsvt_augment_create", shared, text,
                             None if folder is None else path_bytes(folder))

    @overload
    def __call__(self, samples: ArrayLike, sample_rate: float, notes: Notes, *,
                 seed: int = 0) -> tuple[Floats, Notes]: ...

    @overload
    def __call__(self, samples: ArrayLike, sample_rate: float, notes: None = None, *,
                 seed: int = 0) -> tuple[Floats, None]: ...

    def __call__(self, samples: ArrayLike, sample_rate: float, notes: Notes | None = None, *,
                 seed: int = 0) -> tuple[Floats, Notes | None]:
        """New samples, and where the notes are now (None where none are given)."""
        mono = as_mono(samples)
        out, out_notes = c_void_p(), c_void_p()
        with held(self, need(notes, Notes)) as (pointer, notes_pointer):
            call("avsvt_augment_run", ctypes.byref(out),
                 None if notes is None else ctypes.byref(out_notes), pointer,
                 mono.ctypes.data, mono.size, float(sample_rate), notes_pointer,
                 int(seed) % 2 ** 64)
        with Tensor._adopt(out.value) as tensor:
            made = tensor.numpy()
        return made, None if notes is None else Notes._adopt(out_notes.value)
