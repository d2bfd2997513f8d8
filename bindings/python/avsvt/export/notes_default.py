# SPDX-License-Identifier: MIT
"""Export of the note network: the compiled-in model's kind."""
import importlib.util
import os
import re
import warnings
from argparse import ArgumentParser, Namespace
from collections.abc import Callable

import torch

from .. import networks
from ..networks.frontend import FINE_BINS, FINE_LOWEST, FINE_STEP, HOP, SAMPLE_RATE
from . import archive, provenance, weights
from .types import State, Told

SUMMARY = ("the small note network of the compiled-in model, from weights_*.pt or trained "
           "model files (the mean of several); of none with --new, to train from nothing")
CHECKPOINTS = "*"
TOLERANCE = 1e-4

# Chosen on recordings of several kinds; lib/models/notes-default.md tells which.
DECODE = {"rule": "precise", "onset_threshold": 0.6, "offset_threshold": 0.5, "window": 4,
          "min_duration_s": 0.04, "offset_delay_s": 0.02, "sung_share": 0.3, "fill_s": 0.14,
          "hold_s": 0.2}

# Quieter sound is made as loud: the loudest 0.4 s of most songs of the training lie at -21 to
# -12 dB below full scale, and where they are much lower notes end early, and speech and
# music become notes (lib/models/notes-default.md).
RAISE_TO_DB = -22

Outputs = Callable[..., tuple[torch.Tensor, ...]]  # a note network

# How names in the checkpoints become names of ours.
RENAMED = [
    (r"^pc\.0\.", "pitch.fold."), (r"^pc\.1\.", "pitch.near."), (r"^pc\.2\.", "pitch.wide."),
    (r"^fine\.", "pitch.fine."), (r"^semi\.", "pitch.semitone."),
    (r"^pp\.", "pitch.posterior."), (r"^pq\.", "pitch.summary."),
    (r"^mc\.0\.", "timing_near."), (r"^mc\.1\.", "timing_wide."),
    (r"^mix\.", "joint."), (r"^rnn\.", "gru."), (r"^head\.", "heads."),
    (r"\.c\.", ".conv."), (r"\.b\.", ".norm."), (r"\.d\.", ".depth."), (r"\.w\.", ".point."),
    (r"^front\.w1$", "front.pitch_window"), (r"^front\.w2$", "front.timing_window"),
    (r"^front\.fb$", "front.pitch_filters"), (r"^front\.mel$", "front.mel_filters"),
    (r"^front\.C$", "front.lag_cosines"),
]


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--source", metavar="NETWORK.py",
                        help="the source network's definition, to compare with; "
                             "default: network.py beside the checkpoint")
    parser.add_argument("--name", default="notes-default", help="the model's name")
    parser.add_argument("--new", type=int, metavar="SEED",
                        help="with no CHECKPOINT: weights drawn by chance")
    provenance.add_arguments(parser)


def sizes_of(state: State, path: str) -> Told:
    """A note network's sizes, from the shapes of its weights."""
    layers = sum(name.startswith("gru.weight_hh") and "reverse" not in name
                 for name in state)
    try:
        return {"channels": state["pitch.fold.conv.weight"].shape[0],
                "width": state["joint.conv.weight"].shape[0],
                "hidden": state["gru.weight_hh_l0"].shape[1], "layers": layers}
    except KeyError as missing:
        raise ValueError(f"{path}: not a note network: it has no {missing}") from None


def load_models(paths: list[str]) -> tuple[networks.NoteNetwork, Told]:
    """The mean of model files' networks, and their sizes."""
    states = []
    for path in paths:
        if not weights.is_model(path):
            raise ValueError(f"{path}: not a model file; only of those a mean is made")
        states.append(weights.of_model(path))
        if "gru.weight_hh_l0_reverse" not in states[-1]:
            sizes_of(states[-1], path)
            raise ValueError(f"{path}: a live note network; notes-live exports it")
        if sizes_of(states[-1], path) != sizes_of(states[0], paths[0]):
            raise ValueError(f"{path}: its sizes are not those of {paths[0]}")
    sizes = sizes_of(states[0], paths[0])
    network = networks.NoteNetwork(**sizes).eval()
    weights.put(network, weights.mean(states), paths[0])
    return network, sizes


def load(path: str) -> tuple[networks.NoteNetwork, Told, Told]:
    """A checkpoint as our network. Returns it, its sizes and the checkpoint."""
    checkpoint = weights.read(path)
    settings = checkpoint.get("a") if isinstance(checkpoint, dict) else None
    if not isinstance(settings, dict) or settings.get("fe") != "full" \
            or settings.get("back") != "gru":
        raise ValueError(f"{path}: not a checkpoint of the harmonic GRU network")
    sizes = {"channels": settings["ch"], "width": settings["C"], "hidden": settings["H"],
             "layers": settings["layers"]}
    state = {}
    for name, tensor in checkpoint["sd"].items():
        if name == "bias":  # never trained: added to nothing
            if tensor.any():
                raise ValueError(f"{path}: the output bias is not zero")
            continue
        for pattern, ours in RENAMED:
            name = re.sub(pattern, ours, name)
        state[name] = tensor
    network = networks.NoteNetwork(**sizes).eval()
    weights.put(network, state, path)
    return network, sizes, checkpoint


