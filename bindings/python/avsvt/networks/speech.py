# SPDX-License-Identifier: MIT
"""Speech encoders: wav2vec 2.0, HuBERT, WavLM and data2vec-audio.

One module for the four; options tell them apart. Sound of 16 kHz goes in as
it is: normalisation, where an encoder wants it, is part of the network, since
only here a batch knows where each sound ends. A batch whose sounds have
several lengths gives each what it gives alone.
"""
from collections.abc import Sequence
from typing import Optional

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .positions import Taps, convolve
from .speech_layers import Layer, RelativePositions, is_left_out

KERNELS = (10, 3, 3, 3, 3, 2, 2)
STRIDES = (5, 2, 2, 2, 2, 2, 2)


def normalise(x: Tensor, filled: Optional[Tensor], epsilon: float) -> Tensor:
    """Each item of a batch to mean 0 and variance 1 over all its values.
    `filled`, of x's rank, is 1 where there is sound and 0 behind its end."""
    axes = list(range(1, x.dim()))
    if filled is None:
        return F.layer_norm(x, x.shape[1:], eps=epsilon)
    filled = filled.expand_as(x)
    count = filled.sum(axes, keepdim=True)
    mean = (x * filled).sum(axes, keepdim=True) / count
    away = (x - mean) * filled
    scale = torch.rsqrt(away.pow(2).sum(axes, keepdim=True) / count + epsilon)
    return (away * scale).to(x.dtype)


def filled_until(lengths: Tensor, size: int) -> Tensor:
    """float32 [batch, size]: 1 before each length, 0 behind it."""
    return (torch.arange(size, device=lengths.device) < lengths.unsqueeze(1)).to(torch.float32)


class ChannelNorm(nn.Module):
    """Each channel to mean 0 and variance 1 over time, then scaled."""

    def __init__(self, channels: int):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor, lengths: Optional[Tensor]) -> Tensor:
        if lengths is None:
            away = x - x.mean(1, keepdim=True)
            scale = torch.rsqrt(away.pow(2).mean(1, keepdim=True) + 1e-5)
        else:
            filled = filled_until(lengths, x.shape[1]).unsqueeze(2)
            count = filled.sum(1, keepdim=True)
            away = (x - (x * filled).sum(1, keepdim=True) / count) * filled
            scale = torch.rsqrt(away.pow(2).sum(1, keepdim=True) / count + 1e-5)
        return (away * (scale * self.weight) + self.bias).to(x.dtype)


