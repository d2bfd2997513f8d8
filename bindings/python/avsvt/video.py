# SPDX-License-Identifier: MIT
"""Pictures: video files and arrays of frames, at any rate."""
from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from ctypes import c_size_t, c_void_p

import numpy as np
from numpy.typing import ArrayLike

from . import _ffi
from ._file import FromFile, HostFile, is_host_file
from ._handle import Context, Handle, Progress, call, chosen, held, need, path_bytes
from ._types import ByteFile, Doubles, Path, Pictures, Pixels, Smoothing
from .tensors import Tensor

_PIXELS = {"grey": 0, "gray": 0, "rgb": 1}
_SMOOTHING = {"published": 0, "centred": 1}


def read_landmarks(path: Path) -> Doubles:
    """Landmarks of a .npy, .npz, .json or .csv file, float64 [frames, 68, 2], NaN
    where there is no face."""
    out = c_void_p()
    call("avsvt_landmarks_read", ctypes.byref(out), None, path_bytes(path))
    with Tensor._adopt(out.value) as tensor:
        return tensor.numpy()


class Video(FromFile, Handle):
    """Pictures that are read once: ``Video("clip.mp4")``, ``Video(file)`` of a file
    object opened for bytes that can seek, or ``Video(frames, array_rate=50)`` with
    frames uint8 [frames, height, width] or [..., 3] (RGB).

    `rate` is the number of pictures a second that come out (default: each one
    of the source, once); `pixels` "grey" or "rgb"; `array` the name of the array
    in an .npz file. Iterate over it, or take all frames with :meth:`frames`.
    """

    _free = "avsvt_video_free"

    def __init__(self, source: Path | ByteFile | ArrayLike, rate: float | None = None,
                 pixels: Pixels = "grey", array_rate: float | None = None,
                 array: str | None = None, context: Context | None = None):
        options = _ffi.VideoOptions(
            pixels=chosen("pixels", pixels, _PIXELS), rate_hz=rate or 0.0,
            array_rate_hz=array_rate or 0.0, array=None if array is None else array.encode())
        is_path = isinstance(source, (str, bytes, os.PathLike))
        frames = None if is_path or is_host_file(source) else \
            Tensor(np.ascontiguousarray(_bytes(source)))
        with held(need(context, Context), frames) as (shared, tensor):
            if isinstance(source, (str, bytes, os.PathLike)):
                super().__init__("avsvt_video_open", shared, path_bytes(source),
                                 ctypes.byref(options))
            elif is_host_file(source):
                self._file = HostFile(source)  # C keeps its functions
                with self._reading():
                    super().__init__("avsvt_video_open_io", shared,
                                     ctypes.byref(self._file.record), ctypes.byref(options))
            else:
                super().__init__("avsvt_video_open_frames", shared, tensor,
                                 ctypes.byref(options))

    @property
    def _shape(self) -> tuple[int, ...]:
        """Of one picture."""
        info = self.info()
        return (info.height, info.width) + ((3,) if info.channels == 3 else ())

    def info(self) -> _ffi.VideoInfo:
        """Width, height, rate_hz, frames, duration_s, format and more."""
        record = _ffi.VideoInfo()
        with self._held() as pointer:
            call("avsvt_video_describe", pointer, ctypes.byref(record))
        return record

    def _told(self) -> str:
        info = self.info()
        return f"{info.width} x {info.height} at {info.rate_hz:g} Hz, {info.format}"

    def read(self, count: int) -> Pictures:
        """The next pictures, uint8 [count, height, width] or [..., 3]; fewer than
        `count` only at the end."""
        to, got = np.empty((count, *self._shape), np.uint8), c_size_t()
        with self._held() as pointer, self._reading():
            call("avsvt_video_read", pointer, to.ctypes.data, count, ctypes.byref(got))
        return to[:got.value]

    def frames(self) -> Pictures:
        """All that is left, as one array."""
        out = c_void_p()
        with self._held() as pointer, self._reading(), Progress(None) as told:
            call("avsvt_video_read_all", ctypes.byref(out), pointer,
                 _ffi.ProgressFunction(lambda _user, *s: told.tell(*s)), None)
        with Tensor._adopt(out.value) as tensor:
            return tensor.numpy()

    def mouth(self, landmarks: Path | ArrayLike, pixels: Pixels = "grey", size: int = 96,
              smoothing: Smoothing = "published", window: int = 12,
              mean_face: ArrayLike | None = None, landmarks_rate: float | None = None,
              whole_picture: bool = False) -> Video:
        """The mouth cut out of these pictures, as AV-HuBERT does; this object is
        used up. `landmarks` is an array [frames, 68, 2] (x, y; NaN: no face) or a
        file of one, with a set for each picture (or `landmarks_rate` sets a
        second). Open the video with ``pixels="rgb"``.

        `smoothing` "published" looks ahead, "centred" is better at cuts; `mean_face`
        is the [68, 2] of the model's training (default: one of ours).
        """
        words = {"pixels": chosen("pixels", pixels, _PIXELS),
                 "smoothing": chosen("smoothing", smoothing, _SMOOTHING)}
        if isinstance(landmarks, (str, bytes, os.PathLike)):
            landmarks = read_landmarks(os.fsdecode(landmarks))
        faces = Tensor(np.array(landmarks, np.float64, order="C"))
        mean = None if mean_face is None else Tensor(np.array(mean_face, np.float64, order="C"))
        out = c_void_p()
        with held(self, faces, mean) as (pointer, sets, face):
            options = _ffi.MouthOptions(
                size=size, window=window, whole_picture=int(whole_picture),
                landmarks_rate_hz=landmarks_rate or 0.0, mean_face=face, **words)
            call("avsvt_mouth_open", ctypes.byref(out), pointer, sets, ctypes.byref(options))
            self._pointer = None  # it is the crop's now
        self.close()
        cut = Video._adopt(out.value)
        cut._file = self._file
        return cut

    def __iter__(self) -> Iterator[Pictures]:
        while True:
            some = self.read(1)
            if not len(some):
                return
            yield some[0]


def _bytes(frames: object) -> Pictures:
    array = np.asarray(frames)
    if array.dtype != np.uint8:
        raise ValueError(f"frames must be uint8 (0..255), not {array.dtype}")
    return array
