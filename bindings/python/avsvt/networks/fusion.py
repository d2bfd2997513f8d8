# SPDX-License-Identifier: MIT
"""Fusions: features of sound and of sight -> one stream.

All take ``forward(audio [batch, T, width], video [batch, T2, width])`` and
give [batch, T, width]: the video is cut, or filled up with zeros at its end,
to the length of the audio, which is the published rule. A missing modality is
zeros, as AV_SVT's audio-only counterpart feeds it.
"""
import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .attention import Attention


def fit(video: Tensor, frames: int) -> Tensor:
    """Cut, or filled up with zeros at the end."""
    video = video[:, :frames]
    return F.pad(video, (0, 0, 0, frames - video.shape[1]))


def positions(frames: int, like: Tensor) -> Tensor:
    """The sinusoid table [1, frames, width], computed in float32 in the same
    steps as the published one, and so for any length."""
    width = like.shape[2]
    time = torch.arange(frames, dtype=torch.float32, device=like.device)[:, None]
    even = torch.arange(0, width, 2, dtype=torch.float32, device=like.device)
    angle = time * torch.exp(even * -(math.log(10000.0) / width))
    table = torch.stack([torch.sin(angle), torch.cos(angle)], 2).flatten(1)
    return table[None, :, :width].to(like.dtype)


class CrossLayer(nn.Module):
    """One stream that looks at itself and is asked by the other, through one
    attention with the same weights; then the feed-forward part. Post-norm.

    With ``own`` 0 only the other stream asks, and its answer is added to the
    asking stream: plain cross attention."""

    def __init__(self, width: int, heads: int, inner: int, own: float):
        super().__init__()
        self.own = own
        self.attention = Attention(width, heads)
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.widen = nn.Linear(width, inner)
        self.narrow = nn.Linear(inner, width)
        self.last_norm = nn.LayerNorm(width, eps=1e-6)

    def forward(self, stream: Tensor, other: Tensor) -> Tensor:
        if self.own > 0.0:
            # Rows of a query are independent: both questions in one call.
            both = self.attention(torch.cat([stream, other], 1), stream)
            frames = stream.shape[1]
            x = stream + self.own * both[:, :frames] + (1.0 - self.own) * both[:, frames:]
        else:
            x = other + self.attention(other, stream)
        x = self.norm(x)
        return self.last_norm(x + self.narrow(F.relu(self.widen(x))))


class ResidualCrossAttention(nn.Module):
    """FusionRCA of AV_SVT and MM_ALT: `own` is the papers' alpha."""

    def __init__(self, width: int = 1024, heads: int = 8, inner: int = 3072,
                 own: float = 0.5):
        super().__init__()
        self.audio = CrossLayer(width, heads, inner, own)
        self.video = CrossLayer(width, heads, inner, own)

    def forward(self, audio: Tensor, video: Tensor) -> Tensor:
        place = positions(audio.shape[1], audio)
        audio = audio + place
        video = fit(video, audio.shape[1]) + place
        return self.audio(audio, video) + self.video(video, audio)


class CrossAttention(ResidualCrossAttention):
    """Each stream asks the other and nothing else."""

    def __init__(self, width: int = 1024, heads: int = 8, inner: int = 3072):
        super().__init__(width, heads, inner, 0.0)


class Addition(nn.Module):
    """The sum of both; no weights."""

    def forward(self, audio: Tensor, video: Tensor) -> Tensor:
        return audio + fit(video, audio.shape[1])


class Concatenation(nn.Module):
    """Both side by side, and a linear layer back to the width."""

    def __init__(self, width: int = 1024):
        super().__init__()
        self.join = nn.Linear(2 * width, width)

    def forward(self, audio: Tensor, video: Tensor) -> Tensor:
        return self.join(torch.cat([audio, fit(video, audio.shape[1])], 2))
