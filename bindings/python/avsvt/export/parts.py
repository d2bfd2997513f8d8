# SPDX-License-Identifier: MIT
"""What the exporters share: writing a checked model file, the note head, and
the YAML file that joins the parts of a pipeline."""
import os
import warnings
from collections.abc import Iterable
from typing import Optional

import torch

from .._whole import whole
from ..networks.losses import note_frames_loss
from . import archive, spare, weights
from .types import Inputs, Run, State, Told

TOLERANCE = 1e-4
PUBLISHED = {"rule": "published", "onset_threshold": 0.4, "offset_threshold": 0.5, "window": 3}


def difference(one: Run, other: Run, inputs: Inputs) -> float:
    """The largest difference of outputs, relative to the largest value."""
    worst = 0.0
    with torch.inference_mode():
        for arguments in inputs:
            a, b = one(*arguments), other(*arguments)
            if a.shape != b.shape:
                raise ValueError(f"outputs differ in shape: {tuple(a.shape)}, {tuple(b.shape)}")
            scale = max(b.abs().max().item(), 1e-6)
            here = (a - b).abs().max().item() / scale
            worst = here if not here <= worst else worst  # what is no number stays
    return worst


def accept(worst: float, what: str) -> None:
    """Refuses a difference beyond TOLERANCE, or one that is not a number."""
    if not worst <= TOLERANCE:
        raise ValueError(f"{what}: differs from its source network by {worst:.2g} of the "
                         f"largest value, more than {TOLERANCE:g}; nothing is written")


def write_model(path: str, network: torch.nn.Module, manifest: Told, source: Run,
                inputs: Inputs, what: str) -> float:
    """Write a model file once the network read back from it gives what
    `source` gives on every one of `inputs`, within TOLERANCE. `what` names the
    checkpoint in messages."""
    worst = 0.0
    network.eval()

    def check(written: torch.jit.ScriptModule) -> None:
        nonlocal worst
        worst = difference(written, source, inputs)
        accept(worst, what)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TorchScript is deprecated; it is our format
        entries = archive.save(torch.jit.script(network))
        archive.write_archive(path, entries, archive.to_yaml(manifest), check)
    return worst


def noise(*shape: int, seed: int = 7) -> torch.Tensor:
    """Test input that is the same on every machine and in every run."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


class Head(torch.nn.Module):
    """One linear layer: features [batch, T, width] -> logits [batch, T, 20]."""

    def __init__(self, width: int, columns: int = 20):
        super().__init__()
        self.linear = torch.nn.Linear(width, columns)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return self.linear(features)  # type: ignore[no-any-return]

    @torch.jit.export
    def loss(self, features: torch.Tensor, anno: torch.Tensor,
             lens: torch.Tensor) -> torch.Tensor:
        """The published loss; see ``networks/losses.py``."""
        return note_frames_loss(self.linear(features), anno, lens)


def note_head(state: State, path: str, width: int, source: str,
              prefix: str = "w.") -> tuple[torch.Tensor, torch.Tensor]:
    """Weight and bias of AV_SVT's head, which lies in `state` below `prefix`,
    for features of `width` values, which `source` gives."""
    names = [prefix + "weight", prefix + "bias"]
    if set(state) != set(names):
        raise ValueError(f"{path}: not AV_SVT's head: {' and '.join(names)} are needed, it has "
                         + weights.some(state))
    taken = weights.shape(state, names[0], path, 2)[1]
    if taken != width:
        raise ValueError(f"{path}: takes features of {taken} values, but {source} gives {width}")
    linear = torch.nn.Linear(width, 20)
    weights.put(linear, state, path, lambda name: prefix + name)
    return linear.weight.detach(), linear.bias.detach()


def write_note_head(path: str, name: str, weight: torch.Tensor, bias: torch.Tensor,
                    licence: str, what: str) -> None:
    """The note head of AV_SVT as a model file. The frame rate is the
    pipeline's to tell, since it depends on how the features were made."""
    head = Head(weight.shape[1])
    head.load_state_dict({"linear.weight": weight, "linear.bias": bias})
    manifest = {
        "avsvt": 1, "name": name, "role": "head", "task": "notes",
        "input": {"kind": "features", "width": weight.shape[1]},
        "output": {"layout": "notes20"},
        "decode": PUBLISHED,
        "licence": licence,
    }
    inputs = [(noise(1, 50, weight.shape[1]),), (noise(2, 3, weight.shape[1]),)]
    write_model(path, head, manifest,
                lambda x: torch.nn.functional.linear(x, weight, bias), inputs, what)


def write_pipeline(path: str, parts: dict[str, Optional[str]], chunk: Told,
                   decode: Optional[Told] = None) -> None:
    """The YAML file that joins model files; their paths are told relative to
    it. `parts` are in the order of the way: audio, video, fusion, head.
    `decode`: other than as published."""
    folder = os.path.dirname(os.path.abspath(path))
    document: Told = {"avsvt": 1, "task": "notes"}
    document.update((key, os.path.relpath(os.path.abspath(part), folder))
                    for key, part in parts.items() if part)
    document["chunk"] = chunk
    document["decode"] = decode or PUBLISHED
    with whole(path) as beside, open(beside, "w", encoding="utf-8") as file:
        file.write(archive.to_yaml(document))


def outputs(path: str, given: Iterable[str], *kinds: str) -> dict[str, str]:
    """Where the parts of a pipeline go that is written as `path`: beside it,
    named after it. ``x.yaml`` -> ``x.yaml``, ``x-head.pt``, ... None of them may
    be one of the files `given`, of which they are made."""
    stem, ending = os.path.splitext(path)
    if ending not in (".yaml", ".yml", ".pt"):
        raise ValueError(f"{path}: -o names the pipeline, OUT.yaml; its parts are named after it")
    named = {kind: f"{stem}-{kind}.pt" for kind in kinds}
    named["pipeline"] = f"{stem}.yaml" if ending == ".pt" else path
    for each in named.values():
        spare(each, given)
    return named
