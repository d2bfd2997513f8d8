# SPDX-License-Identifier: MIT
"""A small network that hears and sees a singer: the demonstration of
recipes/sight. Its parts become the model files of a pipeline: sound, sight,
fusion, head. Either sense may be missing: zeros stand in the place of its
features, and training goes through all three cases.
"""
from typing import Tuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .frontend import MEL_BANDS, FrontEnd
from .fusion import fit
from .losses import frames_loss
from .notes import PitchBranch, TimeBlock

SEMITONES = 50  # that the pitch branch tells apart


class Hearing(nn.Module):
    """Sound -> features [batch, T, width + 50], T = samples // 320 + 1: what
    the note network knows before its recurrent layers, as it is (its
    normalisation is folded into its weights, see :func:`fold`), with which
    semitones sound."""

    def __init__(self, channels: int = 16, width: int = 96):
        super().__init__()
        self.features = width + SEMITONES
        self.front = FrontEnd()
        self.pitch = PitchBranch(channels, width)
        self.timing_near = TimeBlock(2 * MEL_BANDS, width, 5)
        self.timing_wide = TimeBlock(width, width, 3)
        self.joint = TimeBlock(width + width // 3 + width // 4, width, 3)

    def layers(self, samples: Tensor) -> Tuple[Tensor, Tensor]:
        pitch, lags, timing = self.front(samples)
        _, semitone, of_pitch = self.pitch((pitch + 6.0) / 2.0, lags * 2.0)
        of_time = self.timing_wide(self.timing_near(((timing + 6.0) / 2.0).transpose(1, 2)))
        joint = self.joint(torch.cat([of_time, of_pitch], 1)).transpose(1, 2)
        return joint, torch.softmax(semitone, -1) * 4.0

    def forward(self, samples: Tensor) -> Tensor:
        joint, semitones = self.layers(samples)
        return torch.cat([joint, semitones], 2)


class HearingAll(Hearing):
    """The same of the whole note network but its last linear layer, as the
    published encoders are used: [batch, T, 2 * memory + 50]."""

    def __init__(self, channels: int = 16, width: int = 96, memory: int = 80, depth: int = 2):
        super().__init__(channels, width)
        self.features = 2 * memory + SEMITONES
        self.gru = nn.GRU(width, memory, depth, batch_first=True, bidirectional=True)

    def forward(self, samples: Tensor) -> Tensor:
        joint, semitones = self.layers(samples)
        state, _ = self.gru(joint)
        return torch.cat([state, semitones], 2)


def fold(network: nn.Module) -> None:
    """Batch normalisation into the convolution before it, in all blocks that
    have both, so that training does not change it."""
    for block in list(network.modules()):
        norm = getattr(block, "norm", None)
        if norm is None or isinstance(norm, nn.Identity):
            continue
        name = "conv" if hasattr(block, "conv") else "point"
        conv = getattr(block, name)
        scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        with torch.no_grad():
            conv.weight.mul_(scale.reshape(-1, *[1] * (conv.weight.ndim - 1)))
            conv.bias = nn.Parameter(norm.bias - norm.running_mean * scale)
        block.norm = nn.Identity()


class Seeing(nn.Module):
    """Pictures of a mouth [batch, P, 88, 88] -> features [batch, P, width]."""

    def __init__(self, channels: int, width: int):
        super().__init__()
        self.conv1 = nn.Conv2d(1, channels, 4, 2, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, 2 * channels, 3, 2, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(2 * channels)
        self.flat = nn.Linear(36 * 2 * channels, width)
        self.near = TimeBlock(width, width, 5)
        self.wide = TimeBlock(width, width, 5)

    def forward(self, video: Tensor) -> Tensor:
        batch, count = video.shape[0], video.shape[1]
        x = F.avg_pool2d(video.flatten(0, 1)[:, None], 4)
        # Light and contrast of each picture go.
        x = x - x.mean([2, 3], keepdim=True)
        x = x / (x.square().mean([2, 3], keepdim=True) + 1e-4).sqrt()
        x = F.relu(self.norm1(self.conv1(x)))
        x = F.relu(self.norm2(self.conv2(x)))
        x = self.flat(x.flatten(1)).reshape(batch, count, -1)
        return self.wide(self.near(x.transpose(1, 2))).transpose(1, 2)


class Around(nn.Module):
    """What is so many frames before and after, added to what is there."""

    def __init__(self, width: int, dilation: int):
        super().__init__()
        self.conv = nn.Conv1d(width, width, 5, padding=2 * dilation, dilation=dilation,
                              bias=False)
        self.norm = nn.BatchNorm1d(width)

    def forward(self, x: Tensor) -> Tensor:
        return x + F.relu(self.norm(self.conv(x)))


class GatedFusion(nn.Module):
    """Each value of both streams passes a gate, and all of the sound one more:
    they look at both over 0.9 s to each side, since a frame tells little of
    whether the voice is heard. What passes goes through convolutions over 0.6 s
    to each side. Out come their answer and what passed."""

    def __init__(self, audio: int, video: int, hidden: int):
        super().__init__()
        self.look = nn.Sequential(TimeBlock(audio + video, hidden, 3), Around(hidden, 1),
                                  Around(hidden, 4), Around(hidden, 16))
        self.gate = nn.Linear(hidden, audio + video)
        self.heard = nn.Linear(hidden, 1)
        self.first = TimeBlock(audio + video, hidden, 3)
        self.around = nn.Sequential(Around(hidden, 1), Around(hidden, 2), Around(hidden, 4),
                                    Around(hidden, 8))

    def forward(self, audio: Tensor, video: Tensor) -> Tensor:
        video = fit(video, audio.shape[1])
        looked = self.look(torch.cat([audio, video], 2).transpose(1, 2)).transpose(1, 2)
        audio = audio * torch.sigmoid(self.heard(looked))
        passed = torch.cat([audio, video], 2) * torch.sigmoid(self.gate(looked))
        over_time = self.around(self.first(passed.transpose(1, 2)))
        return torch.cat([over_time.transpose(1, 2), passed], 2)


class SightNetwork(nn.Module):
    """``forward(samples [batch, n], video [batch, P, 88, 88])`` gives logits
    [batch, T, 20] in the published layout. `ear` is of a note network, `seen`
    the width of what is seen."""

    def __init__(self, ear: Hearing, seen: int = 48, hidden: int = 48):
        super().__init__()
        self.audio = ear
        fold(self.audio)
        self.video = Seeing(12, seen)
        self.fusion = GatedFusion(ear.features, seen, hidden)
        self.head = nn.Linear(hidden + ear.features + seen, 20)

    def forward(self, samples: Tensor, video: Tensor) -> Tensor:
        return self.head(self.fusion(self.audio(samples), self.video(video)))

    @torch.jit.export
    def loss(self, samples: Tensor, video: Tensor, onset: Tensor, silence: Tensor,
             pitch: Tensor) -> Tensor:
        """The sum over sound and sight, sound alone and sight alone, which
        tells little of pitch. The sound's own branch does not train."""
        with torch.no_grad():
            heard = self.audio(samples)
        # Half of the films are shown mirrored, as AV_SVT does.
        mirrored = torch.rand([video.shape[0], 1, 1, 1], device=video.device) < 0.5
        video = torch.where(mirrored, video.flip([3]), video)
        seen = fit(self.video(video), heard.shape[1])
        logits = self.head(self.fusion(
            torch.cat([heard, heard, torch.zeros_like(heard)]),
            torch.cat([seen, torch.zeros_like(seen), seen])))
        both, blind, deaf = logits.chunk(3)
        of_both = frames_loss(both, onset, silence, pitch)
        of_sound = frames_loss(blind, onset, silence, pitch)
        of_sight = frames_loss(deaf, onset, silence, pitch)
        return (of_both + of_sound + of_sight)[0] + 0.4 * (of_both + of_sound)[1] \
            + 0.04 * of_sight[1]
