# SPDX-License-Identifier: MIT
"""Export of the demonstration that hears and sees (recipes/sight)."""
import os
from argparse import ArgumentParser, Namespace
from typing import Any

import torch

from ..networks import sight
from ..networks.frontend import HOP, SAMPLE_RATE
from . import parts, provenance, weights
from .types import Inputs, State, Told

OUTPUT = "OUT"
SUMMARY = ("the small audio-visual demonstration: of a note network OUT.pt to train, of a trained "
           "one the pipeline OUT.yaml and its parts")
SIDE, PICTURES_HZ = 88, 50
MEAN, DEVIATION = 0.421, 0.165  # of grey values 0..1, as AV-HuBERT has them
HEARS = {"sample_rate": SAMPLE_RATE, "hop": HOP}
SEES = {"width": SIDE, "height": SIDE, "frame_rate": PICTURES_HZ, "mean": MEAN,
        "deviation": DEVIATION}
DECODE = {"rule": "precise", "onset_threshold": 0.6, "offset_threshold": 0.5, "window": 4,
          "min_duration_s": 0.08}
WIDEST = 65536  # of any layer


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--name", default="", help="the model's name; default: OUT's")
    parser.add_argument("--seen", type=int, default=48, help="width of what is seen, when new")
    parser.add_argument("--hidden", type=int, default=48, help="of the layers over time, when new")
    parser.add_argument("--seed", type=int, default=1, help="of the weights, when new")
    parser.add_argument("--whole-ear", action="store_true",
                        help="when new, hear with all layers of the note network but its last, "
                             "not only with those before the recurrent ones")
    provenance.add_arguments(parser)


def state_of(path: str) -> State:
    with torch.jit.optimized_execution(False):  # type: ignore[attr-defined]
        return weights.of_model(path)


def new_ear(state: State, prefix: str, whole: bool) -> sight.Hearing:
    """As large as the one with these weights."""
    channels = state[prefix + "pitch.fold.conv.weight"].shape[0]
    width = state[prefix + "joint.conv.weight"].shape[0]
    if not whole:
        return sight.Hearing(channels, width)
    depth = sum(name.startswith(prefix + "gru.weight_hh") for name in state) // 2
    return sight.HearingAll(channels, width, state[prefix + "gru.weight_hh_l0"].shape[1], depth)


def trained(state: State) -> sight.SightNetwork:
    ear = new_ear(state, "audio.", "audio.gru.weight_hh_l0" in state)
    network = sight.SightNetwork(ear, state["video.flat.weight"].shape[0],
                                 state["fusion.first.conv.weight"].shape[0])
    network.load_state_dict(state)
    return network.eval()


def untrained(state: State, options: Namespace) -> sight.SightNetwork:
    """What hears is the note network's; the rest is drawn."""
    if not 1 <= options.seen <= WIDEST or not 1 <= options.hidden <= WIDEST:
        raise ValueError(f"--seen and --hidden must be 1 to {WIDEST}")
    torch.manual_seed(options.seed)
    ear = new_ear(state, "", options.whole_ear)
    left = ("heads.",) if options.whole_ear else ("gru.", "heads.")
    ear.load_state_dict({name: value for name, value in state.items()
                         if not name.startswith(left)})
    return sight.SightNetwork(ear, options.seen, options.hidden).eval()


def describe(name: str, role: str, told: Told, output: Told, **more: Any) -> Told:
    return {"avsvt": 1, "name": name, "role": role, **more, "input": told, "output": output}


def start(options: Namespace, name: str, network: sight.SightNetwork) -> str:
    told = describe(name, "extractor", {"kind": "audio-video", **HEARS, **SEES},
                    {"width": 20, "frame_rate": PICTURES_HZ})
    inputs = [(parts.noise(1, n), parts.noise(1, m, SIDE, SIDE)) for n, m in
              ((16000, 50), (320, 1), (9999, 20))]
    told.update(provenance.told(options))
    worst = parts.write_model(options.output, network, told, network, inputs, name)
    count = sum(p.numel() for name, p in network.named_parameters() if "audio." not in name)
    return f"{options.output}: {count} parameters to train; read back it differs by {worst:.2g}"


def export(options: Namespace) -> str:
    if len(options.checkpoints) != 1:
        raise ValueError("sight is made of one model file")
    path = options.checkpoints[0]
    name = options.name or os.path.splitext(os.path.basename(options.output))[0]
    state = state_of(path)
    if "joint.conv.weight" in state and "gru.weight_hh_l0_reverse" in state:
        return start(options, name, untrained(state, options))
    if "audio.joint.conv.weight" not in state or "fusion.first.conv.weight" not in state:
        raise ValueError(f"{path}: neither a note network to start from nor the trained "
                         "audio-visual demonstration")
    network = trained(state)
    to = parts.outputs(options.output, [path], "audio", "video", "fusion", "head")
    heard, seen = network.audio.features, network.video.flat.out_features
    # Recurrent layers remember for some twenty seconds.
    chunk = {"length_s": 30, "context_s": 20 if hasattr(network.audio, "gru") else 5}
    # Frame i is centred on sample 320 i.
    made: dict[str, tuple[torch.nn.Module, Told, Inputs]] = {
        "audio": (network.audio, describe(
            f"{name}-audio", "extractor", {"kind": "audio", **HEARS},
            {"layout": "features", "width": heard, "frame_rate": PICTURES_HZ, "start_s": 0.0},
            chunk=chunk), [(parts.noise(1, n),) for n in (16000, 320, 9999)]),
        "video": (network.video, describe(
            f"{name}-video", "extractor", {"kind": "video", **SEES},
            {"layout": "features", "width": seen, "frame_rate": PICTURES_HZ}, chunk=chunk),
            [(parts.noise(1, n, SIDE, SIDE),) for n in (1, 50)]),
        "fusion": (network.fusion, describe(
            f"{name}-fusion", "fusion",
            {"kind": "features", "audio_width": heard, "video_width": seen},
            {"width": network.head.in_features}),
            [(parts.noise(1, n, heard), parts.noise(1, m, seen)) for n, m in
             ((1, 1), (51, 50), (40, 44))]),
        "head": (network.head, describe(
            f"{name}-head", "head",
            {"kind": "features", "width": network.head.in_features}, {"layout": "notes20"},
            task="notes", decode=DECODE), [(parts.noise(1, 50, network.head.in_features),)]),
    }
    worst, data = 0.0, provenance.told(options)
    for kind, (part, told, inputs) in made.items():
        told.update(data)
        worst = max(worst, parts.write_model(to[kind], part, told, part, inputs, path))
    parts.write_pipeline(to["pipeline"], {kind: to[kind] for kind in made}, {"mode": "overlap"},
                         DECODE)
    return (f"{', '.join(to[kind] for kind in ('pipeline', *made))}: differ from {path} by at "
            f"most {worst:.2g}")