class Convolution(nn.Module):
    """One stage of the front end, [batch, time, channels] in and out:
    convolution, norm, GELU.

    The convolution is done as products of matrices, `stride` taps of the
    kernel at a time: the samples under them lie side by side in memory, so
    nothing is copied, and the channels stay where the norm wants them.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, bias: bool,
                 norm: str):
        super().__init__()
        self.kernel, self.stride = kernel, stride
        self.conv = nn.Conv1d(inputs, outputs, kernel, stride, bias=bias)
        self.over_time = ChannelNorm(outputs) if norm == "time" else None
        self.over_channels = nn.LayerNorm(outputs) if norm == "channels" else None

    def count(self, lengths: Tensor) -> Tensor:
        """How many values it makes of this many."""
        made = torch.div(lengths - self.kernel, self.stride, rounding_mode="floor") + 1
        return made.clamp(min=0)

    def convolve(self, x: Tensor) -> Tensor:
        x = x.contiguous()
        batch, time = x.shape[0], x.shape[1]
        if time < self.kernel:
            raise ValueError("the sound is too short")
        frames = (time - self.kernel) // self.stride + 1
        # What depends on the weights alone is a constant once it is frozen.
        outputs, inputs = self.conv.weight.shape[0], self.conv.weight.shape[1]
        weight = self.conv.weight.permute(0, 2, 1)  # output, tap, input
        # So narrow an input is copied rather than multiplied twice.
        step = self.kernel if inputs == 1 else self.stride
        made = x
        for first in range(0, self.kernel, step):
            taps = min(step, self.kernel - first)
            under = torch.as_strided(x, [batch, frames, taps * inputs],
                                     [time * inputs, self.stride * inputs, 1],
                                     x.storage_offset() + first * inputs)
            part = weight[:, first:first + taps].reshape(outputs, taps * inputs)
            if first > 0:
                # Autocast rounds what goes into linear(), but not this.
                part = part.t().unsqueeze(0).to(made.dtype).expand(batch, -1, -1)
                made.baddbmm_(under.to(made.dtype), part)
            else:
                made = F.linear(under, part, self.conv.bias)
        return made

    def forward(self, x: Tensor, lengths: Optional[Tensor]) -> Tensor:
        x = self.convolve(x)
        if self.over_time is not None:
            x = self.over_time(x, lengths)
        if self.over_channels is not None:
            x = self.over_channels(x)
        return F.gelu(x)


class Positions(nn.Module):
    """A position told by its surroundings: grouped convolution over time."""

    def __init__(self, width: int, kernel: int, groups: int, norm: bool):
        super().__init__()
        self.groups = groups
        self.norm = norm
        self.conv = Taps(width, width, kernel, padding=kernel // 2, groups=groups)

    def forward(self, x: Tensor) -> Tensor:
        bias = self.conv.bias
        assert bias is not None
        x = convolve(x, self.conv.taps(), bias, self.groups, self.training)
        if self.norm:
            x = F.layer_norm(x, x.shape[2:], eps=1e-5)
        return F.gelu(x)


class SpeechEncoder(nn.Module):
    """Sound [batch, samples] -> features [batch, frames, width].

    ``forward(samples, lengths=None)``: with `lengths` (int64 [batch]) each
    sound ends there and what lies behind is padding; frames behind the end
    are zero. ``frames(lengths)`` tells how many frames lengths give.

    `front_norm`: "time" (group norm behind the first convolution) or
    "channels" (layer norm behind each); `input_epsilon`: normalise the sound,
    with this added to the variance; 0: leave it; `final_norm`: normalise behind
    the last layer (only where layers normalise first); `mix`: weights of the
    states before, between and behind the layers, for their sum instead of the
    last; `output_norm`: all features of a sound to mean 0 and variance 1.
    """

    def __init__(self, width: int = 768, layers: int = 12, heads: int = 12,
                 inner: int = 3072, channels: Sequence[int] = (512,) * 7,
                 kernels: Sequence[int] = KERNELS, strides: Sequence[int] = STRIDES,
                 front_norm: str = "time", conv_bias: bool = False,
                 projection_norm: bool = True, norm_first: bool = False,
                 final_norm: bool = True, position_kernel: int = 128,
                 position_groups: int = 16, position_layers: int = 0, buckets: int = 0,
                 farthest: int = 800, epsilon: float = 1e-5, input_epsilon: float = 0.0,
                 mix: Optional[Sequence[float]] = None, output_norm: bool = False,
                 dropout: float = 0.0, attention_dropout: float = 0.0,
                 inner_dropout: float = 0.0, projection_dropout: float = 0.0,
                 layer_drop: float = 0.0):
        super().__init__()
        if mix is not None and len(mix) != layers + 1:
            raise ValueError(f"{layers + 1} weights of states are needed, not {len(mix)}")
        self.norm_first = norm_first
        self.input_epsilon = input_epsilon
        self.output_norm = output_norm
        self.layer_drop = layer_drop
        sizes = [1, *channels]
        self.front = nn.ModuleList(
            Convolution(sizes[i], sizes[i + 1], kernels[i], strides[i], conv_bias,
                        front_norm if i == 0 or front_norm == "channels" else "")
            for i in range(len(channels)))
        self.projection_norm = nn.LayerNorm(sizes[-1], eps=epsilon) if projection_norm else None
        self.projection = nn.Linear(sizes[-1], width)
        self.projection_dropout = nn.Dropout(projection_dropout)
        # data2vec has several small ones in a row, the others a large one.
        self.positions = nn.ModuleList(
            Positions(width, position_kernel, position_groups, position_layers > 0)
            for _ in range(max(1, position_layers)))
        self.norm = nn.LayerNorm(width, eps=epsilon) if final_norm or not norm_first else None
        self.dropout = nn.Dropout(dropout)
        self.distances = RelativePositions(heads, buckets, farthest) if buckets else None
        self.layers = nn.ModuleList(
            Layer(width, heads, inner, norm_first, buckets > 0, epsilon, dropout,
                  attention_dropout, inner_dropout) for _ in range(layers))
        self.mix = None if mix is None else nn.Parameter(torch.tensor(mix))

    @torch.jit.export
    def frames(self, lengths: Tensor) -> Tensor:
        """How many frames sounds of these lengths give."""
        for stage in self.front:
            lengths = stage.count(lengths)  # type: ignore[operator]
        return lengths

    def encode_front(self, samples: Tensor, lengths: Optional[Tensor]) -> Tensor:
        if self.input_epsilon > 0.0:
            sound = None if lengths is None else filled_until(lengths, samples.shape[1])
            samples = normalise(samples, sound, self.input_epsilon)
        x = samples.unsqueeze(2)
        for stage in self.front:
            if lengths is not None:
                lengths = stage.count(lengths)  # type: ignore[operator]
            x = stage(x, lengths)
        if self.projection_norm is not None:
            x = self.projection_norm(x)
        return self.projection_dropout(self.projection(x))

    def add_positions(self, x: Tensor, filled: Optional[Tensor]) -> Tensor:
        told = x
        for position in self.positions:
            told = position(told)
            if filled is not None:
                told = told * filled
        x = x + told
        if not self.norm_first and self.norm is not None:
            x = self.norm(x)
        return self.dropout(x)

    def encode_layers(self, x: Tensor, behind: Optional[Tensor]) -> Tensor:
        bias: Optional[Tensor] = None
        if self.distances is not None:
            bias = self.distances(x.shape[1])
        mixed = x
        if self.mix is not None:
            mixed = x * self.mix[0]
        last = len(self.layers) - 1
        for i, layer in enumerate(self.layers):
            if not is_left_out(self.training, self.layer_drop):
                x = layer(x, bias, behind)
            if i == last and self.norm_first and self.norm is not None:
                x = self.norm(x)
            if self.mix is not None:
                mixed = mixed + x * self.mix[i + 1]
        return x if self.mix is None else mixed

    def forward(self, samples: Tensor, lengths: Optional[Tensor] = None) -> Tensor:
        x = self.encode_front(samples, lengths)
        filled: Optional[Tensor] = None
        behind: Optional[Tensor] = None
        if lengths is not None:
            until = filled_until(self.frames(lengths), x.shape[1]).to(x.dtype)
            behind = torch.zeros_like(until).masked_fill(until == 0.0, float("-inf"))
            filled = until.unsqueeze(2)
            x = x * filled
        x = self.encode_layers(self.add_positions(x, filled), behind)
        if filled is not None:
            x = x * filled
        return normalise(x, filled, 1e-5) if self.output_norm else x
