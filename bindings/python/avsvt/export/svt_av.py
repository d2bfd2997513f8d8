# SPDX-License-Identifier: MIT
"""Export of AV_SVT's audio-visual part: residual cross attention and head.

The source network to compare with is put together here from PyTorch's own
layers, under the names of the checkpoint.
"""
import os
from argparse import ArgumentParser, Namespace
from typing import Optional

import torch
from torch import nn

from ..networks import fusion
from . import parts, provenance, weights
from .types import State

OUTPUT = "OUT"
SUMMARY = ("AV_SVT's fusion and head (a CKPT folder, or its model.ckpt), or MM_ALT's fusion "
           "(fusion.ckpt)")


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--audio", metavar="ENCODER.pt",
                        help="model file of the audio encoder, for the pipeline file")
    parser.add_argument("--video", metavar="ENCODER.pt",
                        help="model file of the video encoder, for the pipeline file")
    parser.add_argument("--heads", type=int, metavar="N",
                        help="attention heads; default: as published, 8")
    parser.add_argument("--own", type=float, default=0.5, metavar="ALPHA",
                        help="weight of a stream's attention to itself (default 0.5)")
    parser.add_argument("--name", help="the model's name; default: the output's")
    provenance.add_licence(parser)


class SourceLayer(nn.Module):
    """One layer of the published fusion, of PyTorch's own parts."""

    def __init__(self, width: int, heads: int, inner: int):
        super().__init__()
        self.self_att = nn.ModuleDict({"att": nn.MultiheadAttention(width, heads,
                                                                   batch_first=True)})
        self.pos_ffn = nn.ModuleDict({"ffn": nn.Sequential(
            nn.Linear(width, inner), nn.ReLU(), nn.Dropout(0.0), nn.Linear(inner, width))})
        self.norm1 = nn.ModuleDict({"norm": nn.LayerNorm(width, eps=1e-6)})
        self.norm2 = nn.ModuleDict({"norm": nn.LayerNorm(width, eps=1e-6)})

    def forward(self, keys: torch.Tensor, query: torch.Tensor, own: float) -> torch.Tensor:
        attend = self.self_att["att"]
        mixed = own * attend(keys, keys, keys)[0] + (1 - own) * attend(query, keys, keys)[0]
        x = self.norm1["norm"](keys + mixed)
        made: torch.Tensor = self.norm2["norm"](x + self.pos_ffn["ffn"](x))
        return made


class Source(nn.Module):
    """The published fusion under the names of its checkpoint."""

    def __init__(self, width: int, heads: int, inner: int, own: float):
        super().__init__()
        self.own = own
        self.layer1 = SourceLayer(width, heads, inner)
        self.layer2 = SourceLayer(width, heads, inner)

    def forward(self, audio: torch.Tensor, video: torch.Tensor) -> torch.Tensor:
        frames, width = audio.shape[1:]
        video = torch.cat([video, video.new_zeros(video.shape[0], frames, width)], 1)[:, :frames]
        rate = torch.exp(torch.arange(0, width, 2).float() * (-9.210340371976184 / width))
        angle = torch.arange(frames).float()[:, None] * rate
        table = torch.zeros(frames, width)
        table[:, 0::2], table[:, 1::2] = torch.sin(angle), torch.cos(angle)
        audio, video = audio + table, video + table
        made: torch.Tensor = (self.layer1(audio, video, self.own)
                              + self.layer2(video, audio, self.own))
        return made


def ours(state: State) -> State:
    """The checkpoint's names as ours."""
    renamed = {}
    for name, value in state.items():
        for old, new in (("layer1.", "audio."), ("layer2.", "video."),
                         ("norm1.norm", "norm"), ("norm2.norm", "last_norm"),
                         ("pos_ffn.ffn.0", "widen"), ("pos_ffn.ffn.3", "narrow"),
                         ("self_att.att.out_proj", "attention.out")):
            name = name.replace(old, new)
        if "self_att.att.in_proj_" in name:
            for each, part in zip(("query", "key", "value"), value.chunk(3)):
                renamed[name.replace("self_att.att.in_proj_", f"attention.{each}.")] = part
        else:
            renamed[name] = value
    return renamed


