# SPDX-License-Identifier: MIT
"""Pictures of a mouth -> one vector each: a 3D convolution, then ResNet-18
with PReLU on every frame, as AV-HuBERT has them."""
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

WIDTH = 512


class Block(nn.Module):
    """Two convolutions and the way past them."""

    def __init__(self, inputs: int, outputs: int, stride: int):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.relu1 = nn.PReLU(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.relu2 = nn.PReLU(outputs)
        self.downsample = nn.Sequential()
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False),
                                            nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        y = self.bn2(self.conv2(self.relu1(self.bn1(self.conv1(x)))))
        return self.relu2(y + self.downsample(x))


def stage(inputs: int, outputs: int, stride: int) -> nn.Sequential:
    return nn.Sequential(Block(inputs, outputs, stride), Block(outputs, outputs, 1))


class Lips(nn.Module):
    """[batch, T, height, width] normalised grey pictures -> [batch, T, 512]."""

    reach: Final[int] = 2   # frames that the 3D convolution sees on each side
    step: Final[int] = 256  # frames at a time: the first layers are large. In training
                            # all at once: batch normalisation looks at all of them

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv3d(1, 64, (5, 7, 7), (1, 2, 2), (0, 3, 3), bias=False)
        self.norm = nn.BatchNorm3d(64)
        self.relu = nn.PReLU(64)
        self.layer1 = stage(64, 64, 1)
        self.layer2 = stage(64, 128, 2)
        self.layer3 = stage(128, 256, 2)
        self.layer4 = stage(256, WIDTH, 2)

    def piece(self, frames: Tensor) -> Tensor:
        """Frames with `reach` more on each side."""
        x = self.relu(self.norm(self.conv(frames[:, None])))
        x = F.max_pool3d(x, [1, 3, 3], [1, 2, 2], [0, 1, 1])
        x = x.transpose(1, 2)
        batch, time = x.shape[0], x.shape[1]
        x = self.layer4(self.layer3(self.layer2(self.layer1(x.flatten(0, 1)))))
        return x.mean([2, 3]).reshape(batch, time, -1)

    def forward(self, frames: Tensor) -> Tensor:
        padded = F.pad(frames, (0, 0, 0, 0, self.reach, self.reach))
        if self.training:
            return self.piece(padded)
        pieces = []
        for start in range(0, frames.shape[1], self.step):
            pieces.append(self.piece(padded[:, start:start + self.step + 2 * self.reach]))
        return torch.cat(pieces, 1)
