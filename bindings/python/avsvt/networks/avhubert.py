# SPDX-License-Identifier: MIT
"""AV-HuBERT as an encoder: pictures of a mouth, sound, or both -> features.

``VideoEncoder.forward(frames [batch, T, 88, 88])``, ``AudioEncoder.forward(
samples [batch, n])`` and ``AudioVideoEncoder.forward(samples, frames)`` give
[batch, T, width]. A last argument `padding` [batch, T], true where an item of
the batch is filled up with zeros, gives each item what it would give alone.
"""
import math
from typing import Final, Optional

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from . import lips
from .positions import Taps, convolve
from .speech_layers import Layer, is_left_out

SAMPLE_RATE = 16000
BANDS, STACKED = 26, 4  # numbers in a spectrum (100 Hz), spectra in a frame (25 Hz)
FRAME, HOP, FFT = 400, 160, 512


def mel_filters() -> Tensor:
    """26 triangles over the 257 bins of the spectrum, 0 to 8000 Hz, corners
    rounded down to bins, as python_speech_features makes them."""
    top = 2595 * math.log10(1 + SAMPLE_RATE / 2 / 700)
    corners = [math.floor((FFT + 1) * 700 * (10 ** (top * i / (BANDS + 1) / 2595) - 1)
                          / SAMPLE_RATE) for i in range(BANDS + 2)]
    filters = torch.zeros(FFT // 2 + 1, BANDS, dtype=torch.float64)
    for band in range(BANDS):
        low, middle, high = corners[band:band + 3]
        for k in range(low, middle):
            filters[k, band] = (k - low) / (middle - low)
        for k in range(middle, high):
            filters[k, band] = (high - k) / (high - middle)
    return filters


class Spectra(nn.Module):
    """Sound [batch, n] at 16 kHz, full scale 1 -> log energies [batch, T, 104]
    at 25 Hz, each frame normalised. In double precision: the logarithm makes
    much of small energies."""

    size: Final[int] = FRAME
    hop: Final[int] = HOP
    points: Final[int] = FFT
    stacked: Final[int] = STACKED
    width: Final[int] = STACKED * BANDS
    filters: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("filters", mel_filters().float(), persistent=False)

    def forward(self, samples: Tensor, frames: int) -> Tensor:
        """`frames` is the number of pictures to fit; below 1: as many as the
        sound gives."""
        x = samples.double() * 32768.0  # they were made for 16-bit numbers
        x = torch.cat([x[:, :1], x[:, 1:] - 0.97 * x[:, :-1]], 1)
        count = 1 + max(0, (x.shape[1] - self.size + self.hop - 1) // self.hop)
        x = F.pad(x, (0, max(0, (count - 1) * self.hop + self.size - x.shape[1])))
        spectrum = torch.fft.rfft(x.unfold(1, self.size, self.hop), self.points)
        power = (spectrum.real.square() + spectrum.imag.square()) / self.points
        energy = torch.matmul(power, self.filters.double())
        energy = torch.where(energy == 0.0, torch.full_like(energy, 2.220446049250313e-16), energy)
        rows = F.pad(torch.log(energy), (0, 0, 0, -count % self.stacked))
        rows = rows.reshape(rows.shape[0], -1, self.width).to(samples.dtype)
        if frames > 0:
            rows = F.pad(rows[:, :frames], (0, 0, 0, max(0, frames - rows.shape[1])))
        return F.layer_norm(rows, [self.width])


def damp(x: Tensor, factor: float) -> Tensor:
    """The same values; of the gradient only so much goes on. What is added is
    exactly 0."""
    return x.detach() + factor * (x - x.detach())


class Body(nn.Module):
    """Both halves, either of which may be zeros -> features.

    `upto` is the layer whose state is given, counted from 1; 0 is the end,
    after the final normalisation. `whole_norm` normalises each item over all
    its frames and values, as AV_SVT does with batches of one. In training only:
    the dropouts, `layer_drop`, and `front_gradient`, the part of the gradient
    that goes on into what makes the halves (0: that is not trained)."""

    def __init__(self, width: int, layers: int, heads: int, inner: int, norm_first: bool = True,
                 kernel: int = 128, groups: int = 16, upto: int = 0, whole_norm: bool = False,
                 dropout: float = 0.0, attention_dropout: float = 0.0, inner_dropout: float = 0.0,
                 input_dropout: float = 0.0, layer_drop: float = 0.0,
                 front_gradient: float = 1.0):
        super().__init__()
        if not 0 <= upto <= layers:
            raise ValueError(f"layer {upto} of {layers} is asked for")
        self.width = width
        self.norm_first = norm_first
        self.groups = groups
        self.final = upto == 0
        self.whole_norm = whole_norm
        self.layer_drop = layer_drop
        self.front_gradient = front_gradient
        self.fuse_norm = nn.LayerNorm(2 * width)
        self.fuse = nn.Linear(2 * width, width)
        self.input_dropout = nn.Dropout(input_dropout)
        self.position = Taps(width, width, kernel, padding=kernel // 2, groups=groups)
        self.dropout = nn.Dropout(dropout)
        self.layers = nn.ModuleList([
            Layer(width, heads, inner, norm_first, False, 1e-5, dropout, attention_dropout,
                  inner_dropout) for _ in range(upto or layers)])
        self.norm = nn.LayerNorm(width)

    def take(self, half: Tensor) -> Tensor:
        """A half as it comes in."""
        if not self.training or self.front_gradient == 1.0:
            return half
        return damp(half, self.front_gradient) if self.front_gradient > 0.0 else half.detach()

    def forward(self, audio: Tensor, video: Tensor, padding: Optional[Tensor]) -> Tensor:
        both = torch.cat([self.take(audio), self.take(video)], 2)
        x = self.input_dropout(self.fuse(self.fuse_norm(both)))
        behind: Optional[Tensor] = None
        if padding is not None:
            x = x.masked_fill(padding[:, :, None], 0.0)
            behind = torch.zeros_like(x[:, :, 0]).masked_fill(padding, float("-inf"))
        bias = self.position.bias
        assert bias is not None
        x = x + F.gelu(convolve(x, self.position.taps(), bias, self.groups, self.training))
        if not self.norm_first:
            x = self.norm(x)
        x = self.dropout(x)
        for layer in self.layers:
            if not is_left_out(self.training, self.layer_drop):
                x = layer(x, None, behind)
        if self.norm_first and self.final:
            x = self.norm(x)
        return self.normalised(x, padding) if self.whole_norm else x

    def normalised(self, x: Tensor, padding: Optional[Tensor]) -> Tensor:
        real = torch.ones_like(x[:, :, :1])
        if padding is not None:
            real = real.masked_fill(padding[:, :, None], 0.0)
        count = real.sum([1, 2], keepdim=True) * x.shape[2]
        mean = (x * real).sum([1, 2], keepdim=True) / count
        variance = ((x - mean).square() * real).sum([1, 2], keepdim=True) / count
        return (x - mean) * torch.rsqrt(variance + 1e-5)


class VideoEncoder(nn.Module):
    """Pictures only; the audio half is zeros."""

    def __init__(self, body: Body):
        super().__init__()
        self.lips = lips.Lips()
        self.sight = nn.Linear(lips.WIDTH, body.width)
        self.body = body

    def forward(self, frames: Tensor, padding: Optional[Tensor] = None) -> Tensor:
        video = self.sight(self.lips(frames))
        return self.body(torch.zeros_like(video), video, padding)


class AudioEncoder(nn.Module):
    """Sound only; the video half is zeros."""

    def __init__(self, body: Body):
        super().__init__()
        self.spectra = Spectra()
        self.sound = nn.Linear(STACKED * BANDS, body.width)
        self.body = body

    def forward(self, samples: Tensor, padding: Optional[Tensor] = None) -> Tensor:
        audio = self.sound(self.spectra(samples, 0))
        return self.body(audio, torch.zeros_like(audio), padding)


class AudioVideoEncoder(nn.Module):
    """Sound and pictures; the sound is fitted to the pictures. Where a picture,
    or all of the sound, is zeros throughout, it is missing, and that half is
    zeros as it is for the encoders of one of them."""

    def __init__(self, body: Body):
        super().__init__()
        self.spectra = Spectra()
        self.sound = nn.Linear(STACKED * BANDS, body.width)
        self.lips = lips.Lips()
        self.sight = nn.Linear(lips.WIDTH, body.width)
        self.body = body

    def forward(self, samples: Tensor, frames: Tensor,
                padding: Optional[Tensor] = None) -> Tensor:
        video = self.sight(self.lips(frames))
        audio = self.sound(self.spectra(samples, video.shape[1]))
        seen = (frames != 0).flatten(2).any(2)
        heard = (samples != 0).any(1)
        return self.body(audio * heard[:, None, None], video * seen[:, :, None], padding)
