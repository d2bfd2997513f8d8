# SPDX-License-Identifier: MIT
"""Losses, scriptable: the published systems', whose lengths are relative (each item's
share of the longest in its batch), and at the end those of our own networks' frames."""
from typing import Tuple

import torch
import torch.nn.functional as F
from torch import Tensor


def _cut(frames: int, labels: int) -> int:
    """The common length: the longer of both is cut at its end."""
    if abs(frames - labels) > 3:
        raise ValueError("outputs and labels differ by more than 3 frames")
    return min(frames, labels)


def _mask(lens: Tensor, frames: int) -> Tensor:
    """1.0 for the frames of an item, 0.0 behind its end; [batch, frames]."""
    index = torch.arange(frames, device=lens.device, dtype=lens.dtype)
    return (index.unsqueeze(0) < (lens * frames).unsqueeze(1)).to(lens.dtype)


def note_frames_terms(logits: Tensor, anno: Tensor, lens: Tensor) -> Tuple[Tensor, Tensor]:
    """AV_SVT's loss of each frame: [4, batch, T], the terms onset, offset
    (silence), octave and pitch class, zero behind an item's end, and the mask
    [batch, T].

    `logits` [batch, T, 20], `anno` [batch, T', 4] whole numbers.
    """
    frames = _cut(logits.shape[1], anno.shape[1])
    logits, anno = logits[:, :frames], anno[:, :frames]
    mask = _mask(lens, frames)
    positive = torch.full([1], 15.0, dtype=logits.dtype, device=logits.device)
    onset = F.binary_cross_entropy_with_logits(
        logits[:, :, 0], anno[:, :, 0].to(logits.dtype), pos_weight=positive, reduction="none")
    offset = F.binary_cross_entropy_with_logits(
        logits[:, :, 1], anno[:, :, 1].to(logits.dtype), reduction="none")
    octave = F.cross_entropy(logits[:, :, 2:7].transpose(1, 2), anno[:, :, 2], reduction="none")
    pitch = F.cross_entropy(logits[:, :, 7:20].transpose(1, 2), anno[:, :, 3], reduction="none")
    return torch.stack([onset, offset, octave, pitch]) * mask, mask


def note_frames_loss(logits: Tensor, anno: Tensor, lens: Tensor) -> Tensor:
    """AV_SVT's loss: the sum of four terms, each a mean over the frames of the
    batch that are not padding."""
    terms, mask = note_frames_terms(logits, anno, lens)
    return terms.sum() / mask.sum()


def ctc_loss(logits: Tensor, tokens: Tensor, lens: Tensor, token_lens: Tensor) -> Tensor:
    """MM_ALT's CTC loss: blank 0, each item divided by its number of tokens;
    an item with too few frames counts 0."""
    return F.ctc_loss(torch.log_softmax(logits, 2).transpose(0, 1), tokens,
                      torch.round(lens * logits.shape[1]).long(),
                      torch.round(token_lens * tokens.shape[1]).long(),
                      blank=0, reduction="mean", zero_infinity=True)


def sequence_loss(logits: Tensor, tokens: Tensor, lens: Tensor,
                  smoothing: float = 0.1) -> Tensor:
    """MM_ALT's loss of the next token, with label smoothing."""
    steps = _cut(logits.shape[1], tokens.shape[1])
    log_p = torch.log_softmax(logits[:, :steps], 2)
    mask = _mask(lens, steps)
    hit = -torch.gather(log_p, 2, tokens[:, :steps].unsqueeze(2)).squeeze(2)
    regular = (log_p.mean(2) * mask).sum() / mask.sum()
    return (1.0 - smoothing) * (hit * mask).sum() / mask.sum() - smoothing * regular


def lyrics_loss(ctc_logits: Tensor, sequence_logits: Tensor, tokens: Tensor,
                tokens_eos: Tensor, lens: Tensor, token_lens: Tensor,
                eos_lens: Tensor) -> Tensor:
    """MM_ALT's loss: 0.2 of CTC and 0.8 of the sequence loss."""
    return (0.2 * ctc_loss(ctc_logits, tokens, lens, token_lens)
            + 0.8 * sequence_loss(sequence_logits, tokens_eos, eos_lens))


def is_sung(pitch: Tensor) -> Tensor:
    """Where the pitch has a place in the published layout."""
    return (pitch > 35.5) & (pitch < 83.5)


def frames_loss(logits: Tensor, onset: Tensor, silence: Tensor, pitch: Tensor) -> Tensor:
    """[2]: of onset and silence, and of octave and pitch class, from logits
    [batch, T, 20] in the published layout; the targets are ``NoteNetwork.loss``'s."""
    on = F.binary_cross_entropy_with_logits(
        logits[:, :, 0], onset,
        pos_weight=torch.full([1], 6.0, dtype=onset.dtype, device=onset.device))
    quiet = F.binary_cross_entropy_with_logits(logits[:, :, 1], silence)
    sung = is_sung(pitch)
    note = torch.round(pitch).long().clamp(36, 83) - 36
    octave = torch.where(sung, torch.div(note, 12, rounding_mode="floor"),
                         torch.full_like(note, 4))
    pitch_class = torch.where(sung, note % 12, torch.full_like(note, 12))
    of_pitch = (F.cross_entropy(logits[:, :, 2:7].flatten(0, 1), octave.flatten())
                + F.cross_entropy(logits[:, :, 7:20].flatten(0, 1), pitch_class.flatten()))
    return torch.stack([on + quiet, of_pitch])
