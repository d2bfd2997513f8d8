# SPDX-License-Identifier: MIT
"""Export of AV_SVT's audio system as one network, to be trained: the encoder
as it was published and a new head, or both from a checkpoint of AV_SVT.

What `avsvt train` makes of the file is a file of the same kind, and transcribes
by itself; see recipes/av-svt-audio.yaml.
"""
import os
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from typing import Optional

import torch

from ..networks import SpecAugment, SpeechNotes
from . import encoder, huggingface, parts, spare, svt_audio, weights
from .types import Told

SUMMARY = ("AV_SVT's audio system as one network to be trained (an encoder's Hugging Face "
           "folder or hub name for a new head; a CKPT folder, or its wav2vec2.ckpt and "
           "model.ckpt)")


def add_training(parser: ArgumentParser, item: str) -> None:
    """What a network that is to be trained is told, on sounds or films."""
    parser.add_argument("--seed", type=int, default=1986, metavar="N",
                        help="of a new head's weights (default 1986)")
    parser.add_argument("--each-alone", action="store_true",
                        help=f"train each {item} as it is run: with its own mean and variance, "
                             "padding left out; as published a batch is normalised as one")


def add_arguments(parser: ArgumentParser) -> None:
    svt_audio.add_arguments(parser)
    add_training(parser, "sound")
    parser.add_argument("--drop-times", type=spans, default=(0, 0), metavar="N:FRAMES",
                        help="SpecAugment: in training N spans of up to so many frames of the "
                             "features are zero (default: none, as published)")
    parser.add_argument("--drop-bands", type=spans, default=(0, 0), metavar="N:WIDTH",
                        help="SpecAugment: the same for bands of up to so many features")


def spans(text: str) -> tuple[int, int]:
    """`2:10`"""
    count, colon, width = text.partition(":")
    if not (colon and count.isdigit() and width.isdigit()):
        raise ArgumentTypeError(f"'{text}' is not two whole numbers, such as 2:10")
    return int(count), int(width)


def new_head(width: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """PyTorch's own beginning of a linear layer."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        head = torch.nn.Linear(width, 20)
    return head.weight.detach(), head.bias.detach()


def is_published(given: list[str]) -> bool:
    """A folder or hub name of Hugging Face, and not a checkpoint of AV_SVT."""
    if len(given) != 1 or os.path.isfile(given[0]):
        return False
    return not any(os.path.exists(os.path.join(given[0], name)) for name in svt_audio.ENCODERS)


def gather(options: Namespace) -> tuple[encoder.Encoder, torch.Tensor, torch.Tensor,
                                        Optional[str], str]:
    """Encoder, weights of the head, folder to compare with, and what to tell."""
    if not is_published(options.checkpoints):
        where, head = svt_audio.sort_checkpoints(options.checkpoints)
        spare(options.output, (where, head))
        made, note = svt_audio.encoder_of(weights.state_of(where), where, options)
        return made, *svt_audio.head_of(head, made, where), None, note
    folder = huggingface.resolve(options.checkpoints[0], options.local_files_only)
    options.config = options.config or folder
    made, _ = svt_audio.encoder_of(huggingface.state_of(folder), options.checkpoints[0], options)
    weight, bias = new_head(made.options["width"], options.seed)
    return made, weight, bias, folder, "\nits head is new"


def manifest(made: encoder.Encoder, name: str, licence: str, compared: str,
             options: Namespace) -> Told:
    about = made.manifest(name, licence, compared, 16000)
    whole = {"avsvt": 1, "name": name, "role": "pipeline", "task": "notes",
             "input": about["input"],
             "output": {"layout": "notes20", "frame_rate": 49.8},
             "chunk": {"mode": "published", "length_s": 5, "context_s": 2},
             "decode": parts.PUBLISHED,
             "encoder": {**about["encoder"], "whole_batch": not options.each_alone},
             "licence": licence}
    if any(options.drop_times) or any(options.drop_bands):
        whole["encoder"]["drop_times"] = list(options.drop_times)
        whole["encoder"]["drop_bands"] = list(options.drop_bands)
    return whole


def export(options: Namespace) -> str:
    if options.int8:
        raise ValueError("svt-audio-whole: what is to be trained can't have weights of 8 bits; "
                         "once it is, `svt-audio TRAINED.pt --int8` writes it with them")
    made, weight, bias, folder, note = gather(options)
    network = SpeechNotes(
        made.network_to_train(), made.options["width"], made.options["input_epsilon"] > 0,
        made.options["output_norm"], not options.each_alone,
        SpecAugment(*options.drop_times, *options.drop_bands))
    with torch.no_grad():
        network.head.weight.copy_(weight)
        network.head.bias.copy_(bias)
    network.eval()
    source, compared = (network, "nothing") if options.unchecked else made.source(folder)
    name = options.name or os.path.splitext(os.path.basename(options.output))[0]
    licence = options.licence or (folder and huggingface.licence_of(folder)) or "unknown"
    size, _ = made.window()
    inputs = [(0.1 * parts.noise(1, each),) for each in (size, 7777, 32123)]
    worst = parts.write_model(
        options.output, network, manifest(made, name, licence, compared, options),
        network if options.unchecked else
        lambda sound: torch.nn.functional.linear(source(sound), weight, bias),
        inputs, options.checkpoints[0])
    if options.unchecked:
        return f"{options.output}: not compared with its source network{note}"
    return f"{options.output}: differs from {compared} by at most {worst:.2g}{note}"
