# SPDX-License-Identifier: MIT
"""File objects of Python's as files of the library's."""
from __future__ import annotations

import ctypes
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeGuard

from . import _ffi, errors
from ._types import ByteFile


def is_host_file(source: object) -> TypeGuard[ByteFile]:
    return hasattr(source, "read") and hasattr(source, "seek")


class HostFile:
    """A file of Python's, opened for bytes, as C reads it. No exception can pass
    through C: the last one waits in ``raised``."""

    def __init__(self, file: ByteFile):
        if isinstance(file, io.TextIOBase):
            raise TypeError("the file is opened as text: open it with 'rb'")
        self._file = file
        self.raised: BaseException | None = None
        self.record = _ffi.Io(length=_ffi.LengthFunction(self._guarded(self._length)),
                              seek=_ffi.SeekFunction(self._guarded(file.seek)),
                              read=_ffi.ReadFunction(self._guarded(self._read)))

    def _guarded(self, function: Callable[..., int]) -> Callable[..., int]:
        def call_back(_user: int | None, *arguments: int) -> int:
            try:
                return int(function(*arguments))
            except BaseException as error:
                self.raised = error
                return -1
        return call_back

    def _length(self) -> int:
        here = self._file.tell()
        end = self._file.seek(0, os.SEEK_END)
        self._file.seek(here)
        return end

    def _read(self, to: int, count: int) -> int:
        data = self._file.read(count)
        if not isinstance(data, (bytes, bytearray, memoryview)) or len(data) > count:
            raise TypeError("read() of a file must give bytes, at most as many as asked "
                            f"for; it gave {type(data).__name__}: open it with 'rb'")
        ctypes.memmove(to, bytes(data), len(data))
        return len(data)


class FromFile:
    """What may be read from a file object: a path's has none."""

    _file: HostFile | None = None

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """What the file object raised, in place of the failure that it led to."""
        try:
            yield
        except errors.Error:
            if self._file is None or self._file.raised is None:
                raise
            raised, self._file.raised = self._file.raised, None
            raise raised from None
