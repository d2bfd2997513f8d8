# SPDX-License-Identifier: MIT
"""Arrays to and from the library without a copy.

In: anything with DLPack (NumPy, PyTorch, ...). Out: NumPy arrays that lie
over the library's memory and keep it alive, or DLPack.
"""
from __future__ import annotations

import ctypes
import math
from ctypes import PYFUNCTYPE, c_char_p, c_int, c_void_p, py_object, pythonapi
from typing import Any, TypeGuard

import numpy as np
from numpy.typing import DTypeLike, NDArray

from . import _ffi
from ._handle import Handle, call, path_bytes
from ._types import AnyArray, Path, SupportsDLPack

_FRESH = b"dltensor"      # names of a capsule before and after it is consumed
_USED = b"used_dltensor"
_CPU = 1

# Prototypes of our own: ctypes.pythonapi is shared by all packages.
_capsule_pointer = PYFUNCTYPE(c_void_p, py_object, c_char_p)(("PyCapsule_GetPointer", pythonapi))
_capsule_rename = PYFUNCTYPE(c_int, py_object, c_char_p)(("PyCapsule_SetName", pythonapi))
_capsule_new = PYFUNCTYPE(py_object, c_void_p, c_char_p, c_void_p)(("PyCapsule_New", pythonapi))
# The destructor sees a capsule that is being torn down: only as an address.
_dying_is = PYFUNCTYPE(c_int, c_void_p, c_char_p)(("PyCapsule_IsValid", pythonapi))
_dying_pointer = PYFUNCTYPE(c_void_p, c_void_p, c_char_p)(("PyCapsule_GetPointer", pythonapi))


class _DLManagedTensor(ctypes.Structure):
    _fields_ = [("data", c_void_p), ("device_type", ctypes.c_int32),
                ("device_id", ctypes.c_int32), ("ndim", ctypes.c_int32),
                ("code", ctypes.c_uint8), ("bits", ctypes.c_uint8),
                ("lanes", ctypes.c_uint16), ("shape", c_void_p), ("strides", c_void_p),
                ("byte_offset", ctypes.c_uint64), ("manager", c_void_p),
                ("deleter", ctypes.CFUNCTYPE(None, c_void_p))]


def _drop(capsule: int) -> None:
    """A capsule that nobody consumed frees its tensor."""
    if _dying_is(capsule, _FRESH):
        managed = _dying_pointer(capsule, _FRESH)
        _DLManagedTensor.from_address(managed).deleter(managed)


_drop_capsule = PYFUNCTYPE(None, c_void_p)(_drop)


def _lends(value: object) -> TypeGuard[SupportsDLPack]:
    return not isinstance(value, np.ndarray) and hasattr(value, "__dlpack__")


def _exporter(value: AnyArray) -> SupportsDLPack:
    """`value` as something that lends its memory by DLPack."""
    if _lends(value):
        return value
    array: NDArray[Any] = np.asarray(value)
    if not isinstance(value, np.ndarray) and array.dtype == np.float64:
        array = array.astype(np.float32)  # lists of numbers: networks take float32
    if array.dtype.byteorder == ">":
        array = array.astype(array.dtype.newbyteorder("="))
    # NumPy does not lend what must not be written to; that has to be copied.
    return np.require(array, requirements=["C", "W"])


class Tensor(Handle):
    """One array of the library: ``Tensor(array)`` borrows its memory.

    ``np.asarray(tensor)`` and ``torch.from_dlpack(tensor)`` share it again.
    """

    _free = "avsvt_tensor_free"

    def __init__(self, value: AnyArray):
        capsule = _exporter(value).__dlpack__()
        managed = _capsule_pointer(capsule, _FRESH)
        super().__init__("avsvt_tensor_from_dlpack", None, managed)
        _capsule_rename(capsule, _USED)  # ours now: the capsule must not free it

    @classmethod
    def read(cls, path: Path, array: str | None = None) -> Tensor:
        """An array of an .npy or .npz file."""
        out = ctypes.c_void_p()
        call("avsvt_tensor_read", ctypes.byref(out), None, path_bytes(path),
             None if array is None else array.encode())
        return cls._adopt(out.value)

    @property
    def shape(self) -> tuple[int, ...]:
        """As of a NumPy array."""
        with self._held() as pointer:
            library = _ffi.library()
            return tuple(library.avsvt_tensor_size(pointer, axis)
                         for axis in range(library.avsvt_tensor_ndim(pointer)))

    @property
    def dtype(self) -> np.dtype[Any]:
        """As of a NumPy array."""
        with self._held() as pointer:
            return np.dtype(_ffi.TYPES[_ffi.library().avsvt_tensor_dtype(pointer)])

    def _told(self) -> str:
        return f"{self.dtype} {list(self.shape)}"

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        array = self.numpy()
        if copy or (dtype is not None and array.dtype != dtype):
            if copy is False:
                raise ValueError("another type cannot be had without a copy")
            return array.astype(dtype or array.dtype)
        return array

    def numpy(self) -> NDArray[Any]:
        """The tensor as a read-only array over the same memory. The array
        keeps the memory alive, also when the tensor is closed."""
        if math.prod(self.shape) == 0:
            return np.zeros(self.shape, self.dtype)
        with self._held() as pointer:
            owner = Tensor._adopt(_ffi.library().avsvt_tensor_ref(pointer))
        return np.asarray(_Lender(owner))

    def __dlpack_device__(self) -> tuple[int, int]:
        return (_CPU, 0)

    def __dlpack__(self, *, stream: object = None, max_version: object = None,
                   dl_device: tuple[int, int] | None = None, copy: bool | None = None) -> object:
        if dl_device not in (None, (_CPU, 0)) or copy:
            raise BufferError("the tensor lies in the CPU's memory and is not copied")
        managed = c_void_p()
        with self._held() as pointer:
            call("avsvt_tensor_to_dlpack", ctypes.byref(managed), pointer)
        return _capsule_new(managed, _FRESH, ctypes.cast(_drop_capsule, c_void_p))


class _Lender:
    """What a NumPy array holds on to instead of the tensor that users close."""

    def __init__(self, owner: Tensor):
        self._owner = owner
        with owner._held() as pointer:
            data = _ffi.library().avsvt_tensor_data(pointer)
        self.__array_interface__ = {"version": 3, "shape": owner.shape,
                                    "typestr": owner.dtype.str, "data": (data or 0, True)}


class Lent:
    """Float32 memory inside `owner` as an array interface. While arrays made
    of it live, closing the owner does not release the C object."""

    def __init__(self, owner: Handle, address: int, shape: tuple[int, ...]):
        self._hold = owner._held()
        self._hold.__enter__()
        self.__array_interface__ = {"version": 3, "shape": shape, "typestr": "<f4",
                                    "data": (address, True)}

    def __del__(self) -> None:
        self._hold.__exit__(None, None, None)
