# SPDX-License-Identifier: MIT
"""Export of AV_SVT's video-only system: encoder, head and the pipeline file."""
import os
from argparse import ArgumentParser, Namespace

import torch

from ..networks import avhubert as networks
from . import avhubert, encoder, parts, svt_trained, weights
from .types import State, Told

OUTPUT = "OUT.yaml"
SUMMARY = ("AV_SVT's video system: encoder, head and pipeline file (a CKPT folder, or its "
           "encoder.ckpt and head.ckpt; or what `avsvt train` made of svt-video-whole)")
ENCODERS = ["encoder.ckpt", "avhubert.pt"]
HEADS = ["head.ckpt", "video_cls.pt"]
FRAME_RATE = 50.0


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--no-output-norm", action="store_true",
                        help="the features were not normalised in training")
    parser.add_argument("--post-norm", action="store_true",
                        help="layers that normalise after their parts (the checkpoint does not "
                             "tell; every published encoder normalises first)")
    avhubert.add_common(parser)


def sort_checkpoints(given: list[str], kind: str = "svt-video") -> tuple[str, str]:
    """The files of the encoder and the head."""
    if len(given) == 1 and os.path.isdir(given[0]):
        return weights.in_folder(given[0], ENCODERS), weights.in_folder(given[0], HEADS)
    if len(given) != 2 or any(os.path.isdir(each) for each in given):
        raise ValueError(f"{kind} is made of a CKPT folder, or of its encoder's file and its "
                         "head's (encoder.ckpt head.ckpt)")
    return given[0], given[1]


def of_checkpoint(given: list[str], options: Namespace) -> tuple[
        State, Told, tuple[torch.Tensor, torch.Tensor]]:
    """The encoder's weights and configuration, and the head's weight and bias."""
    path, head = sort_checkpoints(given)
    state, _ = avhubert.load(path)
    config = avhubert.configuration(state, {"layer_norm_first": not options.post_norm},
                                    options.heads, path)
    config.update(upto=0, whole_norm=not options.no_output_norm)
    return state, config, parts.note_head(weights.state_of(head), head, config["width"], path)


def sizes(whole: torch.jit.ScriptModule) -> Told:
    """The options of our network for the encoder in a trained one."""
    body = whole.encoder.body
    layers, state = list(body.layers.children()), encoder.fold(body.state_dict())
    return {"width": body.width, "layers": len(layers), "heads": layers[0].attention.heads,
            "inner": state["layers.0.inner.weight"].shape[0], "norm_first": body.norm_first,
            "kernel": state["position.weight"].shape[2], "groups": body.groups, "upto": 0,
            "whole_norm": whole.output_norm}


def export_trained(path: str, options: Namespace) -> str:
    """The parts of one file, which is itself what they are compared with."""
    if options.no_output_norm or options.post_norm or options.heads is not None:
        raise ValueError(f"{path}: a trained model file says itself what --no-output-norm, "
                         "--post-norm and --heads would say")
    whole, told = svt_trained.read(path, "svt-video-whole", "encoder.lips.conv.weight")
    to = parts.outputs(options.output, [path], "encoder", "head")
    config, state = sizes(whole), whole.state_dict()
    network = networks.VideoEncoder(networks.Body(**config))
    weights.put(network, encoder.fold(svt_trained.detached(whole.encoder)), path)
    name = options.name or os.path.splitext(os.path.basename(options.output))[0]
    licence = options.licence if options.licence != "unknown" \
        else svt_trained.licence_of(told) or "unknown"
    worst = parts.write_model(
        to["encoder"], network,
        avhubert.manifest(f"{name}-encoder", "video", config, FRAME_RATE, licence),
        lambda frames: whole.alone(frames, None), avhubert.seen(), path)
    parts.write_note_head(to["head"], f"{name}-head", state["head.weight"], state["head.bias"],
                          licence, path)
    return join(to, worst, os.path.basename(path))


def join(to: dict[str, str], worst: float, compared: str) -> str:
    """The pipeline file of the parts; what is told of them."""
    parts.write_pipeline(to["pipeline"], {"video": to["encoder"], "head": to["head"]},
                         {"mode": "published"})
    return (f"{to['pipeline']}, {to['encoder']}, {to['head']}: the encoder differs from "
            f"{compared} by at most {worst:.2g}")


def export(options: Namespace) -> str:
    given = options.checkpoints
    if len(given) == 1 and not os.path.isdir(given[0]):
        return export_trained(given[0], options)
    path, head = sort_checkpoints(given)
    to = parts.outputs(options.output, (path, head), "encoder", "head")
    state, config, (weight, bias) = of_checkpoint(given, options)
    name = options.name or os.path.splitext(os.path.basename(options.output))[0]
    worst = avhubert.write(to["encoder"], path, state, config, "video", FRAME_RATE,
                           f"{name}-encoder", options.licence)
    parts.write_note_head(to["head"], f"{name}-head", weight, bias, options.licence, head)
    return join(to, worst, "the source network")
