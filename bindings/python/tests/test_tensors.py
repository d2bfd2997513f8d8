# SPDX-License-Identifier: MIT
import gc
import weakref

import avsvt
import numpy as np
import pytest


def address(array):
    return array.__array_interface__["data"][0]


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "int64", "uint8"])
def test_memory_is_shared_both_ways(dtype):
    array = np.arange(12).reshape(3, 4).astype(dtype)
    tensor = avsvt.Tensor(array)
    assert tensor.shape == (3, 4) and tensor.dtype == array.dtype
    out = np.asarray(tensor)
    assert address(out) == address(array)
    assert not out.flags.writeable
    array[1, 2] = 77
    assert out[1, 2] == 77


def test_dlpack_goes_out_without_a_copy():
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    back = np.from_dlpack(avsvt.Tensor(array))
    assert address(back) == address(array)
    assert back.tolist() == array.tolist()


def test_torch_shares_memory_too():
    torch = pytest.importorskip("torch")
    ours = torch.arange(4.0)
    tensor = avsvt.Tensor(ours)
    assert address(np.asarray(tensor)) == ours.data_ptr()
    assert torch.from_dlpack(tensor).data_ptr() == ours.data_ptr()


@pytest.mark.parametrize("look", [avsvt.Tensor.numpy, np.asarray])
def test_an_array_outlives_its_tensor_and_then_lets_the_memory_go(look):
    array = np.arange(1000, dtype=np.float32)
    alive = weakref.ref(array)
    tensor = avsvt.Tensor(array)
    out = look(tensor)
    del array
    tensor.close()
    gc.collect()
    assert alive() is not None and out.sum() == 499500
    del out
    gc.collect()
    assert alive() is None


def test_a_capsule_that_nobody_takes_frees_its_memory():
    array = np.arange(10, dtype=np.float32)
    alive = weakref.ref(array)
    capsule = avsvt.Tensor(array).__dlpack__()
    del array
    gc.collect()
    assert alive() is not None
    del capsule
    gc.collect()
    assert alive() is None


def test_a_refused_array_stays_with_its_owner():
    array = np.zeros(3, np.complex64)
    alive = weakref.ref(array)
    with pytest.raises(NotImplementedError):
        avsvt.Tensor(array)
    del array
    gc.collect()
    assert alive() is None


def test_odd_memory_is_straightened():
    array = np.arange(12, dtype=np.float32).reshape(3, 4)
    assert np.asarray(avsvt.Tensor(array.T)).tolist() == array.T.tolist()
    array.flags.writeable = False
    assert np.asarray(avsvt.Tensor(array)).tolist() == array.tolist()
    assert np.asarray(avsvt.Tensor(array.astype(">f4"))).tolist() == array.tolist()
    assert avsvt.Tensor([1.0, 2.0]).dtype == np.float32


def test_an_empty_tensor_keeps_its_shape():
    out = avsvt.Tensor(np.zeros((0, 5), np.float32)).numpy()
    assert out.shape == (0, 5) and out.dtype == np.float32


def test_a_closed_tensor_says_so():
    tensor = avsvt.Tensor(np.zeros(3, np.float32))
    tensor.close()
    tensor.close()
    with pytest.raises(ValueError, match="Tensor is closed"):
        tensor.numpy()
