# SPDX-License-Identifier: MIT
"""Multi-head attention, written out: TorchScript of 1.13 knows no fused one."""
import math
from typing import Optional

import torch
from torch import Tensor, nn


class Heads(nn.Module):
    """What every attention here is made of: its products, and as many heads as told."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        if heads < 1 or width % heads:
            raise ValueError(f"{width} channels can't be shared by {heads} heads")
        self.heads = heads
        self.scale = 1.0 / math.sqrt(width // heads)
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.out = nn.Linear(width, width)

    def split(self, x: Tensor) -> Tensor:
        """[batch, time, width] -> [batch, heads, time, width of a head]"""
        return x.reshape(x.shape[0], x.shape[1], self.heads, -1).transpose(1, 2)


class Attention(Heads):
    """Scaled dot product attention of a sequence to another."""

    def forward(self, query: Tensor, memory: Tensor,
                padding: Optional[Tensor] = None) -> Tensor:
        """`padding` [batch, memory's time] is true where `memory` is filled up."""
        q = self.split(self.query(query) * self.scale)
        scores = torch.matmul(q, self.split(self.key(memory)).transpose(2, 3))
        if padding is not None:
            scores = scores.masked_fill(padding[:, None, None, :], float("-inf"))
        mixed = torch.matmul(torch.softmax(scores, -1), self.split(self.value(memory)))
        return self.out(mixed.transpose(1, 2).reshape(query.shape))
