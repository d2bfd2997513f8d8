# SPDX-License-Identifier: MIT
"""The whole way: sound -> notes."""
from __future__ import annotations

import ctypes
import os
import threading
from contextlib import ExitStack
from ctypes import c_void_p
from typing import Union

from . import _ffi
from ._handle import Context, Handle, Progress, call, chosen, held, need, path_bytes
from ._types import Chunks, Decoding, OnProgress, Path, Unpack
from .audio import Sound, opened
from .models import Features, Model, _crops, _floats
from .notes import Activations, Notes, decoding
from .video import Video

Sight = Union[Path, Video, Features]


class Pipeline(Handle):
    """``Pipeline(path)`` of a model (.pt) or pipeline (.yaml) file;
    ``Pipeline()`` is the compiled-in model; ``Pipeline(model)`` shares an open
    :class:`Model`. One thread at a time uses a pipeline.

    ``chunks`` is how long sound is cut: "overlap", "whole" (one piece) or
    "published" (AV_SVT's utterances, for pipeline files); ``chunk`` seconds of
    result per network call; ``batch`` overlapping chunks go through a pipeline
    file's encoder of sound together. None is what the file says."""

    _free = "avsvt_pipeline_free"

    def __init__(self, model: Model | Path | None = None, context: Context | None = None,
                 chunk: float | None = None, chunks: Chunks | None = None,
                 batch: int | None = None):
        options = _ffi.PipelineOptions(chunks=chosen("chunks", chunks, _ffi.CHUNKS),
                                       chunk_s=chunk or 0.0, batch=batch or 0)
        if isinstance(model, Model):
            with held(model) as (shared,):
                super().__init__("avsvt_pipeline_create", shared, ctypes.byref(options))
            return
        with held(need(context, Context)) as (shared,):
            super().__init__("avsvt_pipeline_open", shared,
                             None if model is None else path_bytes(model),
                             ctypes.byref(options))

    def notes(self, source: Sound | None = None, sample_rate: float | None = None, *,
              video: Sight | None = None, video_rate: float | None = None,
              video_start: float = 0.0, progress: OnProgress | None = None,
              **settings: Unpack[Decoding]) -> Notes:
        """Notes of a sound file (a path, or a file object opened for bytes), of
        samples with their rate, or of a fresh :class:`Audio`.

        A pipeline file with ``video:`` also takes ``video``: grey pictures of
        the mouth [frames, height, width], 0 to 255, a file of them, or a fresh
        :class:`Video`; the last two are read piece by piece. ``video_rate`` is
        in Hz, of an array in memory (default: the model's) or in a file
        (default: 50); ``video_start`` when the first one is shown, in seconds of the sound.
        Either of both may be missing where there is a ``fusion:`` or an
        ``audio-video:``.

        ``progress(done_s, total_s)`` is called now and then; when it raises,
        the run stops and the exception comes out here. The other settings are
        those of :meth:`Activations.notes`.
        """
        options = decoding(**settings)
        return Notes._adopt(self._run("avsvt_pipeline_notes_audio", source, sample_rate,
                                      progress, options, (video, video_rate, video_start)))

    def activations(self, source: Sound | None = None, sample_rate: float | None = None, *,
                    video: Sight | None = None, video_rate: float | None = None,
                    video_start: float = 0.0,
                    progress: OnProgress | None = None) -> Activations:
        """What the network says of each frame, to be decoded later."""
        return Activations._adopt(self._run("avsvt_pipeline_activations", source, sample_rate,
                                            progress, None, (video, video_rate, video_start)))

    def features(self, audio: Features | None = None,
                 video: Features | None = None) -> Activations:
        """What fusion and head say of features that were kept."""
        if audio is None and video is None:
            raise ValueError("features of sound or pictures are needed")
        out = c_void_p()
        with held(self, *(None if each is None else _floats(each)
                          for each in (audio, video))) as pointers:
            call("avsvt_pipeline_features", ctypes.byref(out), *pointers)
        return Activations._adopt(out.value)

    def _run(self, name: str, source: Sound | None, sample_rate: float | None,
             progress: OnProgress | None, notes: _ffi.NotesOptions | None,
             pictures: tuple[Sight | None, float | None, float]) -> int | None:
        video, video_rate, video_start = pictures
        if source is None and video is None:
            raise ValueError("sound or pictures are needed")
        if isinstance(video, Video) and video_rate:
            raise ValueError("a Video has its own rate: open it with that")
        options = _ffi.RunOptions(notes=notes and ctypes.pointer(notes),
                                  crops_start_s=video_start)
        out = c_void_p()
        with ExitStack() as stack:
            audio = stack.enter_context(opened(source, sample_rate))
            crops = None
            if isinstance(video, (str, bytes, os.PathLike)):
                video = stack.enter_context(Video(video, rate=self.picture_rate or None,
                                                  array_rate=video_rate))
            elif video is not None and not isinstance(video, Video):
                crops, video = _crops(video), None
                options.crops_rate_hz = video_rate or 0.0
            pipeline, sound, options.crops, options.video = stack.enter_context(
                held(self, audio, crops, video))
            try:
                with Progress(progress) as told:
                    options.progress = _ffi.ProgressFunction(lambda _user, *s: told.tell(*s))
                    call(name, ctypes.byref(out), pipeline, sound, ctypes.byref(options))
            except BaseException:
                if out.value:  # it was ready when Ctrl-C came
                    made: type[Handle] = Activations if notes is None else Notes
                    made._adopt(out.value).close()
                raise
        return out.value

    def _told(self) -> str:
        hears = f"sound at {self.rate:g} Hz" if self.rate else ""
        sees = f"{self.picture_rate:g} pictures a second" if self.picture_rate else ""
        return f"{' and '.join(filter(None, (hears, sees)))}, backend {self.backend}"

    @property
    def rate(self) -> float:
        """Sample rate of the network, Hz; 0 where it hears nothing."""
        with self._held() as pointer:
            return float(_ffi.library().avsvt_pipeline_rate_hz(pointer))

    @property
    def picture_rate(self) -> float:
        """Pictures a second that the network takes; 0 where it sees nothing."""
        with self._held() as pointer:
            return float(_ffi.library().avsvt_pipeline_picture_hz(pointer))

    @property
    def backend(self) -> str:
        """Which backend runs the network: "native", "torch", ..."""
        with self._held() as pointer:
            name: bytes = _ffi.library().avsvt_pipeline_backend(pointer)
            return name.decode()


_built_in: Model | None = None
_built_in_lock = threading.Lock()


def _default_model() -> Model:
    """The compiled-in model, opened once and shared by all threads."""
    global _built_in
    with _built_in_lock:
        if _built_in is None:
            _built_in = Model()
        return _built_in


def transcribe(source: Sound | None = None, sample_rate: float | None = None, *,
               model: Model | Path | None = None, context: Context | None = None,
               video: Sight | None = None, video_rate: float | None = None,
               video_start: float = 0.0, progress: OnProgress | None = None,
               **settings: Unpack[Decoding]) -> Notes:
    """Notes of a sound file (a path, or a file object opened for bytes), of samples
    and their rate, or of a fresh :class:`Audio`.

    ``model`` is a path or a :class:`Model`; default: the compiled-in model.
    Other settings, ``video`` among them, are those of :meth:`Pipeline.notes`.
    For many files keep a :class:`Pipeline`.
    """
    if model is None and context is None:
        model = _default_model()
    with Pipeline(model, context) as pipeline:
        return pipeline.notes(source, sample_rate, video=video, video_rate=video_rate,
                              video_start=video_start, progress=progress, **settings)
