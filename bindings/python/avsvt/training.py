# SPDX-License-Identifier: MIT
"""Training: recipes, adapting a model to a singer, steps on arrays."""
from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping
from ctypes import c_char_p, c_void_p
from typing import Literal, TypedDict, cast

from numpy.typing import ArrayLike

from . import _ffi
from ._handle import Context, Handle, Progress, call, held, need, path_bytes, settings_text
from ._types import Path
from .audio import as_mono
from .models import Features, Model
from .notes import Notes
from .tensors import Tensor


class Report(TypedDict, total=False):
    """Where a training stands; what is not known yet is not there."""

    event: Literal["step", "valid", "look"]
    epoch: int
    epochs: int
    step: int
    steps: int
    loss: float
    mean_loss: float
    lr: float
    grad_norm: float
    sound_s: float
    valid_loss: float
    conpoff: float
    conp: float
    con: float
    coff: float
    best: float
    improved: bool
    resumed: bool
    rank: int
    processes: int
    items: int


_EVENTS = {1: "step", 2: "valid", 3: "look"}


def _report(record: _ffi.TrainReport) -> Report:
    """The numbers that are known, by name."""
    values = {name: getattr(record, name) for name, *_ in record._fields_[2:]}
    if record.event in _EVENTS:
        values["event"] = _EVENTS[record.event]
    for name in ("valid_loss", "conpoff", "conp", "con", "coff", "best"):
        if values[name] < 0:
            del values[name]
    values["improved"], values["resumed"] = bool(record.improved), bool(record.resumed)
    return cast(Report, values)


class Trainer(Handle):
    """Trains a model; one thread at a time.

    ``Trainer("recipe.yaml")`` does what ``avsvt train`` does, and has the output
    folder to itself until it is closed.
    ``Trainer(model=avsvt.Model(), settings={"epochs": 20, "groups":
    [{"parameters": ["heads."]}]})`` writes no files: give it songs with
    ``add`` and ``run`` it, or change the weights batch by batch with ``step``.
    Settings are a recipe's keys, as a mapping or YAML text.
    """

    _free = "avsvt_trainer_free"

    def __init__(self, recipe: Path | None = None, *, model: Model | None = None,
                 settings: str | Mapping[str, object] | None = None,
                 context: Context | None = None):
        if (recipe is None) == (model is None):
            raise ValueError("give a recipe, or a model and settings")
        if recipe is not None:
            with held(need(context, Context)) as (shared,):
                super().__init__("avsvt_trainer_open", shared, path_bytes(recipe))
            return
        text = settings.encode() if isinstance(settings, str) else settings_text(settings or {})
        with held(need(model, Model)) as (pointer,):
            super().__init__("avsvt_trainer_create", pointer, text)

    def add(self, samples: ArrayLike, sample_rate: float, notes: Notes) -> None:
        """A song to train on: mono samples and its notes."""
        mono = as_mono(samples)
        with held(self, need(notes, Notes)) as (trainer, list_of_notes):
            call("avsvt_trainer_add", trainer, mono.ctypes.data, mono.size,
                 float(sample_rate), list_of_notes)

    def run(self, progress: Callable[[Report], object] | None = None) -> Report:
        """Train to the end; gives the last report. ``progress(report)`` is
        called after every step and validation, and may raise to stop; run
        again, training goes on."""
        def report(record: ctypes._Pointer[_ffi.TrainReport]) -> None:
            if progress is not None:
                progress(_report(record.contents))

        with self._held() as trainer, Progress(report) as told:
            function = _ffi.TrainFunction(lambda _user, record: told.tell(record))
            call("avsvt_trainer_run", trainer, function, None)
        return self.report

    def step(self, **arrays: Features) -> Report:
        """Change the weights once, on a batch given by the names of the inputs
        of the model's ``loss``."""
        tensors = [value if isinstance(value, Tensor) else Tensor(value)
                   for value in arrays.values()]
        names = (c_char_p * max(1, len(arrays)))(*(name.encode() for name in arrays))
        record = _ffi.TrainReport()
        with held(self, *tensors) as (trainer, *pointers):
            given = (c_void_p * max(1, len(pointers)))(*pointers)
            call("avsvt_trainer_step", trainer, names, given, len(pointers),
                 ctypes.byref(record))
        return _report(record)

    @property
    def report(self) -> Report:
        """Where the training stands."""
        record = _ffi.TrainReport()
        with self._held() as trainer:
            call("avsvt_trainer_describe", trainer, ctypes.byref(record))
        return _report(record)

    def model(self) -> Model:
        """The network as it is now."""
        out = c_void_p()
        with self._held() as trainer:
            call("avsvt_trainer_model", ctypes.byref(out), trainer)
        return Model._adopt(out.value)

    def write(self, path: Path) -> None:
        """The same as a model file."""
        with self._held() as trainer:
            call("avsvt_trainer_write", trainer, path_bytes(path))
