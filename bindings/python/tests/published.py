# SPDX-License-Identifier: MIT
"""Networks of other published systems, small or whole, to train as they were
trained: each with the `loss` that the trainer calls. Names are those of their
checkpoints, so that `fill.py` gives them the weights of the golden cases."""
import torch
import torch.nn.functional as F
from torch import Tensor, nn


class StillNorm(nn.BatchNorm1d):
    """Batch normalisation of an encoder that is kept in eval mode."""

    def forward(self, x: Tensor) -> Tensor:
        return F.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias,
                            False, 0.0, self.eps)


class SampleCNN(nn.Module):
    """VCMR's encoder with few channels: [batch, 1, 243] -> [batch, 512]."""

    def __init__(self, norm=nn.BatchNorm1d):
        super().__init__()
        blocks = [nn.Sequential(nn.Conv1d(1, 8, 3, 3), norm(8), nn.ReLU())]
        for before, after in ((8, 8), (8, 8), (8, 16), (16, 16)):
            blocks.append(nn.Sequential(nn.Conv1d(before, after, 3, padding=1), norm(after),
                                        nn.ReLU(), nn.MaxPool1d(3, 3)))
        blocks.append(nn.Sequential(nn.Conv1d(16, 512, 1), norm(512), nn.ReLU()))
        self.all_blocks = nn.Sequential(*blocks)

    def forward(self, x: Tensor) -> Tensor:
        return self.all_blocks(x).squeeze(2)


def projector() -> nn.Sequential:
    return nn.Sequential(nn.Linear(512, 512, bias=False), nn.ReLU(),
                         nn.Linear(512, 16, bias=False))


def nt_xent(a: Tensor, b: Tensor) -> Tensor:
    """Each row of one against its partner in the other and all else."""
    z = F.normalize(torch.cat([a, b]), dim=1, eps=1e-8)
    alike = (z @ z.t()) / 0.1
    alike = alike.masked_fill(torch.eye(z.shape[0], dtype=torch.bool), -1e30)
    partner = torch.arange(z.shape[0]).roll(a.shape[0])
    return F.cross_entropy(alike, partner)


