# SPDX-License-Identifier: MIT
"""What `avsvt train` made of a file of svt-audio-whole, taken apart again: the
encoder, which can then have weights of 8 bits, and the head. (Of svt-video-whole:
see ``svt_video.py``.)

The file is one network that holds its weights and its sizes; nothing else is
needed to write its parts, and it is itself what they are compared with.
"""
import json
import os
import re
from typing import Optional

import torch

from ..networks import SpeechEncoder
from . import encoder, weights
from .types import Run, State, Told

MANIFEST = "avsvt.yaml"


def read(path: str, kind: str, known: str) -> tuple[torch.jit.ScriptModule, str]:
    """The network and its manifest, of what `kind` has exported; `known` is an entry
    that its encoders alone have."""
    if not os.path.exists(path):
        raise ValueError(f"{path}: there is no such file")
    told = {MANIFEST: ""}
    try:
        network = torch.jit.load(path, map_location="cpu", _extra_files=told).eval()
    except RuntimeError as error:
        raise ValueError(f"{path}: one file must be what `avsvt train` made of {kind}; "
                         "a checkpoint of AV_SVT is a CKPT folder, or its encoder's file and "
                         "its head's") from error
    state = network.state_dict()
    if "head.weight" not in state or known not in state or not hasattr(network, "alone"):
        raise ValueError(f"{path}: not an encoder and its head in one network, as "
                         f"{kind} writes them and `avsvt train` trains them")
    text = told[MANIFEST]
    return network, text.decode() if isinstance(text, bytes) else text


def licence_of(told: str) -> Optional[str]:
    """The one that a manifest names."""
    found = re.search(r"^licence: (.+)$", told, re.MULTILINE)
    return found and (json.loads(found[1]) if found[1].startswith('"') else found[1])


def detached(network: torch.nn.Module) -> State:
    return {name: value.detach() for name, value in network.state_dict().items()}


def sizes(whole: torch.jit.ScriptModule) -> Told:
    """The options of our network for the encoder in this one."""
    of, state = whole.encoder, encoder.fold(whole.encoder.state_dict())
    front, layers, positions = (list(each.children()) for each in
                                (of.front, of.layers, of.positions))
    convolutions = [state[f"front.{i}.conv.weight"].shape for i in range(len(front))]
    width = state["projection.weight"].shape[0]
    return {
        "width": width, "layers": len(layers), "heads": layers[0].attention.heads,
        "inner": state["layers.0.inner.weight"].shape[0],
        "channels": [shape[0] for shape in convolutions],
        "kernels": [shape[2] for shape in convolutions],
        "strides": [stage.stride for stage in front],
        "conv_bias": "front.0.conv.bias" in state,
        "front_norm": "time" if "front.0.over_time.weight" in state else "channels",
        "projection_norm": "projection_norm.weight" in state,
        "norm_first": of.norm_first, "final_norm": "norm.weight" in state,
        "position_kernel": state["positions.0.conv.weight"].shape[2],
        "position_groups": positions[0].groups,
        "position_layers": len(positions) if positions[0].norm else 0,
        "buckets": state["distances.values.weight"].shape[0] if of.distances else 0,
        "farthest": of.distances.farthest if of.distances else 800,
        "epsilon": layers[0].attention_norm.eps,
        "input_epsilon": 1e-5 if whole.input_norm else 0.0, "output_norm": whole.output_norm,
    }


class Trained(encoder.Encoder):
    """The encoder in a trained network."""

    def __init__(self, path: str):
        self.what, self.mix = path, None
        self.whole, self.told = read(path, "svt-audio-whole", "encoder.projection.weight")
        self.options = sizes(self.whole)
        self.layer = self.options["layers"]
        family = re.search(r"^encoder: .*\bfamily: ([\w-]+)", self.told, re.MULTILINE)
        self.family = family[1] if family else "unknown"

    def head(self) -> tuple[torch.Tensor, torch.Tensor]:
        state = self.whole.state_dict()
        return state["head.weight"], state["head.bias"]

    def licence(self) -> Optional[str]:
        return licence_of(self.told)

    def network(self) -> SpeechEncoder:
        network = SpeechEncoder(**self.options)
        weights.put(network, encoder.fold(detached(self.whole.encoder)), self.what)
        return network.eval()

    def source(self, folder: Optional[str] = None) -> tuple[Run, str]:
        def features(sounds: torch.Tensor,
                     lengths: Optional[torch.Tensor] = None) -> torch.Tensor:
            made: torch.Tensor = self.whole.alone(sounds, lengths)
            return made
        return features, os.path.basename(self.what)
