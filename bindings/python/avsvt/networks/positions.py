# SPDX-License-Identifier: MIT
"""The convolution that tells frames their positions: grouped, over time, with
a kernel as long as seconds."""
import torch
import torch.nn.functional as F
from torch import Tensor, nn

SHORT = 64  # kernels, and inputs, for which the plain way is as fast


class Taps(nn.Conv1d):
    """Its weight and bias."""

    def taps(self) -> Tensor:
        return self.weight


class GainedTaps(nn.Module):
    """The same where the weight is trained as a gain for each tap and a direction, as
    encoders are in pre-training (Salimans and Kingma, 2016)."""

    def __init__(self, gain: Tensor, direction: Tensor, bias: Tensor):
        super().__init__()
        self.gain, self.direction = nn.Parameter(gain.clone()), nn.Parameter(direction.clone())
        self.bias = nn.Parameter(bias.clone())

    def taps(self) -> Tensor:
        return torch._weight_norm(self.direction, self.gain, 2)


def by_blocks(x: Tensor, weight: Tensor, bias: Tensor, groups: int) -> Tensor:
    """The same by Fourier transforms of overlapping blocks, a product of small
    matrices for each frequency. The transform of the weights does not depend
    on the input: freezing makes a constant of it."""
    batch, time = x.shape[0], x.shape[1]
    width, inputs, kernel = weight.shape
    size, step = 2 * kernel, kernel + 1
    count = (time + step - 1) // step
    taps = weight.reshape(groups, width // groups, inputs, kernel).permute(3, 0, 2, 1)
    filters = torch.fft.rfft(taps.flip(0), size, 0).contiguous()  # frequency, group, in, out
    before = kernel // 2
    padded = F.pad(x, (0, 0, before, count * step + kernel - 1 - before - time))
    spectrum = torch.fft.rfft(padded.unfold(1, size, step), size, 3)
    spectrum = spectrum.reshape(batch * count, groups, inputs, kernel + 1).permute(3, 1, 0, 2)
    made = torch.matmul(spectrum.contiguous(), filters).permute(2, 1, 3, 0)
    made = torch.fft.irfft(made, size, 3)[:, :, :, kernel - 1:]
    made = made.permute(0, 3, 1, 2).reshape(batch, count * step, width)
    return made[:, :time] + bias


def convolve(x: Tensor, weight: Tensor, bias: Tensor, groups: int, training: bool,
             short: int = SHORT) -> Tensor:
    """[batch, time, width] -> the same shape; frame i sees kernel // 2 frames
    before it. `weight` is Conv1d's."""
    kernel = weight.shape[2]
    if (not training and x.device.type == "cpu" and x.dtype == torch.float32
            and kernel >= short and x.shape[1] >= short):
        return by_blocks(x, weight, bias, groups)
    made = F.conv1d(x.transpose(1, 2), weight, bias, padding=kernel // 2, groups=groups)
    return made.transpose(1, 2)[:, :x.shape[1]]
