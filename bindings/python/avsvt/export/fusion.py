# SPDX-License-Identifier: MIT
"""Export of plain fusions: addition, concatenation, cross attention.

Their weights come from a state dict of ours (``avsvt.networks.fusion``), or
are made anew, to be trained. The source network to compare with is put
together here from PyTorch's own functions.
"""
import os
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from typing import Optional

import torch
import torch.nn.functional as F
from torch import Tensor

from ..networks import fusion
from . import parts, weights
from .types import Run, State


def added(state: State, options: Namespace) -> Run:
    return torch.add


def joined(state: State, options: Namespace) -> Run:
    def run(audio: Tensor, video: Tensor) -> Tensor:
        width = audio.shape[2]
        return (F.linear(audio, state["join.weight"][:, :width], state["join.bias"])
                + F.linear(video, state["join.weight"][:, width:]))
    return run


def crossed(state: State, options: Namespace) -> Run:
    def layer(keys: Tensor, query: Tensor, name: str) -> Tensor:
        def get(what: str) -> Tensor:
            return state[f"{name}.{what}"]
        projections = ("query", "key", "value")
        answer = F.multi_head_attention_forward(
            query.transpose(0, 1), keys.transpose(0, 1), keys.transpose(0, 1), keys.shape[2],
            options.heads, torch.cat([get(f"attention.{each}.weight") for each in projections]),
            torch.cat([get(f"attention.{each}.bias") for each in projections]), None, None, False,
            0.0, get("attention.out.weight"), get("attention.out.bias"), training=False,
            need_weights=False)[0].transpose(0, 1)

        def norm(x: Tensor, what: str) -> Tensor:
            return F.layer_norm(x, x.shape[2:], get(f"{what}.weight"), get(f"{what}.bias"), 1e-6)
        x = norm(query + answer, "norm")
        inner = F.relu(F.linear(x, get("widen.weight"), get("widen.bias")))
        return norm(x + F.linear(inner, get("narrow.weight"), get("narrow.bias")), "last_norm")

    def run(audio: Tensor, video: Tensor) -> Tensor:
        frames, width = audio.shape[1:]
        rate = torch.exp(torch.arange(0, width, 2).float() * (-9.210340371976184 / width))
        angle = torch.arange(frames).float()[:, None] * rate
        table = torch.zeros(frames, width)
        table[:, 0::2], table[:, 1::2] = torch.sin(angle), torch.cos(angle)[:, :width // 2]
        audio, video = audio + table, video + table
        return layer(audio, video, "audio") + layer(video, audio, "video")
    return run


class Kind:
    """One of the plain fusions."""

    CHECKPOINTS = "?"  # none is needed

    def __init__(self, summary: str, source: Callable[[State, Namespace], Run], weighs: bool,
                 attends: bool):
        self.SUMMARY, self.source = summary, source
        self.weighs, self.attends = weighs, attends

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--width", type=int, metavar="N",
                            help="values in a frame of each stream; default: the checkpoint's, "
                                 "else 1024")
        parser.add_argument("--video-repeat", type=int, default=1, metavar="N",
                            help="where frames are counted: audio frames for one of video "
                                 "(default 1)")
        if self.attends:
            parser.add_argument("--heads", type=int, default=8, metavar="N",
                                help="attention heads (default 8)")
            parser.add_argument("--inner", type=int, metavar="N",
                                help="width within the layers; default: the checkpoint's, else "
                                     "three times --width")
        if self.weighs:
            parser.add_argument("--seed", type=int, default=0, metavar="N",
                                help="of weights that are made anew (default 0)")
        parser.add_argument("--name", help="the model's name; default: the output's")
        parser.add_argument("--licence", help="licence of the weights; default: MIT, with a "
                                              "checkpoint 'unknown'")

    def network(self, state: Optional[State], options: Namespace) -> torch.nn.Module:
        state = state or {}
        first = state.get("join.weight", state.get("audio.widen.weight"))
        width = options.width
        if first is not None and first.ndim == 2:
            width = width or first.shape[0 if "join.weight" in state else 1]
        width = width or 1024
        if not 1 <= width <= 65536 or not 1 <= options.video_repeat <= 64:
            raise ValueError("--width must be 1 to 65536, --video-repeat 1 to 64")
        options.width = width
        if not self.weighs:
            return fusion.Addition()
        torch.manual_seed(options.seed)
        if not self.attends:
            return fusion.Concatenation(width)
        if width % 2:
            raise ValueError("--width must be even: positions are sines and cosines")
        inner = options.inner
        if inner is None:
            inner = first.shape[0] if first is not None and first.ndim == 2 else 3 * width
        if not 1 <= inner <= 65536:
            raise ValueError("--inner must be 1 to 65536")
        return fusion.CrossAttention(width, options.heads, inner)

    def export(self, options: Namespace) -> str:
        given = [options.checkpoints] if isinstance(options.checkpoints, str) \
            else options.checkpoints or []
        if given and not self.weighs:
            raise ValueError("an addition has no weights: it is made of no checkpoint")
        what = given[0] if given else options.output
        state = weights.state_of(given[0]) if given else None
        network = self.network(state, options)
        if state is not None:
            weights.put(network, state, what)
        name = options.name or os.path.splitext(os.path.basename(options.output))[0]
        licence = options.licence or ("unknown" if given else "MIT")
        width = options.width
        manifest = {
            "avsvt": 1, "name": name, "role": "fusion",
            "input": {"kind": "features", "audio_width": width, "video_width": width,
                      "video_repeat": options.video_repeat},
            "output": {"width": width}, "licence": licence,
        }
        run = self.source({each: value.detach() for each, value in
                           network.state_dict().items()}, options)

        def source(audio: Tensor, video: Tensor) -> Tensor:
            return run(audio, torch.cat([video, video.new_zeros(
                video.shape[0], audio.shape[1], width)], 1)[:, :audio.shape[1]])

        inputs = [(parts.noise(2, n, width), parts.noise(2, m, width, seed=8))
                  for n, m in ((1, 1), (49, 50), (40, 31))]
        worst = parts.write_model(options.output, network, manifest, source, inputs, what)
        made = "" if given or not self.weighs else " with weights made anew, to be trained"
        return (f"{options.output}: frames of {width} values{made}; differs from the source "
                f"network by at most {worst:.2g}")


add = Kind("a fusion: the sum of both streams (no checkpoint)", added, False, False)
concat = Kind("a fusion: both streams side by side, and a linear layer (a state dict of ours, or "
              "nothing: new weights)", joined, True, False)
cross = Kind("a fusion: plain cross attention (a state dict of ours, or nothing: new weights)",
             crossed, True, True)
