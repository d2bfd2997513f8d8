# SPDX-License-Identifier: MIT
"""Model files: any network, and the stages made of one."""
from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from ctypes import c_size_t, c_void_p
from typing import Any, Union, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _ffi
from ._handle import Context, Handle, call, chosen, held, need, path_bytes
from ._types import AnyArray, ByteFile, Chunks, Floats, Path
from .audio import Sound, as_mono, opened
from .notes import Activations
from .tensors import Tensor
from .video import Video

_MOST_OUTPUTS = 32


Features = Union[Tensor, AnyArray]


def _tensor(value: Features) -> Tensor:
    return value if isinstance(value, Tensor) else Tensor(value)


def _floats(value: Features) -> Tensor:
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

    def __init__(self, path: Path | None = None, context: Context | None = None):
        with held(need(context, Context)) as (shared,):
            super().__init__("avsvt_model_open", shared,
                             None if path is None else path_bytes(path))

    @classmethod
    def from_bytes(cls, data: bytes | bytearray | memoryview, name: Path | None = None,
                   context: Context | None = None) -> Model:
        """A model file's contents; ``name`` stands for its path in messages."""
        data, out = memoryview(data).tobytes(), c_void_p()
        with held(need(context, Context)) as (shared,):
            call("avsvt_model_open_memory", ctypes.byref(out), shared, data, len(data),
                 None if name is None else path_bytes(name))
        return cls._adopt(out.value)

    def run(self, *inputs: Features) -> list[NDArray[Any]]:
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

    @overload
    def get(self, key: str, default: None = None) -> str | None: ...

    @overload
    def get(self, key: str, default: str) -> str: ...

    def get(self, key: str, default: str | None = None) -> str | None:
        """One value of the manifest as text, such as ``"input.sample_rate"``."""
        with self._held() as model:
            value: bytes | None = _ffi.library().avsvt_model_get(model, key.encode())
        return default if value is None else value.decode()

    @property
    def manifest(self) -> str:
        """The whole manifest, YAML text."""
        with self._held() as model:
            text: bytes = _ffi.library().avsvt_model_manifest(model)
            return text.decode()

    @property
    def path(self) -> str:
        """Where it came from, or "(built in)"."""
        with self._held() as model:
            name: bytes = _ffi.library().avsvt_model_path(model)
            return name.decode("utf-8", "surrogateescape")

    def _told(self) -> str:
        return self.path


class _Stage(Handle):
    """A stage made of a model; one thread at a time."""

    _create = ""

    def __init__(self, model: Model | Path, context: Context | None = None):
        opened = model if isinstance(model, Model) else Model(model, context)
        try:
            with held(opened) as (pointer,):
                super().__init__(self._create, pointer)
        finally:
            if opened is not model:
                opened.close()  # the stage keeps what it needs


def _crops(value: Features) -> Tensor:
    """Pictures: uint8, or grey values 0 to 255 in any other type."""
    if isinstance(value, Tensor):
        return value
    array: NDArray[Any] = np.asarray(value)
    return Tensor(array if array.dtype == np.uint8 else array.astype(np.float32))


class Extractor(_Stage):
    """``Extractor("ssl.pt")(samples)``: features [frames, width] of mono
    samples at the model's rate; ``Extractor("lips.pt")(crops=pictures)`` of
    grey pictures [frames, height, width], 0 to 255, at the model's rate; a
    model of both takes both."""

    _create, _free = "avsvt_extractor_create", "avsvt_extractor_free"

    def __init__(self, model: Model | Path, context: Context | None = None):
        with ExitStack() as stack:
            if not isinstance(model, Model):
                model = stack.enter_context(Model(model, context))
            self._rate = model.get("input.frame_rate")
            super().__init__(model)

    def __call__(self, samples: ArrayLike | None = None,
                 crops: Features | None = None) -> Floats:
        if samples is None and crops is None:
            raise ValueError("samples or crops are needed")
        sound: tuple[int, ...] = ()
        if samples is not None:
            mono = as_mono(samples)
            sound = (mono.ctypes.data, mono.size)
        pictures = None if crops is None else _crops(crops)
        name = "avsvt_extractor_run" + ("_av" if sound and pictures else
                                        "" if sound else "_video")
        out = c_void_p()
        with held(self, pictures) as (extractor, tensor):
            call(name, ctypes.byref(out), extractor, *sound,
                 *(() if pictures is None else (tensor,)))
        return Tensor._adopt(out.value).numpy()

    def pieces(self, source: Sound | None = None, sample_rate: float | None = None,
               crops: Video | Path | ByteFile | ArrayLike | None = None, *,
               chunks: Chunks | None = None, chunk: float | None = None,
               context: float | None = None, batch: int | None = None) -> Iterator[Floats]:
        """Features of sound or pictures of any length, piece by piece: iterate,
        or join them with ``np.concatenate(list(extract.pieces("song.flac")))``.

        `source` is sound as :meth:`Pipeline.notes` takes it; `crops` a
        :class:`Video` at the model's rate, an array at that rate, or a file of
        crops (of 50 a second where it holds an array). `chunks` "overlap" (pieces of `chunk` seconds with `context`
        seconds on both sides that are thrown away), "whole" or "published"
        (utterances of 5 s); `batch` pieces go through the network together.
        What is not given is as the model says.
        """
        options = _ffi.ExtractOptions(
            chunks=chosen("chunks", chunks, _ffi.CHUNKS), chunk_s=chunk or 0.0, batch=batch or 0,
            context_s=0.0 if context is None else float(context) or -1.0)
        return self._pieces(source, sample_rate, crops, options)

    def _pieces(self, source: Sound | None, sample_rate: float | None,
                crops: Video | Path | ByteFile | ArrayLike | None,
                options: _ffi.ExtractOptions) -> Iterator[Floats]:
        with ExitStack() as stack:
            sound = stack.enter_context(opened(source, sample_rate))
            video = crops if crops is None or isinstance(crops, Video) else \
                stack.enter_context(self._video(crops))
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

    def _video(self, crops: Path | ByteFile | ArrayLike) -> Video:
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

    def __call__(self, audio: Features | None, video: Features | None,
                 times: Sequence[float] | None = None) -> Floats:
        out = c_void_p()
        given = (None if each is None else _floats(each) for each in (audio, video))
        with held(self, *given) as pointers:
            if times is None:
                call("avsvt_fusion_run", ctypes.byref(out), *pointers)
            else:
                names = ("audio_rate_hz", "video_rate_hz", "audio_start_s", "video_start_s")
                if len(times) not in (2, 4):
                    raise ValueError("times are (audio_rate, video_rate), or these and "
                                     f"(audio_start, video_start); {len(times)} are given")
                record = _ffi.FusionTimes(**dict(zip(names, times)))
                call("avsvt_fusion_run_timed", ctypes.byref(out), *pointers,
                     ctypes.byref(record))
        return Tensor._adopt(out.value).numpy()


class Head(_Stage):
    """``Head("svt-head.pt")(features)``: what the head says of each frame."""

    _create, _free = "avsvt_head_create", "avsvt_head_free"

    def __call__(self, features: Features, frame_rate: float | None = None) -> Activations:
        out = c_void_p()
        with held(self, _floats(features)) as (head, tensor):
            call("avsvt_head_run", ctypes.byref(out), head, tensor, frame_rate or 0.0)
        return Activations._adopt(out.value)
