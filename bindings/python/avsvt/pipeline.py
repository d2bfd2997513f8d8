# SPDX-License-Identifier: MIT
"""The whole way: sound -> notes."""
import ctypes
import threading
from ctypes import c_void_p

from . import _ffi
from ._handle import Handle, call, held, path_bytes
from .audio import Audio
from .models import Model
from .notes import Activations, Notes, decoding


class Pipeline(Handle):
    """``Pipeline(path)`` of a model (.pt) or pipeline (.yaml) file;
    ``Pipeline()`` is the compiled-in model; ``Pipeline(model)`` shares an open
    :class:`Model`. One thread at a time uses a pipeline.

    ``chunks`` is how long sound is cut: "overlap", "whole" (one piece) or
    "published" (AV_SVT's utterances, for pipeline files); ``chunk`` seconds of
    result per network call. None is what the file says."""

    _free = "avsvt_pipeline_free"

    def __init__(self, model=None, context=None, chunk=None, chunks=None):
        if chunks not in _ffi.CHUNKS:
            raise ValueError(f"chunks {chunks!r} is none of 'overlap', 'whole', 'published'")
        options = _ffi.PipelineOptions(chunks=_ffi.CHUNKS[chunks], chunk_s=chunk or 0.0)
        if isinstance(model, Model):
            with held(model) as (shared,):
                super().__init__("avsvt_pipeline_create", shared, ctypes.byref(options))
            return
        with held(context) as (shared,):
            super().__init__("avsvt_pipeline_open", shared,
                             None if model is None else path_bytes(model),
                             ctypes.byref(options))

    def notes(self, source, sample_rate=None, *, progress=None, **settings) -> Notes:
        """Notes of a sound file or of samples with their rate.

        ``progress(done_s, total_s)`` is called now and then; when it raises,
        the run stops and the exception comes out here. The other settings are
        those of :meth:`Activations.notes`.
        """
        options = decoding(**settings)
        return Notes._adopt(self._run("avsvt_pipeline_notes_audio", source, sample_rate,
                                      progress, options))

    def activations(self, source, sample_rate=None, *, progress=None) -> Activations:
        """What the network says of each frame, to be decoded later."""
        return Activations._adopt(self._run("avsvt_pipeline_activations", source,
                                            sample_rate, progress, None))

    def _run(self, name, source, sample_rate, progress, notes) -> int:
        raised = []

        def report(_user, done_s, total_s):
            try:
                progress(done_s, total_s)
            except BaseException as error:
                raised.append(error)
                return 1
            return 0

        options = _ffi.RunOptions(notes=notes and ctypes.pointer(notes))
        if progress is not None:
            options.progress = _ffi.ProgressFunction(report)
        out = c_void_p()
        with Audio(source, sample_rate) as audio, held(self, audio) as pointers:
            try:
                call(name, ctypes.byref(out), *pointers, ctypes.byref(options))
            except Exception:
                if raised:
                    raise raised[0] from None
                raise
        return out.value

    @property
    def rate(self) -> float:
        """Sample rate of the network, Hz."""
        with self._held() as pointer:
            return _ffi.library().avsvt_pipeline_rate_hz(pointer)

    @property
    def backend(self) -> str:
        """Which backend runs the network: "native", "torch", ..."""
        with self._held() as pointer:
            return _ffi.library().avsvt_pipeline_backend(pointer).decode()


_built_in = None
_built_in_lock = threading.Lock()


def _default_model() -> Model:
    """The compiled-in model, opened once and shared by all threads."""
    global _built_in
    with _built_in_lock:
        if _built_in is None:
            _built_in = Model()
        return _built_in


def transcribe(source, sample_rate=None, *, model=None, context=None, progress=None,
               **settings) -> Notes:
    """Notes of a sound file, or of samples and their rate.

    ``model`` is a path or a :class:`Model`; default: the compiled-in model.
    For many files keep a :class:`Pipeline`.
    """
    if model is None and context is None:
        model = _default_model()
    with Pipeline(model, context) as pipeline:
        return pipeline.notes(source, sample_rate, progress=progress, **settings)
