# SPDX-License-Identifier: MIT
"""Export of AV_SVT's video system as one network, to be trained: AV-HuBERT as
it was published and a new head, or both from a checkpoint of AV_SVT.

What `avsvt train` makes of the file is a file of the same kind, and transcribes
by itself; see recipes/av-svt-video.yaml.
"""
import os
from argparse import ArgumentParser, Namespace

import torch

from ..networks import VideoNotes
from ..networks import avhubert as networks
from . import avhubert, parts, spare, svt_video
from .avhubert_source import Source
from .svt_audio_whole import add_training, new_head
from .types import State, Told

SUMMARY = ("AV_SVT's video system as one network to be trained (AV-HuBERT's fairseq .pt for a "
           "new head; a CKPT folder, or its encoder.ckpt and head.ckpt)")
# As the large AV-HuBERT was pre-trained, of which AV_SVT's checkpoints are made.
PUBLISHED = {"dropout": 0.1, "attention_dropout": 0.1, "activation_dropout": 0.0,
             "dropout_input": 0.1, "encoder_layerdrop": 0.05, "feature_grad_mult": 0.1}


def add_arguments(parser: ArgumentParser) -> None:
    svt_video.add_arguments(parser)
    add_training(parser, "film")


def gather(options: Namespace) -> tuple[State, Told, Told, tuple[torch.Tensor, torch.Tensor], str]:
    """The encoder's weights and configuration, what acts in its training, the head,
    and what to tell."""
    given = options.checkpoints
    if len(given) > 1 or os.path.isdir(given[0]):
        spare(options.output, svt_video.sort_checkpoints(given, "svt-video-whole"))
        state, config, head = svt_video.of_checkpoint(given, options)
        return (state, config, avhubert.training(PUBLISHED, given[0]), head,
                "\nits dropouts are those of the large AV-HuBERT: the checkpoint does not tell")
    path = given[0]
    state, told = avhubert.load(path)
    if told and options.post_norm:
        raise ValueError(f"{path}: says itself what --post-norm would say")
    config = avhubert.configuration(state, told or {"layer_norm_first": not options.post_norm},
                                    options.heads, path)
    config.update(upto=0, whole_norm=not options.no_output_norm)
    note = "\nits head is new"
    if not told:
        note += "; its dropouts are those of the large AV-HuBERT: the checkpoint does not tell"
    return (state, config, avhubert.training(told or PUBLISHED, path),
            new_head(config["width"], options.seed), note)


def manifest(name: str, config: Told, training: Told, options: Namespace) -> Told:
    rate = svt_video.FRAME_RATE
    return {"avsvt": 1, "name": name, "role": "pipeline", "task": "notes",
            "input": {"kind": "video", **avhubert.sees(rate)},
            "output": {"layout": "notes20", "frame_rate": rate},
            "chunk": {"mode": "published", "length_s": 5, "context_s": 2},
            "decode": parts.PUBLISHED,
            "encoder": {"family": "av-hubert", "width": config["width"],
                        "layers": config["layers"], "heads": config["heads"], **training,
                        "whole_batch": not options.each_alone},
            "licence": options.licence}


def export(options: Namespace) -> str:
    state, config, training, (weight, bias), note = gather(options)
    path = options.checkpoints[0]
    encoder = networks.VideoEncoder(networks.Body(**config, **training))
    avhubert.fill(encoder, state, config["layers"], path)
    avhubert.gain(encoder, state)
    source, inputs = avhubert.compared("video", encoder, Source(state, config))
    network = VideoNotes(encoder, config["whole_norm"], not options.each_alone)
    with torch.no_grad():
        network.head.weight.copy_(weight)
        network.head.bias.copy_(bias)
    name = options.name or os.path.splitext(os.path.basename(options.output))[0]
    worst = parts.write_model(
        options.output, network, manifest(name, config, training, options),
        lambda frames: torch.nn.functional.linear(source(frames), weight, bias), inputs, path)
    return f"{options.output}: differs from the source network by at most {worst:.2g}{note}"
