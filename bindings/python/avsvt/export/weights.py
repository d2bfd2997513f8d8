# SPDX-License-Identifier: MIT
"""Reading checkpoints that others made: nothing in them is executed.

A checkpoint is a pickle. Ours is read with PyTorch's own safe reader; where
that meets classes it does not know (fairseq's, omegaconf's), a reader of ours
puts empty stand-ins in their place and calls nothing but what rebuilds
tensors and plain containers.
"""
import collections
import io
import os
import pickle
import types
import warnings
from collections.abc import Callable, Iterable
from typing import IO, Any, Optional

import torch

from .types import State

_PLAIN = {
    ("collections", "OrderedDict"): collections.OrderedDict,
    ("collections", "defaultdict"): lambda *ignored: {},
    ("builtins", "set"): set, ("builtins", "frozenset"): frozenset,
    ("builtins", "list"): list, ("builtins", "dict"): dict, ("builtins", "tuple"): tuple,
    ("builtins", "int"): int, ("builtins", "float"): float, ("builtins", "str"): str,
    ("builtins", "bool"): bool, ("builtins", "bytearray"): bytearray,
    ("torch._utils", "_rebuild_tensor"): torch._utils._rebuild_tensor,
    ("torch._utils", "_rebuild_tensor_v2"): torch._utils._rebuild_tensor_v2,
    ("torch._utils", "_rebuild_parameter"): torch._utils._rebuild_parameter,
    ("torch", "Size"): torch.Size, ("torch", "device"): torch.device,
}


class StandIn:
    """Whatever a pickle asks for that is not known: remembers, does nothing."""

    def __init__(self, *arguments: Any, **named: Any):
        self.arguments = arguments

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def __setitem__(self, key: Any, value: Any) -> None:
        pass

    def append(self, value: Any) -> None:
        pass

    def extend(self, values: Any) -> None:
        pass

    def add(self, value: Any) -> None:
        pass


def _stand_in(module: str, name: str) -> type:
    return type(name.rsplit(".", 1)[-1], (StandIn,), {"__module__": module})


class Unpickler(pickle.Unpickler):
    """Knows tensors and plain containers; everything else is a stand-in."""

    def find_class(self, module: str, name: str) -> Any:
        module = {"__builtin__": "builtins"}.get(module, module)
        known = _PLAIN.get((module, name))
        if known is not None:
            return known
        if module == "torch" and (name.endswith("Storage")
                                  or isinstance(getattr(torch, name, None), torch.dtype)):
            return getattr(torch, name)
        if (module, name) == ("torch.storage", "UntypedStorage"):
            return torch.UntypedStorage
        return _stand_in(module, name)


def _load(file: IO[bytes], **options: Any) -> Any:
    return Unpickler(file, **options).load()


_READER = types.ModuleType("avsvt_safe_pickle")
vars(_READER).update(
    Unpickler=Unpickler, load=_load,
    loads=lambda data, **options: _load(io.BytesIO(data), **options))


def _why(error: Exception) -> str:
    """What PyTorch says, without its advice."""
    return str(error).partition("\n")[0].partition(". ")[0]


def is_model(path: str) -> bool:
    """Whether it is a model file: what PyTorch would take for TorchScript, which runs
    code when it is opened. Asked in the way in which torch.load() asks."""
    try:
        return "constants.pkl" in torch._C.PyTorchFileReader(path).get_all_records()
    except RuntimeError:  # no archive
        return False


def _read(path: str) -> Any:
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except OSError:
        raise
    except Exception:  # classes that the safe reader does not know; or damage
        return torch.load(path, map_location="cpu", weights_only=False, pickle_module=_READER)


def read(path: str) -> Any:
    """The checkpoint's content."""
    if not os.path.exists(path):
        raise ValueError(f"{path}: there is no such file")
    if os.path.isdir(path):
        raise ValueError(f"{path}: is a folder, a checkpoint file is needed")
    if is_model(path):
        raise ValueError(f"{path}: is a TorchScript model, which could run code when it is "
                         "opened: a checkpoint of weights is needed")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of old pickles
            return _read(path)
    except OSError:
        raise
    except Exception as error:
        raise ValueError(f"{path}: not a checkpoint that can be read, or cut short: "
                         f"{_why(error)}") from error


def of_model(path: str) -> State:
    """The weights of a model file."""
    if not os.path.exists(path):
        raise ValueError(f"{path}: there is no such file")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # TorchScript is deprecated; it is our format
            state: State = torch.jit.load(path, map_location="cpu").state_dict()
            return state
    except RuntimeError as error:
        raise ValueError(f"{path}: not a model file: {_why(error)}") from error


