# SPDX-License-Identifier: MIT
"""Model files: any network, and the stages made of one."""
import ctypes
import os
from collections.abc import Iterator
from contextlib import ExitStack
from ctypes import c_size_t, c_void_p

import numpy as np

from . import _ffi
from ._handle import Handle, call, held, path_bytes
from .audio import as_mono, opened
from .notes import Activations
from .tensors import Tensor
from .video import Video

_MOST_OUTPUTS = 32


def _tensor(value) -> Tensor:
    return value if isinstance(value, Tensor) else Tensor(value)


def _floats(value) -> Tensor:
    """Features: float32, whatever comes."""
    if isinstance(value, Tensor):
        return value
    return Tensor(np.asarray(value, np.float32))


class Model(Handle):
    """A model file: ``Model("part.pt")``, or ``Model.from_bytes(data)``; ``Model()`` is
    the compiled-in one.

    Running a model runs the code in its file: open only files you trust.
    Threads may share a model.
    """

    _free = "avsvt_model_free"

    def __init__(self, path=None, context=None):
        with held(context) as (shared,):
            super().__init__("avsvt_model_open", shared,
                             None if path is None else path_bytes(path))

    @classmethod
    def from_bytes(cls, data, name=None, context=None) -> "Model":
        """A model file's contents; ``name`` stands for its path in messages."""
        data, out = bytes(data), c_void_p()
        with held(context) as (shared,):
            call("avsvt_model_open_memory", ctypes.byref(out), shared, data, len(data),
                 None if name is None else path_bytes(name))
        return cls._adopt(out.value)

    def run(self, *inputs) -> list:
        """Run the network on arrays; gives a list of NumPy arrays.

        Anything with DLPack goes in without a copy; the arrays that come out
        lie over the library's memory and are read-only.
        """
        tensors = [_tensor(value) for value in inputs]
        outputs = (c_void_p * _MOST_OUTPUTS)()
        count = c_size_t()
        with held(self, *tensors) as (model, *pointers):
            given = (c_void_p * max(1, len(pointers)))(*pointers)
            call("avsvt_model_run", outputs, _MOST_OUTPUTS, ctypes.byref(count), model,
                 given, len(pointers))
        results = [Tensor._adopt(outputs[i]) for i in range(count.value)]
        return [result.numpy() for result in results]

    def get(self, key: str, default=None) -> str | None:
        """One value of the manifest as text, such as ``"input.sample_rate"``."""
        with self._held() as model:
            value = _ffi.library().avsvt_model_get(model, key.encode())
        return default if value is None else value.decode()

    @property
    def manifest(self) -> str:
        """The whole manifest, YAML text."""
        with self._held() as model:
            return _ffi.library().avsvt_model_manifest(model).decode()

    @property
    def path(self) -> str:
        """Where it came from, or "(built in)"."""
        with self._held() as model:
            return _ffi.library().avsvt_model_path(model).decode("utf-8", "surrogateescape")

    def __repr__(self):
        return "<avsvt.Model closed>" if self._closed else f"<avsvt.Model {self.path}>"


class _Stage(Handle):
    """A stage made of a model; one thread at a time."""

    _create = ""

    def __init__(self, model, context=None):
        opened = model if isinstance(model, Model) else Model(model, context)
        try:
            with held(opened) as (pointer,):
                super().__init__(self._create, pointer)
        finally:
            if opened is not model:
                opened.close()  # the stage keeps what it needs


def _crops(value) -> Tensor:
    """Pictures: uint8, or grey values 0 to 255 in any other type."""
    if isinstance(value, Tensor):
        return value
    value = np.asarray(value)
    return Tensor(value if value.dtype == np.uint8 else value.astype(np.float32))


