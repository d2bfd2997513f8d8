# SPDX-License-Identifier: MIT
"""Writing TorchScript archives that carry a manifest.

PyTorch's own archive is taken apart and written anew: with the manifest as
its first file, without the debug files (they hold paths of the machine that
made them), and without dates, so that the same network gives the same bytes.
"""
import io
import itertools
import json
import os
import pickle
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import torch

from .._whole import whole
from .types import Told

Entries = dict[str, bytes]  # the files of an archive, by their names

ALIGNMENT = 64  # PyTorch's: lets tensors be used where they lie


def to_yaml(value: Told, indent: int = 0) -> str:
    """A manifest as YAML: mappings that hold mappings, and lists of mappings,
    in lines; everything else in one line, as JSON, which YAML includes."""
    space = " " * indent
    lines = []
    for key, item in value.items():
        if isinstance(item, dict) and any(isinstance(v, dict) for v in item.values()):
            lines.append(f"{space}{key}:\n{to_yaml(item, indent + 2)}")
        elif isinstance(item, list) and item and isinstance(item[0], dict):
            lines.append(f"{space}{key}:\n")
            lines.extend(f"{space}  - {flow(each)}\n" for each in item)
        else:
            lines.append(f"{space}{key}: {flow(item)}\n")
    return "".join(lines)


def flow(value: Any) -> str:
    """One value on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(flow(v) for v in value) + "]"
    if isinstance(value, str) and re.fullmatch("[a-z][a-z0-9/_-]*|MIT", value):
        return value
    return json.dumps(value, ensure_ascii=False)


class _Part:
    """Any object of the archive: we only want its attributes."""

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)


class _Reader(pickle.Unpickler):
    """Reads data.pkl and keeps, instead of tensors, where they lie."""

    def find_class(self, module: str, name: str) -> Any:
        if name == "_rebuild_tensor_v2":
            return lambda storage, offset, size, stride, *rest: (
                "tensor", storage, offset, tuple(size), tuple(stride))
        if name == "OrderedDict":
            return dict
        if module == "torch.jit._pickle":
            return lambda *args: args[0] if args else None
        if module.startswith("torch"):
            return name
        return _Part

    def persistent_load(self, what: tuple[Any, ...]) -> Any:
        return what[2]


def _tensors(part: _Part, prefix: str = "") -> Iterator[tuple[str, tuple[Any, ...]]]:
    for name, value in vars(part).items():
        if isinstance(value, _Part):
            yield from _tensors(value, f"{prefix}{name}.")
        elif isinstance(value, tuple) and value and value[0] == "tensor":
            yield prefix + name, value


def read_entries(data: bytes) -> Entries:
    """All files of a zip archive without the leading folder."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name.split("/", 1)[1]: archive.read(name) for name in archive.namelist()}


def locate_tensors(entries: Entries, network: torch.nn.Module) -> Told:
    """Where each float tensor of the network lies in the archive.

    Read from the archive's own index, then compared byte by byte with the
    network. Counters that only training uses are left out.
    """
    root = _Reader(io.BytesIO(entries["data.pkl"])).load()
    places = dict(_tensors(root))
    found = {}
    for name, tensor in network.state_dict().items():
        if not tensor.is_floating_point():
            continue
        _, key, offset, size, _ = places[name]
        entry = f"data/{key}"
        same = (offset == 0 and size == tuple(tensor.shape)
                and entries[entry] == tensor.contiguous().numpy().tobytes())
        if not same:
            raise ValueError(f"{name} does not lie in {entry} as one plain block")
        found[name] = {"entry": entry, "shape": list(tensor.shape)}
    return found


def _in_order(code: bytes) -> bytes:
    """PyTorch writes the constants of a class in an order that changes from
    run to run; sort each run of them (a file may hold several classes)."""
    sorted_lines: list[str] = []
    for constant, run in itertools.groupby(
            code.decode().splitlines(keepends=True),
            lambda line: bool(re.match(r"  \w+ : Final\[", line))):
        sorted_lines.extend(sorted(run) if constant else run)
    return "".join(sorted_lines).encode()


def _shrinks(data: bytes) -> bool:
    """Whether packing saves more than a third: tables of filters do."""
    return len(zlib.compress(data, 1)) < 0.66 * len(data)


def write_archive(path: str, entries: Entries, manifest: str,
                  check: Callable[[torch.jit.ScriptModule], None],
                  packed: bool = False) -> None:
    """Write the archive beside `path`, give the network that PyTorch reads
    from it to `check`, which raises when it is not as it should be, and only
    then rename it. `packed`: tensors that shrink are compressed; such a file
    can't be used where it lies in memory."""
    stem = os.path.splitext(os.path.basename(path))[0]
    kept = {"extra/avsvt.yaml": manifest.encode()}
    kept.update((name, data) for name, data in entries.items()
                if not name.endswith(".debug_pkl") and name != ".data/serialization_id")
    with whole(path) as beside:
        with zipfile.ZipFile(beside, "w") as archive:
            for name, data in kept.items():
                info = zipfile.ZipInfo(f"{stem}/{name}", (1980, 1, 1, 0, 0, 0))
                assert archive.fp is not None  # it is open
                start = archive.fp.tell() + 30 + len(info.filename) + 4
                padding = -start % ALIGNMENT
                info.extra = b"FB" + padding.to_bytes(2, "little") + b"Z" * padding
                if name.startswith("code/"):
                    data = _in_order(data)
                if name.startswith("code/") or (packed and _shrinks(data)):
                    info.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(info, data)
        check(torch.jit.load(beside, map_location="cpu"))


def save(scripted: torch.jit.ScriptModule) -> Entries:
    """The archive's files as PyTorch would write them."""
    buffer = io.BytesIO()
    torch.jit.save(scripted, buffer)
    return read_entries(buffer.getvalue())
