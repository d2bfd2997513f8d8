# SPDX-License-Identifier: MIT
"""SpecAugment (Park et al., 2019) inside a network: in training some spans of
time and some bands of features are zero, each item's its own.

What is random comes from torch's generator, which the trainer sets from the
recipe's seed and the number of the batch: the same in every run, with any
number of threads, and after a training has been resumed.
"""
import torch
from torch import Tensor, nn


class SpecAugment(nn.Module):
    """Features [batch, T, width], changed in training only.

    `times` spans of 0 to `time_width` frames, `bands` of 0 to `band_width`
    features, placed anywhere; they may lie over each other. 0 of both: nothing
    is changed.
    """

    def __init__(self, times: int = 0, time_width: int = 0, bands: int = 0,
                 band_width: int = 0):
        super().__init__()
        if min(times, time_width, bands, band_width) < 0:
            raise ValueError("counts and widths of what is dropped can't be negative")
        self.times, self.time_width = times, time_width
        self.bands, self.band_width = bands, band_width

    def dropped(self, x: Tensor, axis: int, count: int, widest: int) -> Tensor:
        """True where a span lies; [batch, x.shape[axis]]."""
        size = x.shape[axis]
        drawn = torch.rand(2, x.shape[0], count, 1, device=x.device)
        width = torch.floor(drawn[0] * (min(widest, size) + 1))
        first = torch.floor(drawn[1] * (size - width + 1.0))
        index = torch.arange(size, device=x.device)
        return ((index >= first) & (index < first + width)).any(1)

    def forward(self, x: Tensor) -> Tensor:
        if self.training and self.times > 0 and self.time_width > 0:
            x = x.masked_fill(self.dropped(x, 1, self.times, self.time_width)[:, :, None], 0.0)
        if self.training and self.bands > 0 and self.band_width > 0:
            x = x.masked_fill(self.dropped(x, 2, self.bands, self.band_width)[:, None, :], 0.0)
        return x
