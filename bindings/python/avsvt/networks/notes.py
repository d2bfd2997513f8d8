# SPDX-License-Identifier: MIT
"""The note network of the compiled-in model: sound -> note frames.

Native family ``harmonic-gru-1``: only framing, Fourier transform, matrix
product, convolution, batch normalisation (which folds), softmax and GRU.
"""
from typing import Tuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .frontend import FINE_BINS, HARMONIC_SHIFTS, MEL_BANDS, FrontEnd
from .losses import frames_loss, is_sung


class TimeBlock(nn.Module):
    """Convolution over time, batch normalisation, ReLU. ``live``: over rows up
    to the present one."""

    def __init__(self, inputs: int, outputs: int, kernel: int, live: bool = False):
        super().__init__()
        self.before = kernel - 1 if live else 0
        self.conv = nn.Conv1d(inputs, outputs, kernel,
                              padding=0 if live else kernel // 2, bias=False)
        self.norm = nn.BatchNorm1d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        if self.before > 0:
            x = F.pad(x, [self.before, 0])
        return F.relu(self.norm(self.conv(x)))


class FoldBlock(nn.Module):
    """Harmonic channels in, thirds of semitones folded to semitones."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, (1, 9), stride=(1, 3),
                              padding=(0, 3), bias=False)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.norm(self.conv(x)))


class PlaneBlock(nn.Module):
    """Residual block over time and pitch: a depthwise convolution, then one
    that mixes channels. ``live``: over rows up to the present one."""

    def __init__(self, channels: int, times: int, pitches: int, dilation: int,
                 live: bool = False):
        super().__init__()
        self.before = dilation * (times - 1) if live else 0
        both = 0 if live else dilation * (times // 2)
        self.depth = nn.Conv2d(channels, channels, (times, pitches),
                               padding=(both, pitches // 2),
                               dilation=(dilation, 1), groups=channels, bias=False)
        self.point = nn.Conv2d(channels, channels, 1, bias=False)
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        seen = F.pad(x, [0, 0, self.before, 0]) if self.before > 0 else x
        return x + F.relu(self.norm(self.point(self.depth(seen))))


class PitchBranch(nn.Module):
    """Which pitch sounds in each frame, and what the time branch should know
    of it."""

    def __init__(self, channels: int, width: int, live: bool = False):
        super().__init__()
        self.fold = FoldBlock(len(HARMONIC_SHIFTS) + 2, channels)
        self.near = PlaneBlock(channels, 5, 5, 1, live)
        self.wide = PlaneBlock(channels, 5, 3, 2, live)
        self.fine = nn.Conv2d(channels, 3, (1, 3), padding=(0, 1))
        self.semitone = nn.Conv2d(channels, 1, (1, 3), padding=(0, 1))
        self.posterior = TimeBlock(FINE_BINS, width // 3, 3, live)
        self.summary = TimeBlock(2 * channels, width // 4, 3, live)

    def forward(self, pitch: Tensor, lags: Tensor) -> Tuple[Tensor, Tensor, Tensor]:
        # The spectrum shifted so that harmonics 1 to 6 of a bin's pitch lie
        # over the bin; beside them the autocorrelation at one and two periods.
        planes = torch.stack([
            pitch[:, :, 0:150], pitch[:, :, 36:186], pitch[:, :, 57:207],
            pitch[:, :, 72:222], pitch[:, :, 84:234], pitch[:, :, 93:243],
            lags[:, :, 36:186], lags[:, :, 0:150]], 1)
        plane = self.wide(self.near(self.fold(planes)))  # batch, channel, time, semitone
        fine = self.fine(plane).permute(0, 2, 3, 1).flatten(2)
        semitone = self.semitone(plane)[:, 0]
        summary = self.summary(torch.cat([plane.mean(3), plane.amax(3)], 1))
        posterior = self.posterior(torch.softmax(fine, -1).transpose(1, 2) * 5.0)
        return fine, semitone, torch.cat([posterior, summary], 1)


class NoteNetwork(nn.Module):
    """Sound -> note frames.

    ``forward(samples float32 [batch, n])`` gives ``(logits [batch, T, 20],
    fine [batch, T, 150], offset [batch, T])`` with ``T = n // 320 + 1``: the
    published layout (onset, silence, octaves C2..C5 and none, classes C..B and
    none), fine pitch in thirds of a semitone from MIDI 34.67, and a logit for
    the end of a note.

    With a ``lookahead`` of 1 or more frames the network is the live one (native
    family ``harmonic-gru-live-1``): frame i is answered when the sound is known
    up to sample ``320 * (i + lookahead)``. Everything in it then looks back
    only, and the answers are taken that many rows later.
    """

    def __init__(self, channels: int = 16, width: int = 96, hidden: int = 80,
                 layers: int = 2, dropout: float = 0.1, lookahead: int = 0):
        super().__init__()
        live = lookahead > 0
        self.skipped = lookahead - 1 if live else 0  # rows before the first frame
        self.front = FrontEnd(lookahead)
        self.pitch = PitchBranch(channels, width, live)
        self.timing_near = TimeBlock(2 * MEL_BANDS, width, 5, live)
        self.timing_wide = TimeBlock(width, width, 3, live)
        self.joint = TimeBlock(width + width // 3 + width // 4, width, 3, live)
        self.dropout = nn.Dropout(dropout)
        self.gru = nn.GRU(width, hidden, layers, batch_first=True, bidirectional=not live,
                          dropout=dropout if layers > 1 else 0.0)
        # onset, silence, no pitch, offset
        self.heads = nn.Linear(hidden if live else 2 * hidden, 4)

    def forward(self, samples: Tensor) -> Tuple[Tensor, Tensor, Tensor]:
        pitch, lags, timing = self.front(samples)
        return self.body(pitch, lags, timing)

    def body(self, pitch: Tensor, lags: Tensor,
             timing: Tensor) -> Tuple[Tensor, Tensor, Tensor]:
        """The trained part, from the front end's views. The constants bring
        the views to about unit size."""
        timing = ((timing + 6.0) / 2.0).transpose(1, 2)
        fine, semitone, of_pitch = self.pitch((pitch + 6.0) / 2.0, lags * 2.0)
        of_time = self.timing_wide(self.timing_near(timing))
        joint = self.dropout(self.joint(torch.cat([of_time, of_pitch], 1)))
        state, _ = self.gru(joint.transpose(1, 2))
        heads = self.heads(self.dropout(state))

        # Octave and class are two sums over the same 48 semitones; the lowest
        # and the highest semitone only catch what lies outside.
        grid = semitone[:, :, 1:49].reshape(semitone.shape[0], semitone.shape[1], 4, 12)
        none = heads[:, :, 2:3]
        logits = torch.cat([heads[:, :, 0:2], torch.logsumexp(grid, 3), none,
                            torch.logsumexp(grid, 2), none], 2)
        return (logits[:, self.skipped:], fine[:, self.skipped:],
                heads[:, self.skipped:, 3])

    @torch.jit.export
    def loss(self, samples: Tensor, onset: Tensor, silence: Tensor, pitch: Tensor,
             offset: Tensor) -> Tensor:
        """Loss against frame targets, each [batch, T] (see ``targets.py``):
        soft onset and offset, silence 0 or 1, pitch as MIDI number or below 0
        where nothing is sung."""
        logits, fine, offset_logit = self.forward(samples)
        of_frames = frames_loss(logits, onset, silence, pitch)
        off = F.binary_cross_entropy_with_logits(
            offset_logit, offset,
            pos_weight=torch.full([1], 4.0, dtype=onset.dtype, device=onset.device))

        # Gaussian of 30 cents around the sung pitch, only where there is one,
        # but averaged over all frames so that silence does not weigh more.
        bins = torch.arange(fine.shape[2], dtype=fine.dtype, device=fine.device) / 3.0
        distance = (bins + (35.0 - 1.0 / 3.0) - pitch.unsqueeze(2)) / 0.3
        target = torch.softmax(-0.5 * distance * distance, 2)
        misfit = -(target * torch.log_softmax(fine, 2)).sum(2)
        sung = is_sung(pitch)
        finely = torch.where(sung, misfit, torch.zeros_like(misfit)).mean()
        return of_frames[0] + 0.5 * off + 0.4 * (of_frames[1] + finely)
