# SPDX-License-Identifier: MIT
"""Training sound made more varied, with its notes."""
import ctypes
import os
from ctypes import c_void_p

from ._handle import Handle, call, held, path_bytes, settings_text
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

    def __init__(self, path=None, *, steps=None, folder=None, context=None):
        if (path is None) == (steps is None):
            raise ValueError("give a path, or steps=[...]")
        with held(context) as (shared,):
            if path is not None:
                super().__init__("avsvt_augment_open", shared, path_bytes(path))
                return
            text = steps.encode() if isinstance(steps, str) else settings_text(steps)
            super().__init__("avsvt_augment_create", shared, text,
                             None if folder is None else path_bytes(os.fspath(folder)))

    def __call__(self, samples, sample_rate, notes=None, *, seed=0):
        """New samples, and where the notes are now (None where none are given)."""
        samples = as_mono(samples)
        out, out_notes = c_void_p(), c_void_p()
        with held(self, notes) as (pointer, notes_pointer):
            call("avsvt_augment_run", ctypes.byref(out),
                 None if notes is None else ctypes.byref(out_notes), pointer,
                 samples.ctypes.data, samples.size, float(sample_rate), notes_pointer,
                 int(seed) % 2 ** 64)
        with Tensor._adopt(out.value) as tensor:
            made = tensor.numpy()
        return made, None if notes is None else Notes._adopt(out_notes.value)
