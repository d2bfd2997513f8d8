# SPDX-License-Identifier: MIT
"""Sound as a source for pipelines, and small helpers around it."""
from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import c_size_t
from typing import Union

import numpy as np
from numpy.typing import ArrayLike

from . import _ffi
from ._file import FromFile, HostFile, is_host_file
from ._handle import Context, Handle, call, chosen, held, need, path_bytes
from ._types import ByteFile, Floats, NoiseKind, Path


def as_samples(samples: object) -> Floats:
    """Float32 samples [frames] or [frames, channels], full scale 1."""
    if isinstance(samples, (str, bytes, os.PathLike)):
        raise ValueError(f"samples are needed here, not the file {os.fsdecode(samples)!r}: "
                         "avsvt.read_audio() gives its samples")
    array = np.asarray(samples)
    shape = array.shape  # without dimensions too; below it has one at least
    if array.dtype.kind == "i":
        array = array / np.float32(-float(np.iinfo(array.dtype).min))
    elif array.dtype.kind != "f":
        raise ValueError("samples must be floats or whole numbers with a sign, not "
                         f"{array.dtype}")
    array = np.ascontiguousarray(array, np.float32)
    if len(shape) not in (1, 2):
        raise ValueError("samples must be [frames] or [frames, channels]; the array has "
                         f"shape {shape}")
    if array.ndim == 2 and array.shape[1] > array.shape[0] > 0:
        raise ValueError(f"samples of shape {array.shape} look like [channels, frames]; "
                         "give [frames, channels]: samples.T")
    return array


def as_mono(samples: object) -> Floats:
    """Float32 samples [frames], full scale 1."""
    array = as_samples(samples)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise ValueError(f"samples must be of one channel, [frames]; the array has shape "
                         f"{array.shape}")
    return array


_SCALED = 100  # is beyond any recording: whole numbers turned into floats
Source = Union[Path, ByteFile, ArrayLike, tuple[ArrayLike, float]]


class Audio(FromFile, Handle):
    """A source of sound that is read once: ``Audio(path)``, ``Audio(file)`` of a
    file object opened for bytes that can seek, or ``Audio(samples, sample_rate)``."""

    _free = "avsvt_audio_free"
    _used = False

    def __init__(self, source: Source, sample_rate: float | None = None,
                 context: Context | None = None):
        if isinstance(source, tuple) and sample_rate is None and len(source) == 2:
            source, sample_rate = source
        is_path = isinstance(source, (str, bytes, os.PathLike))
        if (is_path or is_host_file(source)) and sample_rate is not None:
            raise ValueError("a sound file tells its sample rate itself")
        with held(need(context, Context)) as (shared,):
            if isinstance(source, (str, bytes, os.PathLike)):
                super().__init__("avsvt_audio_open", shared, path_bytes(source))
                return
            if is_host_file(source):
                self._file = HostFile(source)  # C keeps its functions
                with self._reading():
                    super().__init__("avsvt_audio_open_io", shared,
                                     ctypes.byref(self._file.record))
                return
            if sample_rate is None:
                raise ValueError("samples need a sample rate: (samples, sample_rate)")
            if np.ndim(sample_rate) > 0:
                raise ValueError("give (samples, sample_rate), in this order")
            self._samples = samples = as_samples(source)  # C borrows them
            largest = max(samples.max(initial=0), -samples.min(initial=0))
            if _SCALED < largest < np.inf:
                raise ValueError(f"samples reach {largest:g}, and full scale is 1: divide them "
                                 "by that of theirs, 32768 for 16 bits")
            super().__init__("avsvt_audio_open_samples", shared, samples.ctypes.data,
                             samples.shape[0], samples.shape[1] if samples.ndim == 2 else 1,
                             float(sample_rate))

    def info(self) -> _ffi.AudioInfo:
        """Channels, rate_hz, frames, duration_s and format."""
        record = _ffi.AudioInfo()
        with self._held() as pointer:
            call("avsvt_audio_describe", pointer, ctypes.byref(record))
        return record

    def _told(self) -> str:
        info = self.info()
        channels = "1 channel" if info.channels == 1 else f"{info.channels} channels"
        length = "" if info.duration_s < 0 else f"{info.duration_s:.2f} s, "
        return f"{length}{channels} at {info.rate_hz:g} Hz, {info.format}"

    def set_rate(self, rate: float) -> None:
        """Choose the rate that read() delivers, before the first read."""
        with self._held() as pointer:
            call("avsvt_audio_set_rate", pointer, float(rate))

    def read(self, count: int) -> Floats:
        """The next mono samples; fewer than `count` only at the end."""
        to, got = np.empty(count, np.float32), c_size_t()
        with self._held() as pointer, self._reading():
            call("avsvt_audio_read", pointer, to.ctypes.data, count, ctypes.byref(got))
        return to[:got.value]


Sound = Union[Source, Audio]


@contextmanager
def opened(source: Sound | None, sample_rate: float | None = None) -> Iterator[Audio | None]:
    """Whatever sound is given as an :class:`Audio`; None stays None."""
    if source is None:
        yield None
    elif not isinstance(source, Audio):
        with Audio(source, sample_rate) as audio, audio._reading():
            yield audio
    elif sample_rate is not None:
        raise ValueError("an Audio tells its sample rate itself")
    elif source._used:
        raise ValueError("this Audio was heard already, and can be only once: make another")
    else:
        with source._reading():
            yield source
        source._used = True


def read_audio(path: Path | ByteFile, rate: float | None = None) -> tuple[Floats, float]:
    """A sound file, or a file object, as mono samples at `rate` (default: its own),
    and that rate."""
    with Audio(path) as audio:
        if rate is None:
            rate = audio.info().rate_hz
        audio.set_rate(rate)
        blocks = [audio.read(1 << 16)]
        while blocks[-1].size:
            blocks.append(audio.read(1 << 16))
    return np.concatenate(blocks), rate


def write_audio(path: Path, samples: ArrayLike, sample_rate: float) -> None:
    """Write mono samples as a WAV file of 32-bit floats, whole or not at all; a name
    that ends like another format's sound (.flac) is refused."""
    samples = as_mono(samples)
    call("avsvt_audio_write", path_bytes(path), samples.ctypes.data, samples.size,
         float(sample_rate))


def mix(clean: ArrayLike, noise: ArrayLike, snr_db: float) -> Floats:
    """Mix noise under clean sound at a signal-to-noise ratio, as published."""
    clean, noise = as_mono(clean), as_mono(noise)
    if clean.shape != noise.shape:
        raise ValueError(f"clean {clean.shape} and noise {noise.shape} must be equally long")
    to = np.empty_like(clean)
    call("avsvt_audio_mix", to.ctypes.data, clean.ctypes.data, noise.ctypes.data,
         clean.size, float(snr_db))
    return to


def noise(kind: NoiseKind, count: int, rate: float, folder: Path | None = None, *,
          seed: int = 0) -> Floats:
    """Noise of the papers' evaluation, for :func:`mix`: "white"; "natural", for
    every 10 s a recording of the folder; "babble", 30 voices of its speech."""
    number = chosen("kind", kind, _ffi.NOISES)
    if folder is None and kind != "white":
        raise ValueError(f"{kind} noise is made of recordings: give their folder")
    to = np.empty(count, np.float32)
    call("avsvt_audio_noise", to.ctypes.data, None, count, float(rate), number,
         None if folder is None else path_bytes(folder), int(seed) % 2 ** 64)
    return to