class Contrastive(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = SampleCNN()
        self.projector = projector()

    def forward(self, x: Tensor) -> Tensor:
        return self.projector(self.encoder(x))

    @torch.jit.export
    def loss(self, x_i: Tensor, x_j: Tensor):
        return nt_xent(self.forward(x_i), self.forward(x_j))


class Multimodal(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = SampleCNN()
        self.audio_projector = projector()
        self.video_temporal = nn.LSTM(20, 20, 2, batch_first=True)
        self.video_encoder = nn.Sequential(nn.Flatten(), nn.Linear(60, 512), nn.ReLU())
        self.video_projector = projector()

    def forward(self, x: Tensor) -> Tensor:
        return self.audio_projector(self.encoder(x))

    @torch.jit.export
    def loss(self, x_i: Tensor, video: Tensor):
        seen, _ = self.video_temporal(video)
        return nt_xent(self.forward(x_i), self.video_projector(self.video_encoder(seen)))


class Tagger(nn.Module):
    """Its dropout is in eval mode too."""

    def __init__(self, tags: int):
        super().__init__()
        self.encoder = SampleCNN(StillNorm)
        self.projector = nn.Sequential(nn.Identity(), nn.Linear(512, 128), nn.ReLU(),
                                       nn.Linear(128, tags))

    def forward(self, x: Tensor) -> Tensor:
        return self.projector(self.encoder(x))

    @torch.jit.export
    def loss(self, x_i: Tensor, tags: Tensor):
        return F.binary_cross_entropy_with_logits(self.forward(x_i), tags)


class Block(nn.Module):
    """A basic block of ResNet-18."""

    def __init__(self, before: int, after: int, stride: int):
        super().__init__()
        self.conv1 = nn.Conv2d(before, after, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(after)
        self.conv2 = nn.Conv2d(after, after, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(after)
        self.downsample = nn.Sequential()
        if stride != 1:
            self.downsample = nn.Sequential(nn.Conv2d(before, after, 1, stride, bias=False),
                                            nn.BatchNorm2d(after))

    def forward(self, x: Tensor) -> Tensor:
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + self.downsample(x))


class FTB(nn.Module):
    def __init__(self, channels: int, pool: int, stride: int):
        super().__init__()
        self.conv0 = nn.Conv2d(channels, 128, 1, padding=1, bias=False)
        self.conv1 = nn.Conv2d(128, 128, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(128)
        self.conv2 = nn.Conv2d(128, 128, 3, padding=1, bias=False)
        self.pool = nn.AvgPool2d(pool, stride)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv0(x)
        return self.pool(x + self.conv2(F.relu(self.bn1(self.conv1(x)))))


class FRB(nn.Module):
    def __init__(self, channels: int):
        super().__init__()
        self.fc1 = nn.Linear(channels, 128)
        self.fc2 = nn.Linear(128, 128)

    def forward(self, low: Tensor, high: Tensor) -> Tensor:
        both = torch.cat([low, high], 1).mean([2, 3])
        return low * torch.sigmoid(self.fc2(F.relu(self.fc1(both))))[:, :, None, None]


class Video2Roll(nn.Module):
    """Audeo's: [batch, 5, 100, 900] -> [batch, 51] logits."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(5, 64, 11, 2, 4, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.layer1 = nn.Sequential(Block(64, 64, 1), Block(64, 64, 1))
        self.layer2 = nn.Sequential(Block(64, 128, 2), Block(128, 128, 1))
        self.layer3 = nn.Sequential(Block(128, 256, 2), Block(256, 256, 1))
        self.layer4 = nn.Sequential(Block(256, 512, 2), Block(512, 512, 1))
        self.toplayer = nn.Conv2d(512, 64, 1)
        self.toplayer_bn = nn.BatchNorm2d(64)
        self.FTB2_1, self.FTB2_2 = FTB(128, 2, 2), FTB(128, 2, 2)
        self.FTB3, self.FTB4 = FTB(256, 2, 2), FTB(512, 3, 1)
        self.FRB2, self.FRB3, self.FRB4 = FRB(256), FRB(256), FRB(192)
        self.conv2 = nn.Conv2d(128, 128, 1)
        self.fc = nn.Linear(128, 51)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        second = self.layer2(self.layer1(x))
        third = self.layer3(second)
        fourth = self.layer4(third)
        top = F.relu(self.toplayer_bn(self.toplayer(fourth)))
        p4 = self.FRB4(self.FTB4(fourth), top)
        p3 = self.FRB3(self.FTB3(third), p4)
        p2 = self.FRB2(self.FTB2_2(self.FTB2_1(second)), p3)
        looked = torch.softmax((p2 * p3).flatten(2), 2).reshape(p4.shape)
        return self.fc((p4 + self.conv2(looked * p4)).mean([2, 3]))

    @torch.jit.export
    def loss(self, frames: Tensor, keys: Tensor):
        return F.binary_cross_entropy_with_logits(self.forward(frames), keys)


def down(before: int, after: int, norm: bool = True) -> nn.Sequential:
    layers = [nn.Conv2d(before, after, 3, 1, 1, bias=False)]
    if norm:
        layers.append(nn.BatchNorm2d(after, eps=0.8))
    return nn.Sequential(*layers, nn.LeakyReLU(0.2))


def up(before: int, after: int) -> nn.Sequential:
    return nn.Sequential(nn.ConvTranspose2d(before, after, 3, 1, 1, bias=False),
                         nn.BatchNorm2d(after, eps=0.8), nn.ReLU())


class Step(nn.Module):
    """A layer under the name that it has in the checkpoint."""

    def __init__(self, layers: nn.Sequential):
        super().__init__()
        self.model = layers

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x)


class Generator(nn.Module):
    """Audeo's Roll2Midi without its dropout: [batch, 1, 51, frames] -> the same, 0..1."""

    def __init__(self):
        super().__init__()
        self.down1, self.down2 = Step(down(1, 64, norm=False)), Step(down(64, 128))
        self.down3, self.down4 = Step(down(128, 256)), Step(down(256, 512))
        self.down5, self.down6 = Step(down(512, 1024)), Step(down(1024, 1024))
        self.up1, self.up2, self.up3 = Step(up(1024, 512)), Step(up(1536, 256)), Step(up(768, 128))
        self.up4, self.up5 = Step(up(384, 64)), Step(up(192, 16))
        self.conv1d = nn.Conv2d(80, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        first = self.down1(x)
        second = self.down2(first)
        third = self.down3(second)
        fourth = self.down4(third)
        fifth = self.down5(fourth)
        x = torch.cat([self.up1(self.down6(fifth)), fifth], 1)
        x = torch.cat([self.up2(x), fourth], 1)
        x = torch.cat([self.up3(x), third], 1)
        x = torch.cat([self.up4(x), second], 1)
        return torch.sigmoid(self.conv1d(torch.cat([self.up5(x), first], 1)))


class Look(nn.Module):
    """A convolution whose weights learn nothing while they are `still`."""

    def __init__(self, before: int, after: int, stride: int):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(after, before, 3, 3))
        self.bias = nn.Parameter(torch.zeros(after))
        self.stride = stride

    def forward(self, x: Tensor, still: bool) -> Tensor:
        weight, bias = self.weight, self.bias
        if still:
            weight, bias = weight.detach(), bias.detach()
        return F.conv2d(x, weight, bias, [self.stride, self.stride], [1, 1])


class Judge(nn.Module):
    """Its discriminator: [batch, 1, 51, frames] -> what each patch looks like."""

    def __init__(self):
        super().__init__()
        self.model = nn.ModuleDict({"0": Look(1, 64, 2), "2": Look(64, 128, 2),
                                    "5": Look(128, 256, 2), "8": Look(256, 512, 1),
                                    "11": Look(512, 1, 1)})

    def forward(self, x: Tensor, still: bool) -> Tensor:
        for name, look in self.model.items():
            x = look(x, still)
            if name != "0" and name != "11":
                x = F.instance_norm(x)
            if name != "11":
                x = F.leaky_relu(x, 0.2)
        return x


class Roll2Midi(nn.Module):
    """Generator and discriminator, each with its own loss. Published they take turns, but
    the discriminator judges what the generator gave before its step: so both learn from
    one sum that no gradient crosses. Its value is the first or the second loss alone."""

    def __init__(self, shown: int):
        super().__init__()
        self.generator, self.judge = Generator(), Judge()
        self.shown = shown

    def forward(self, x: Tensor) -> Tensor:
        return self.generator(x)

    @torch.jit.export
    def loss(self, logits: Tensor, roll: Tensor):
        made = self.forward(torch.sigmoid(logits))
        seen = self.judge(made, True)
        losses = torch.stack([
            0.001 * F.mse_loss(seen, torch.ones_like(seen)) + 0.999 * F.mse_loss(made, roll),
            0.5 * (self.judge(roll, False) - 1).square().mean()
            + 0.5 * self.judge(made.detach(), False).square().mean()])
        return losses[self.shown] + losses[1 - self.shown] - losses[1 - self.shown].detach()
