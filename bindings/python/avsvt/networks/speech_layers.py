# SPDX-License-Identifier: MIT
"""The transformer layers of the speech encoders in ``speech.py``."""
import math
from typing import List, Optional

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .attention import Heads

# Attention runs over blocks of queries so that the scores of one block stay
# at about this many values: memory grows with the length, not its square.
SCORES = 1 << 22


def is_left_out(training: bool, probability: float) -> bool:
    """Whether a layer is passed by this time: layer drop, in training only. Drawn on
    the CPU wherever the network is: it would wait there for all that a GPU has to do."""
    return (training and probability > 0.0
            and bool(torch.rand(1, device="cpu").item() < probability))


class RelativePositions(nn.Module):
    """WavLM's bias of attention: one value per head and bucketed distance,
    shared by all layers."""

    def __init__(self, heads: int, buckets: int, farthest: int):
        super().__init__()
        self.buckets = buckets // 2  # one half for each direction
        self.farthest = farthest
        self.values = nn.Embedding(buckets, heads)

    def forward(self, time: int) -> Tensor:
        """[heads, 2 time - 1]: the bias at distances 1 - time .. time - 1."""
        distance = torch.arange(1 - time, time, device=self.values.weight.device)
        exact = self.buckets // 2
        far = torch.log(distance.abs().float() / exact)
        far = far / math.log(self.farthest / exact) * (self.buckets - exact)
        # Distance 0 gives -inf here, but is among the near ones.
        far = (exact + far.clamp(min=0.0)).to(torch.long).clamp(max=self.buckets - 1)
        bucket = torch.where(distance.abs() < exact, distance.abs(), far)
        bucket = bucket + (distance > 0).to(torch.long) * self.buckets
        return self.values(bucket).t()


class Gate(nn.Module):
    """How much of the relative positions each query of each head takes."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.linear = nn.Linear(width // heads, 8)
        self.scale = nn.Parameter(torch.ones(heads, 1))

    def forward(self, x: Tensor) -> Tensor:
        """[batch, heads, time, width of a head] -> [batch, heads, time, 1]"""
        pairs = self.linear(x)
        pairs = torch.sigmoid(pairs.reshape(x.shape[0], x.shape[1], x.shape[2], 2, 4).sum(4))
        gates = pairs[:, :, :, 0] * (pairs[:, :, :, 1] * self.scale - 1.0) + 2.0
        return gates.unsqueeze(3)


def attend_in_blocks(q: Tensor, k: Tensor, v: Tensor, gates: Optional[Tensor],
                     distances: Optional[Tensor], filled: Optional[Tensor], scale: float,
                     dropout: float, most_scores: int) -> Tensor:
    """What the queries find, each [batch, heads, time, width of a head]; the other
    arguments are SelfAttention's."""
    time = q.shape[2]
    q, k = q * scale, k.transpose(2, 3)
    block = max(64, most_scores // (q.shape[0] * q.shape[1] * time))
    mixed: List[Tensor] = []
    for first in range(0, time, block):
        last = min(time, first + block)
        scores = torch.matmul(q[:, :, first:last], k)
        if gates is not None and distances is not None:
            # Row i of the bias is distances[time - 1 - i .. 2 time - 2 - i].
            rows = torch.arange(time - 1 - first, time - 1 - last, -1, device=q.device)
            bias = distances.unfold(1, time, 1).index_select(1, rows)
            scores = scores + gates[:, :, first:last] * bias
        if filled is not None:
            scores = scores + filled[:, None, None, :]
        weights = torch.dropout(torch.softmax(scores, -1), dropout, True)
        mixed.append(torch.matmul(weights, v))
    return torch.cat(mixed, 2) if len(mixed) > 1 else mixed[0]


def attend(q: Tensor, k: Tensor, v: Tensor, filled: Optional[Tensor], scale: float,
           dropout: float, most_scores: int) -> Tensor:
    """Without gates. On a GPU the library puts libtorch's own attention in its place,
    which TorchScript of 1.13 could not read: it knows this by name and arguments."""
    return attend_in_blocks(q, k, v, None, None, filled, scale, dropout, most_scores)


class SelfAttention(Heads):
    """Multi-head attention of a sequence to itself; `gated` as in WavLM."""

    def __init__(self, width: int, heads: int, dropout: float, gated: bool):
        super().__init__(width, heads)
        self.dropout = dropout
        self.most_scores = SCORES
        self.gate = Gate(width, heads) if gated else None

    def forward(self, x: Tensor, distances: Optional[Tensor],
                filled: Optional[Tensor]) -> Tensor:
        """`distances`: what RelativePositions gives; `filled` [batch, time] is
        0 where there is sound and -inf where there is only padding."""
        q, k, v = self.split(self.query(x)), self.split(self.key(x)), self.split(self.value(x))
        dropout = self.dropout if self.training else 0.0
        if self.gate is None:
            found = attend(q, k, v, filled, self.scale, dropout, self.most_scores)
        else:
            found = attend_in_blocks(q, k, v, self.gate(self.split(x)), distances, filled,
                                     self.scale, dropout, self.most_scores)
        return self.out(found.transpose(1, 2).reshape(x.shape))


class Layer(nn.Module):
    """Attention and two linear layers, each added to what came in; normalised
    before (`norm_first`) or after."""

    def __init__(self, width: int, heads: int, inner: int, norm_first: bool,
                 gated: bool, epsilon: float, dropout: float, attention_dropout: float,
                 inner_dropout: float):
        super().__init__()
        self.norm_first = norm_first
        self.attention = SelfAttention(width, heads, attention_dropout, gated)
        self.attention_norm = nn.LayerNorm(width, eps=epsilon)
        self.inner = nn.Linear(width, inner)
        self.outer = nn.Linear(inner, width)
        self.norm = nn.LayerNorm(width, eps=epsilon)
        self.dropout = nn.Dropout(dropout)
        self.inner_dropout = nn.Dropout(inner_dropout)

    def feed_forward(self, x: Tensor) -> Tensor:
        return self.dropout(self.outer(self.inner_dropout(F.gelu(self.inner(x)))))

    def forward(self, x: Tensor, distances: Optional[Tensor],
                filled: Optional[Tensor]) -> Tensor:
        if self.norm_first:
            x = x + self.dropout(self.attention(self.attention_norm(x), distances, filled))
            return x + self.feed_forward(self.norm(x))
        x = self.attention_norm(x + self.dropout(self.attention(x, distances, filled)))
        return self.norm(x + self.feed_forward(x))
