# SPDX-License-Identifier: MIT
"""Export of the live note network, which streams run."""
import os
import warnings
from argparse import ArgumentParser, Namespace

import torch

from .. import networks
from . import archive, notes_default, provenance, weights
from .types import State, Told

SUMMARY = ("the live note network, from a model file: notes-default's to start from, or trained "
           "(the mean of several)")


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--name", default="notes-live", help="the model's name")
    parser.add_argument("--lookahead", type=int, default=3, metavar="FRAMES",
                        help="of 20 ms each, of a network made from one that must know "
                             "the whole sound; default: 3")
    parser.add_argument("--plain", action="store_true",
                        help="leave tables uncompressed, as training needs them (a network "
                             "made from one that must know the whole sound is left so)")
    provenance.add_arguments(parser)


def _folded(weight: torch.Tensor, after: int) -> torch.Tensor:
    """A convolution's weights over time (the third axis) as they are when
    nothing comes after the present: what was `after` it counts for it."""
    made = torch.zeros_like(weight)
    taps = weight.shape[2]
    made[:, :, after:] = weight[:, :, :taps - after]
    made[:, :, -1] += weight[:, :, taps - after:].sum(2)
    return made


def start(state: State, sizes: Told, lookahead: int) -> networks.NoteNetwork:
    """A live network to be trained, from the weights of one that looks both ways.

    Its timing layers stay as they are (their answers come three rows later,
    which the look-ahead makes up for); the pitch and joint layers look at the
    present where they looked ahead; of the recurrent layers the half that goes
    forward is kept.
    """
    network = networks.NoteNetwork(**sizes, lookahead=lookahead).eval()
    hidden, made = sizes["hidden"], {}
    for name in network.state_dict():
        weight = state[name].clone()
        if name.endswith("depth.weight"):
            weight = _folded(weight, 2)
        elif name in ("pitch.posterior.conv.weight", "pitch.summary.conv.weight",
                      "joint.conv.weight"):
            weight = _folded(weight, 1)
        elif name == "heads.weight":
            weight = weight[:, :hidden] * 1.5
        elif name.startswith("gru.weight_ih_l") and name != "gru.weight_ih_l0":
            weight = weight[:, :hidden]
        made[name] = weight
    network.load_state_dict(made)
    return network


def load_live(paths: list[str], states: list[State]) -> tuple[networks.NoteNetwork, Told]:
    """The mean of live networks, and their sizes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sizes = [{**notes_default.sizes_of(state, path),
                  "lookahead": int(torch.jit.load(path).front.lookahead)}
                 for path, state in zip(paths, states, strict=True)]
    for path, other in zip(paths, sizes, strict=True):
        if other != sizes[0]:
            raise ValueError(f"{path}: its sizes are not those of {paths[0]}")
    network = networks.NoteNetwork(**sizes[0]).eval()
    weights.put(network, weights.mean(states), paths[0])
    return network, sizes[0]


def load(paths: list[str], lookahead: int) -> tuple[networks.NoteNetwork, Told, bool]:
    """Model files' network, made live if it is not, its sizes, and whether it
    was live."""
    with torch.jit.optimized_execution(False):  # type: ignore[attr-defined]
        states = [weights.of_model(path) for path in paths]
    both_ways = [path for path, state in zip(paths, states, strict=True)
                 if "gru.weight_hh_l0_reverse" in state]
    if not both_ways:
        return *load_live(paths, states), True
    if len(paths) > 1:
        raise ValueError(f"{both_ways[0]}: it must know the whole sound; a mean is made of "
                         "live networks")
    if not 1 <= lookahead <= 50:
        raise ValueError(f"a look-ahead of {lookahead} frames is not from 1 to 50")
    sizes = notes_default.sizes_of(states[0], paths[0])
    weights.put(networks.NoteNetwork(**sizes), states[0], paths[0])
    return start(states[0], sizes, lookahead), {**sizes, "lookahead": lookahead}, False


def manifest(name: str, sizes: Told, tensors: Told, told: Told) -> Told:
    """As the default model's, with what a stream needs to know."""
    made = notes_default.manifest(name, sizes, tensors, told)
    made["chunk"] = {"length_s": 120, "context_s": 20}
    made["decode"] = {"rule": "precise", "onset_threshold": 0.6, "offset_threshold": 0.5,
                      "window": 4, "min_duration_s": 0.08}
    made["live"] = {"onset_threshold": 0.6, "offset_threshold": 0.5,
                    "min_duration_s": 0.05}
    made["native"]["family"] = "harmonic-gru-live-1"
    return made


def export(options: Namespace) -> str:
    network, sizes, live = load(options.checkpoints, options.lookahead)
    worst = 0.0

    def check(written: torch.jit.ScriptModule) -> None:
        nonlocal worst
        worst = notes_default.largest_difference(written, network)
        if not worst <= notes_default.TOLERANCE:
            raise ValueError(f"{options.checkpoints[0]}: the written network differs by "
                             f"{worst:.2g}; nothing is written")

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TorchScript is deprecated; it is our format
        entries = archive.save(torch.jit.script(network))
        tensors = archive.locate_tensors(entries, network)
        text = archive.to_yaml(manifest(options.name, sizes, tensors,
                                        provenance.told(options)))
        archive.write_archive(options.output, entries, text, check,
                              packed=live and not options.plain)
    return (f"{options.output}: {os.path.getsize(options.output)} bytes, {len(tensors)} "
            f"tensors, differs from its source by at most {worst:.2g}")