def check_table(table: Optional[torch.Tensor], width: int, path: str) -> None:
    """The stored table must be the sinusoids that we compute."""
    if table is None:
        return
    mine = fusion.positions(table.shape[1] if table.ndim == 3 else 1, torch.zeros(1, 1, width))
    if table.shape != mine.shape or not (table - mine).abs().max() <= 5e-4:
        raise ValueError(f"{path}: positional_encoding.pe is not the published sinusoid table")


def write_fusion(path: str, name: str, state: State, options: Namespace, repeat: int,
                 what: str) -> float:
    """`state` has the names below ``fusion.``."""
    state = dict(state)
    table = state.pop("positional_encoding.pe", None)
    width = weights.shape(state, "layer1.self_att.att.out_proj.weight", what, 2)[0]
    inner = weights.shape(state, "layer1.pos_ffn.ffn.0.weight", what, 2)[0]
    check_table(table, width, what)
    heads = 8 if options.heads is None else options.heads
    if not 0.0 <= options.own <= 1.0:
        raise ValueError(f"--own {options.own:g}: 0 to 1 is needed")
    network = fusion.ResidualCrossAttention(width, heads, inner, options.own)
    source = Source(width, heads, inner, options.own).eval()
    weights.put(source, state, what)
    weights.put(network, ours(state), what)
    manifest = {
        "avsvt": 1, "name": name, "role": "fusion",
        "input": {"kind": "features", "audio_width": width, "video_width": width,
                  "video_repeat": repeat},
        "output": {"width": width}, "licence": options.licence,
    }
    inputs = [(parts.noise(1, n, width), parts.noise(1, m, width, seed=8))
              for n, m in ((1, 1), (249, 250), (40, 31))]
    return parts.write_model(path, network, manifest, source, inputs, what)


def export(options: Namespace) -> str:
    if len(options.checkpoints) != 1:
        raise ValueError("svt-av is made of one checkpoint: a CKPT folder or its model.ckpt")
    for name, part in (("--audio", options.audio), ("--video", options.video)):
        if part is not None and not os.path.isfile(part):
            raise ValueError(f"{name} {part}: there is no such file")
    path = weights.in_folder(options.checkpoints[0], ["fusion.ckpt", "model.ckpt"])
    state = weights.state_of(path)
    name = options.name or os.path.splitext(os.path.basename(options.output))[0]
    if any(key.startswith("fusion.layer1.") for key in state):  # MM_ALT: video at half the rate
        unknown = [key for key in state if not key.startswith("fusion.")]
        if unknown:
            raise ValueError(f"{path}: has weights that are not known: {', '.join(unknown[:5])}")
        worst = write_fusion(options.output, name, weights.take(state, "fusion."), options, 2,
                             path)
        return f"{options.output}: differs from the source network by at most {worst:.2g}"

    unknown = [key for key in state if not key.startswith(("0.fusion.", "1."))]
    if unknown or not any(key.startswith("0.fusion.") for key in state):
        raise ValueError(f"{path}: not AV_SVT's fusion and head, 0.fusion.* and 1.w.*: it has "
                         + weights.some(unknown or state))
    width = weights.shape(state, "0.fusion.layer1.self_att.att.out_proj.weight", path, 2)[0]
    weight, bias = parts.note_head({key: value for key, value in state.items()
                                    if key.startswith("1.")}, path, width, "its fusion", "1.w.")
    to = parts.outputs(options.output, [part for part in (path, options.audio, options.video)
                                        if part], "fusion", "head")
    worst = write_fusion(to["fusion"], f"{name}-fusion", weights.take(state, "0.fusion."),
                         options, 1, path)
    parts.write_note_head(to["head"], f"{name}-head", weight, bias, options.licence, path)
    parts.write_pipeline(to["pipeline"], {"audio": options.audio, "video": options.video,
                                          "fusion": to["fusion"], "head": to["head"]},
                         {"mode": "published"})
    return (f"{to['pipeline']}, {to['fusion']}, {to['head']}: the fusion differs from the "
            f"source network by at most {worst:.2g}")
