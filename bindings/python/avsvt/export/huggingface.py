# SPDX-License-Identifier: MIT
"""Export of speech encoders from folders, or hub names, of Hugging Face."""
import json
import os
import re
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from typing import Optional

import torch

from . import encoder, weights
from .types import State, Told

DTYPES = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16,
          "BF16": torch.bfloat16, "I64": torch.int64, "I32": torch.int32, "I16": torch.int16,
          "I8": torch.int8, "U8": torch.uint8, "BOOL": torch.bool}
FILES = ["config.json", "preprocessor_config.json", "README.md", "*.safetensors",
         "*.safetensors.index.json", "pytorch_model*.bin", "pytorch_model.bin.index.json"]
INPUT_EPSILON = 1e-7  # what transformers' feature extractor adds to the variance


def read_safetensors(path: str) -> State:
    """The tensors of a .safetensors file."""
    with open(path, "rb") as file:
        data = bytearray(file.read())
    try:
        size = int.from_bytes(data[:8], "little")
        header = json.loads(data[8:8 + size])
        state = {}
        for name, entry in header.items():
            if name == "__metadata__":
                continue
            first, last = entry["data_offsets"]
            dtype = DTYPES.get(entry["dtype"])
            if dtype is None:
                raise ValueError(f"{name} is of type {entry['dtype']}, which is not known")
            count = (last - first) // torch.empty(0, dtype=dtype).element_size()
            flat = torch.frombuffer(data, dtype=dtype, count=count, offset=8 + size + first) \
                if count else torch.empty(0, dtype=dtype)
            state[name] = flat.reshape(entry["shape"])
        return state
    except (ValueError, KeyError, TypeError, AttributeError, RuntimeError) as error:
        raise ValueError(f"{path}: not a safetensors file that can be read: {error}") from error


def read_json(path: str) -> Told:
    try:
        with open(path, encoding="utf-8") as file:
            value = json.load(file)
    except ValueError as error:
        raise ValueError(f"{path}: not JSON: {error}") from error
    if not isinstance(value, dict):
        raise ValueError(f"{path}: a JSON object is needed")
    return value


def config_of(folder: str) -> Told:
    path = os.path.join(folder, "config.json")
    if not os.path.isfile(path):
        raise ValueError(f"{folder}: has no config.json")
    return read_json(path)


def sound_of(folder: str) -> Told:
    """What is done to the sound; nothing where the folder does not tell."""
    path = os.path.join(folder, "preprocessor_config.json")
    return read_json(path) if os.path.exists(path) else {}


def resolve(name: str, local_files_only: bool) -> str:
    """The folder itself, or the one that a hub name stands for."""
    if os.path.isdir(name):
        return name
    if os.path.exists(name) or name.startswith((".", "/")) or name.count("/") > 1:
        raise ValueError(f"{name}: a folder with config.json is needed, or a hub name")
    try:
        import huggingface_hub
    except ImportError as error:
        raise ValueError(f"{name}: no such folder, and to fetch it by its hub name "
                         "huggingface_hub is needed: pip install huggingface_hub") from error
    try:
        return huggingface_hub.snapshot_download(name, allow_patterns=FILES,
                                                 local_files_only=local_files_only)
    except Exception as error:  # its own kinds, requests', ...
        where = "the local cache" if local_files_only else "the hub"
        raise ValueError(f"{name}: no such folder, and {where} does not give it: "
                         f"{str(error).strip().splitlines()[0]}") from error


def of_shards(index: str, reader: Callable[[str], State]) -> State:
    """The weights of the files beside an index that it names."""
    named = read_json(index).get("weight_map")
    if not isinstance(named, dict) or not all(isinstance(each, str) for each in named.values()):
        raise ValueError(f"{index}: its weight_map does not name files")
    state = {}
    for name in sorted({os.path.basename(each) for each in named.values()}):
        path = os.path.join(os.path.dirname(index), name)
        if not os.path.isfile(path):
            raise ValueError(f"{index}: names {name}, which is not beside it")
        state.update(reader(path))
    return state


def state_of(folder: str) -> State:
    """All weights of a folder, whatever files they lie in."""
    def path(name: str) -> str:
        return os.path.join(folder, name)

    for single, reader in (("model.safetensors", read_safetensors),
                           ("pytorch_model.bin", weights.state_of)):
        if os.path.exists(path(single)):
            return weights.floats(reader(path(single)))
        index = path(single + ".index.json")
        if os.path.exists(index):
            return weights.floats(of_shards(index, reader))
    raise ValueError(f"{folder}: has no model.safetensors and no pytorch_model.bin")


def licence_of(folder: str) -> Optional[str]:
    """The licence that a model card's heading names."""
    try:
        with open(os.path.join(folder, "README.md"), encoding="utf-8") as file:
            heading = file.read(4096)
    except OSError:
        return None
    found = re.search(r"^license:\s*([\w.+-]+)\s*$", heading, re.MULTILINE)
    return found[1] if found else None


def layer_weights(text: Optional[str]) -> Optional[list[float]]:
    if text is None:
        return None
    try:
        return [float(each) for each in text.split(",")]
    except ValueError as error:
        raise ValueError(f"--layer-weights {text}: numbers with commas between are "
                         "needed") from error


class Kind:
    """One of the four families."""

    def __init__(self, family: str, what: str):
        self.family = family
        self.SUMMARY = f"{what} (a Hugging Face folder or hub name)"

    @staticmethod
    def add_arguments(parser: ArgumentParser) -> None:
        encoder.add_arguments(parser)
        encoder.add_layer_arguments(parser)
        parser.add_argument("--local-files-only", action="store_true",
                            help="a hub name is looked up in the local cache only")

    def export(self, options: Namespace) -> str:
        if len(options.checkpoints) != 1:
            raise ValueError(f"{self.family}: one folder or hub name is needed")
        what = options.checkpoints[0]
        folder = resolve(what, options.local_files_only)
        config = config_of(folder)
        family = config.get("model_type", self.family)
        if family != self.family:
            raise ValueError(f"{what}: is a {family} model, not {self.family}")
        sound = sound_of(folder)
        # Without that file transformers' own extractor normalises.
        normalised = sound.get("do_normalize", True)
        rate = sound.get("sampling_rate", 16000)
        if type(rate) is not int or not 1000 <= rate <= 384000:
            raise ValueError(f"{what}: sampling_rate is {rate}: 1000 to 384000 is needed")
        made = encoder.Encoder(
            self.family, config, state_of(folder), what,
            input_epsilon=INPUT_EPSILON if normalised else 0.0,
            output_norm=options.output_norm, layer=options.layer,
            mix=layer_weights(options.layer_weights))
        return made.write(options.output, options, licence_of(folder), folder, rate)


wav2vec2 = Kind("wav2vec2", "wav2vec 2.0")
hubert = Kind("hubert", "HuBERT")
wavlm = Kind("wavlm", "WavLM")
data2vec = Kind("data2vec-audio", "data2vec-audio")