def mean(states: list[State]) -> State:
    """The mean of networks' weights; what is not a float is the first's."""
    return {name: torch.stack([s[name].double() for s in states]).mean(0).to(first.dtype)
            if first.is_floating_point() else first for name, first in states[0].items()}


def state_of(path: str) -> State:
    """A state dict: names and float tensors. DataParallel's prefix goes."""
    state = read(path)
    if not isinstance(state, dict) or not state or not all(
            isinstance(name, str) and isinstance(value, torch.Tensor)
            for name, value in state.items()):
        raise ValueError(f"{path}: not a state dict: a mapping of names to tensors is needed")
    if all(name.startswith("module.") for name in state):
        state = {name[len("module."):]: value for name, value in state.items()}
    return floats(state)


def floats(state: State) -> State:
    """Half precision of files becomes float32."""
    return {name: value.float() if value.is_floating_point() else value
            for name, value in state.items()}


def in_folder(path: str, names: list[str]) -> str:
    """A checkpoint file, or the first of `names` in a checkpoint's folder."""
    if not os.path.isdir(path):
        return path
    for name in names:
        if os.path.exists(os.path.join(path, name)):
            return os.path.join(path, name)
    raise ValueError(f"{path}: has no {' or '.join(names)}")


def take(state: State, prefix: str) -> State:
    """The entries under a prefix, without it."""
    return {name[len(prefix):]: value for name, value in state.items()
            if name.startswith(prefix)}


def some(names: Iterable[str]) -> str:
    names = sorted(names)
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more


def shape(state: State, name: str, path: str, rank: int) -> torch.Size:
    """The shape of an entry that must be there, with so many sizes."""
    if name not in state:
        raise ValueError(f"{path}: it lacks {name}")
    if state[name].ndim != rank:
        raise ValueError(f"{path}: {name} is {list(state[name].shape)}: {rank} sizes are needed")
    return state[name].shape


def misfit(name: str, value: torch.Tensor, wanted: torch.Tensor) -> str:
    """What is wrong with an entry; empty: nothing."""
    if value.shape != wanted.shape:
        return f"{name} is {list(value.shape)} where {list(wanted.shape)} is needed"
    if wanted.is_floating_point():
        if not value.is_floating_point():
            return f"{name} is {value.dtype} where floats are needed"
        if not value.isfinite().all():
            return f"{name} has values that are not finite"
    return ""


def put(network: torch.nn.Module, state: State, path: str,
        theirs: Callable[[str], str] = str,
        spare: Callable[[str], object] = lambda name: False) -> None:
    """Give the network exactly these weights; name what does not fit as the
    checkpoint names it. `theirs`: our name -> the checkpoint's, by which `state`
    has it; `spare`: whether an entry of the checkpoint may be left out."""
    ours = network.state_dict()
    names = {name: theirs(name) for name in ours}
    lacking = [other for name, other in names.items()
               if other not in state and not name.endswith("num_batches_tracked")]
    unknown = [name for name in set(state) - set(names.values()) if not spare(name)]
    found = {name: other for name, other in names.items() if other in state}
    odd = [misfit(other, state[other], ours[name]) for name, other in found.items()]
    wrong = [f"it lacks {some(lacking)}"] if lacking else []
    wrong += [f"it has {some(unknown)}, which the network does not know"] if unknown else []
    wrong += [each for each in odd if each][:3]
    if wrong:
        raise ValueError(f"{path}: its weights are not those of the network: "
                         + "; ".join(wrong))
    network.load_state_dict({name: state[other] for name, other in found.items()}, strict=False)


def plain(value: Any, known: Optional[dict[int, Any]] = None) -> Any:
    """Containers of omegaconf and argparse, which are read as stand-ins, as
    plain ones; None for one that lies in itself."""
    known = {} if known is None else known  # by identity: shared ones are made once
    if not isinstance(value, (StandIn, dict)):
        return value
    if id(value) not in known:
        known[id(value)] = None
        known[id(value)] = _plain(value, known)
    return known[id(value)]


def _plain(value: Any, known: dict[int, Any]) -> Any:
    if isinstance(value, dict):
        return {key: plain(each, known) for key, each in value.items()}
    inside = getattr(value, "state", None)
    if not isinstance(inside, dict):
        return None
    for key in ("_content", "_val"):
        if key in inside:
            return plain(inside[key], known)
    return plain(inside, known)
