# SPDX-License-Identifier: MIT
"""AV_SVT's video system as one network: AV-HuBERT and its note head, to be
trained together (linear probing, then fine-tuning) and to be run."""
from typing import Optional

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .avhubert import VideoEncoder
from .losses import note_frames_loss


class VideoNotes(nn.Module):
    """Pictures of a mouth [batch, T, 88, 88] -> logits [batch, T, 20], each film
    for itself.

    `output_norm`: the encoder's features to mean 0 and variance 1. AV_SVT trains
    with one mean and one variance for a whole batch, padding and all, and masks
    nothing (`whole_batch`); without it each film is trained as it is run, but for
    batch normalisation, which sees all pictures of a batch in any case, also
    while the encoder's parameters are frozen.
    """

    def __init__(self, encoder: VideoEncoder, output_norm: bool = True,
                 whole_batch: bool = True):
        super().__init__()
        self.output_norm, self.whole_batch = output_norm, whole_batch
        encoder.body.whole_norm = False  # done here
        self.encoder = encoder
        self.head = nn.Linear(encoder.body.width, 20)

    def forward(self, video: Tensor) -> Tensor:
        return self.head(self.alone(video, None))

    def alone(self, video: Tensor, padding: Optional[Tensor]) -> Tensor:
        """Features of each film as if it were the only one."""
        x = self.encoder(video, padding)
        return self.encoder.body.normalised(x, padding) if self.output_norm else x

    def together(self, video: Tensor) -> Tensor:
        """Features of a batch as the published training makes them."""
        x = self.encoder(video)
        return F.layer_norm(x, x.shape, eps=1e-5) if self.output_norm else x

    @torch.jit.export
    def loss(self, video: Tensor, lens: Tensor, anno: Tensor) -> Tensor:
        """The published loss; see ``losses.py``. `lens`: the length of each film
        as share of the longest."""
        if self.whole_batch:
            x = self.together(video)
        else:
            shown = torch.arange(video.shape[1], device=video.device)
            x = self.alone(video, shown >= torch.round(lens * video.shape[1]).unsqueeze(1))
        return note_frames_loss(self.head(x), anno, lens)
