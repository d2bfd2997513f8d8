# SPDX-License-Identifier: MIT
"""AV_SVT's audio system as one network: a speech encoder and its note head,
to be trained together (linear probing, then fine-tuning) and to be run."""
from typing import Optional

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .losses import note_frames_loss
from .spec_augment import SpecAugment
from .speech import SpeechEncoder, filled_until, normalise


class SpeechNotes(nn.Module):
    """Sound [batch, samples] -> logits [batch, T, 20], each sound for itself.

    `input_norm`, `output_norm`: the sound, and the encoder's features, to mean
    0 and variance 1, by torch's layer_norm. AV_SVT trains with one mean and one variance for a whole
    batch, padding and all, and knows no lengths (`whole_batch`); without it
    each sound is trained as it is run. `drops` changes the features in
    training.
    """

    def __init__(self, encoder: SpeechEncoder, width: int, input_norm: bool = True,
                 output_norm: bool = True, whole_batch: bool = True,
                 drops: Optional[SpecAugment] = None):
        super().__init__()
        self.input_norm, self.output_norm = input_norm, output_norm
        self.whole_batch = whole_batch
        encoder.input_epsilon, encoder.output_norm = 0.0, False  # done here
        self.encoder = encoder
        self.drops = drops or SpecAugment()
        self.head = nn.Linear(width, 20)

    def forward(self, samples: Tensor) -> Tensor:
        return self.head(self.alone(samples, None))

    def alone(self, samples: Tensor, lengths: Optional[Tensor]) -> Tensor:
        """Features of each sound as if it were the only one."""
        if self.input_norm:
            sound = None if lengths is None else filled_until(lengths, samples.shape[1])
            samples = normalise(samples, sound, 1e-5)
        x = self.encoder(samples, lengths)
        if self.output_norm:
            filled: Optional[Tensor] = None
            if lengths is not None:
                filled = filled_until(self.encoder.frames(lengths), x.shape[1]).unsqueeze(2)
            x = normalise(x, filled, 1e-5)
        return x

    def together(self, samples: Tensor) -> Tensor:
        """Features of a batch as the published training makes them."""
        if self.input_norm:
            samples = F.layer_norm(samples, samples.shape, eps=1e-5)
        x = self.encoder(samples)
        return F.layer_norm(x, x.shape, eps=1e-5) if self.output_norm else x

    @torch.jit.export
    def loss(self, samples: Tensor, lengths: Tensor, lens: Tensor, anno: Tensor) -> Tensor:
        """The published loss; see ``losses.py``. `lengths`: samples of each
        sound, `lens`: the same as share of the longest."""
        x = self.together(samples) if self.whole_batch else self.alone(samples, lengths)
        return note_frames_loss(self.head(self.drops(x)), anno, lens)