class Extractor(_Stage):
    """``Extractor("ssl.pt")(samples)``: features [frames, width] of mono
    samples at the model's rate; ``Extractor("lips.pt")(crops=pictures)`` of
    grey pictures [frames, height, width], 0 to 255, at the model's rate; a
    model of both takes both."""

    _create, _free = "avsvt_extractor_create", "avsvt_extractor_free"

    def __init__(self, model, context=None):
        with ExitStack() as stack:
            if not isinstance(model, Model):
                model = stack.enter_context(Model(model, context))
            self._rate = model.get("input.frame_rate")
            super().__init__(model)

    def __call__(self, samples=None, crops=None) -> np.ndarray:
        if samples is None and crops is None:
            raise ValueError("samples or crops are needed")
        sound = ()
        if samples is not None:
            samples = as_mono(samples)
            sound = (samples.ctypes.data, samples.size)
        pictures = None if crops is None else _crops(crops)
        name = "avsvt_extractor_run" + ("_av" if sound and pictures else
                                        "" if sound else "_video")
        out = c_void_p()
        with held(self, pictures) as (extractor, tensor):
            call(name, ctypes.byref(out), extractor, *sound,
                 *(() if pictures is None else (tensor,)))
        return Tensor._adopt(out.value).numpy()

    def pieces(self, source=None, sample_rate=None, crops=None, *, chunks=None, chunk=None,
               context=None, batch=None) -> Iterator[np.ndarray]:
        """Features of sound or pictures of any length, piece by piece: iterate,
        or join them with ``np.concatenate(list(extract.pieces("song.flac")))``.

        `source` is sound as :meth:`Pipeline.notes` takes it; `crops` a
        :class:`Video` at the model's rate, an array at that rate, or a file of
        crops (of 50 a second where it holds an array). `chunks` "overlap" (pieces of `chunk` seconds with `context`
        seconds on both sides that are thrown away), "whole" or "published"
        (utterances of 5 s); `batch` pieces go through the network together.
        What is not given is as the model says.
        """
        if chunks not in _ffi.CHUNKS:
            raise ValueError(f"chunks {chunks!r} is none of 'overlap', 'whole', 'published'")
        options = _ffi.ExtractOptions(
            chunks=_ffi.CHUNKS[chunks], chunk_s=chunk or 0.0, batch=batch or 0,
            context_s=0.0 if context is None else float(context) or -1.0)
        return self._pieces(source, sample_rate, crops, options)

    def _pieces(self, source, sample_rate, crops, options):
        with ExitStack() as stack:
            sound = stack.enter_context(opened(source, sample_rate))
            video = crops
            if crops is not None and not isinstance(crops, Video):
                video = stack.enter_context(self._video(crops))
            extractor, audio, pictures = stack.enter_context(held(self, sound, video))
            run = stack.enter_context(_Extraction("avsvt_extraction_open", extractor, audio,
                                                  pictures, ctypes.byref(options)))
            while True:
                out = c_void_p()
                with held(run) as (pointer,):
                    call("avsvt_extraction_next", ctypes.byref(out), pointer)
                if not out.value:
                    return
                yield Tensor._adopt(out.value).numpy()

    def _video(self, crops) -> Video:
        rate = float(self._rate) if self._rate else None
        if isinstance(crops, (str, bytes, os.PathLike)):
            return Video(crops, rate=rate)
        return Video(crops, array_rate=rate)


class _Extraction(Handle):
    _free = "avsvt_extraction_free"


class Fusion(_Stage):
    """``Fusion("rca.pt")(audio, video)``: features of both as one
    [audio frames, width]; None stands for sound or sight that is missing.

    Frames are counted, as published: audio frame i takes video frame i. With
    ``times=(audio_rate, video_rate)`` or ``(audio_rate, video_rate,
    audio_start, video_start)``, in Hz and seconds, an audio frame takes the
    picture that is shown in its middle.
    """

    _create, _free = "avsvt_fusion_create", "avsvt_fusion_free"

    def __call__(self, audio, video, times=None) -> np.ndarray:
        out = c_void_p()
        audio, video = (None if each is None else _floats(each) for each in (audio, video))
        with held(self, audio, video) as pointers:
            if times is None:
                call("avsvt_fusion_run", ctypes.byref(out), *pointers)
            else:
                record = _ffi.FusionTimes(**dict(zip(
                    ("audio_rate_hz", "video_rate_hz", "audio_start_s", "video_start_s"),
                    times)))
                call("avsvt_fusion_run_timed", ctypes.byref(out), *pointers,
                     ctypes.byref(record))
        return Tensor._adopt(out.value).numpy()


class Head(_Stage):
    """``Head("svt-head.pt")(features)``: what the head says of each frame."""

    _create, _free = "avsvt_head_create", "avsvt_head_free"

    def __call__(self, features, frame_rate=None) -> Activations:
        out = c_void_p()
        with held(self, _floats(features)) as (head, tensor):
            call("avsvt_head_run", ctypes.byref(out), head, tensor, frame_rate or 0.0)
        return Activations._adopt(out.value)