def source_network(path: str, checkpoint: Told) -> torch.nn.Module:
    """The network as its authors defined it, with the same weights."""
    spec = importlib.util.spec_from_file_location("avsvt_export_source", path)
    if spec is None or spec.loader is None or not os.path.exists(path):
        raise ValueError(f"{path}: the source network is needed for the comparison; "
                         "name it with --source")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    a = checkpoint["a"]
    source: torch.nn.Module = module.Net(a["fe"], a["ch"], a["C"], a["H"], a["layers"], a["back"])
    source.load_state_dict(checkpoint["sd"])
    return source.eval()


def test_sounds() -> list[torch.Tensor]:
    """Silence, a glide with vibrato and harmonics, noise; odd lengths too."""
    generator = torch.Generator().manual_seed(7)
    time = torch.arange(6 * SAMPLE_RATE) / SAMPLE_RATE
    phase = torch.cumsum(220 * 2 ** (time / 4 + 0.03 * torch.sin(35 * time)), 0) / SAMPLE_RATE
    glide = sum(torch.sin(6.283185307 * phase * k) / k for k in range(1, 9)) * 0.2
    glide = glide * (torch.sin(5 * time) > -0.5)
    noise = torch.randn(1, 3 * SAMPLE_RATE, generator=generator) * 0.1
    return [glide[None], noise, glide[None, :12345] + noise[:, :12345],
            torch.zeros(1, 320), torch.zeros(2, 1)]


def largest_difference(one: Outputs, other: Outputs) -> float:
    worst = 0.0
    with torch.inference_mode():
        for sound in test_sounds():
            for a, b in zip(one(sound), other(sound), strict=True):
                if a.shape != b.shape:
                    raise ValueError(f"outputs differ in shape: {a.shape}, {b.shape}")
                worst = max(worst, (a - b).abs().max().item())
    return worst


def manifest(name: str, sizes: Told, tensors: Told, told: Told) -> Told:
    return {
        "avsvt": 1, "name": name, "role": "pipeline", "task": "notes",
        "input": {"kind": "audio", "sample_rate": SAMPLE_RATE, "hop": HOP,
                  "raise_to_db": RAISE_TO_DB},
        "output": {"layout": "notes20", "frame_rate": 50,
                   "fine": {"bins": FINE_BINS, "lowest": FINE_LOWEST, "step": FINE_STEP}},
        "chunk": {"length_s": 120, "context_s": 40},
        "decode": DECODE,
        **told,
        "native": {"family": "harmonic-gru-1", "config": sizes, "tensors": tensors},
    }


def read(options: Namespace) -> tuple[networks.NoteNetwork, Told, torch.nn.Module]:
    """The network, its sizes, and what its answers are compared with."""
    if options.new is not None and not options.checkpoints:
        torch.manual_seed(options.new)
        sizes = {"channels": 16, "width": 96, "hidden": 80, "layers": 2}
        network = networks.NoteNetwork(**sizes).eval()
        return network, sizes, network
    if options.new is not None or not options.checkpoints:
        raise ValueError("either checkpoints are needed, or --new and none")
    path = options.checkpoints[0]
    if len(options.checkpoints) > 1 or weights.is_model(path):
        network, sizes = load_models(options.checkpoints)
        return network, sizes, network
    network, sizes, checkpoint = load(path)
    beside = os.path.join(os.path.dirname(path), "network.py")
    return network, sizes, source_network(options.source or beside, checkpoint)


def export(options: Namespace) -> str:
    network, sizes, source = read(options)
    path = (options.checkpoints or [options.output])[0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TorchScript is deprecated; it is our format
        scripted = torch.jit.script(network)
    worst = 0.0

    def check(written: torch.jit.ScriptModule) -> None:
        nonlocal worst
        worst = largest_difference(written, source)
        if not worst <= TOLERANCE:
            raise ValueError(f"{path}: differs from its source network by {worst:.2g}, "
                             f"more than {TOLERANCE:g}; nothing is written")

    entries = archive.save(scripted)
    tensors = archive.locate_tensors(entries, network)
    text = archive.to_yaml(manifest(options.name, sizes, tensors, provenance.told(options)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.write_archive(options.output, entries, text, check)
    return (f"{options.output}: {os.path.getsize(options.output)} bytes, {len(tensors)} "
            f"tensors, differs from the source network by at most {worst:.2g}")
