# SPDX-License-Identifier: MIT
"""AV-HuBERT straight from a checkpoint's entries, in double precision and
with nothing but functions of PyTorch: what an export is compared with."""
import torch
import torch.nn.functional as F
from torch import Tensor

from .types import State, Told


class Source:
    """`state` has fairseq's names; `config` is that of the exporter."""

    def __init__(self, state: State, config: Told):
        self.state = {name: value.double() for name, value in state.items()
                      if value.is_floating_point()}
        self.config = config

    def linear(self, x: Tensor, name: str) -> Tensor:
        return F.linear(x, self.state[f"{name}.weight"], self.state[f"{name}.bias"])

    def norm(self, x: Tensor, name: str) -> Tensor:
        weight = self.state[f"{name}.weight"]
        return F.layer_norm(x, weight.shape, weight, self.state[f"{name}.bias"])

    def batch_norm(self, x: Tensor, name: str) -> Tensor:
        mean, variance, weight, bias = (self.state[f"{name}.{key}"] for key in
                                        ("running_mean", "running_var", "weight", "bias"))
        return F.batch_norm(x, mean, variance, weight, bias)

    def block(self, x: Tensor, name: str, stride: int) -> Tensor:
        y = F.conv2d(x, self.state[f"{name}.conv1.weight"], stride=stride, padding=1)
        y = F.prelu(self.batch_norm(y, f"{name}.bn1"), self.state[f"{name}.relu1.weight"])
        y = F.conv2d(y, self.state[f"{name}.conv2.weight"], padding=1)
        y = self.batch_norm(y, f"{name}.bn2")
        if f"{name}.downsample.0.weight" in self.state:
            x = F.conv2d(x, self.state[f"{name}.downsample.0.weight"], stride=stride)
            x = self.batch_norm(x, f"{name}.downsample.1")
        return F.prelu(x + y, self.state[f"{name}.relu2.weight"])

    def video(self, frames: Tensor) -> Tensor:
        """Normalised frames [batch, T, height, width] -> [batch, T, width]."""
        at = "feature_extractor_video.resnet."
        x = F.conv3d(frames[:, None].double(), self.state[at + "frontend3D.0.weight"],
                     stride=(1, 2, 2), padding=(2, 3, 3))
        x = self.batch_norm(x, at + "frontend3D.1")
        x = F.prelu(x, self.state[at + "frontend3D.2.weight"])
        x = F.max_pool3d(x, (1, 3, 3), (1, 2, 2), (0, 1, 1))
        batch, time = x.shape[0], x.shape[2]
        x = x.transpose(1, 2).flatten(0, 1)
        for stage in range(1, 5):
            for block in range(2):
                x = self.block(x, f"{at}trunk.layer{stage}.{block}",
                               2 if stage > 1 and block == 0 else 1)
        return self.linear(x.mean((2, 3)).view(batch, time, -1), "feature_extractor_video.proj")

    def attention(self, x: Tensor, name: str) -> Tensor:
        heads = self.config["heads"]
        split = [self.linear(x, f"{name}.{part}_proj").unflatten(2, (heads, -1)).transpose(1, 2)
                 for part in "qkv"]
        scores = split[0] @ split[1].transpose(2, 3) / split[0].shape[3] ** 0.5
        mixed = scores.softmax(3) @ split[2]
        return self.linear(mixed.transpose(1, 2).flatten(2), f"{name}.out_proj")

    def layer(self, x: Tensor, name: str) -> Tensor:
        def feed(y: Tensor) -> Tensor:
            return self.linear(F.gelu(self.linear(y, f"{name}.fc1")), f"{name}.fc2")

        def first(y: Tensor) -> Tensor:
            return self.norm(y, f"{name}.self_attn_layer_norm")

        def last(y: Tensor) -> Tensor:
            return self.norm(y, f"{name}.final_layer_norm")

        if self.config["norm_first"]:
            x = x + self.attention(first(x), f"{name}.self_attn")
            return x + feed(last(x))
        x = first(x + self.attention(x, f"{name}.self_attn"))
        return last(x + feed(x))

    def body(self, audio: Tensor, video: Tensor) -> Tensor:
        """Halves [batch, T, width] -> features."""
        x = self.linear(self.norm(torch.cat([audio, video], 2), "layer_norm"),
                        "post_extract_proj")
        g, v = (self.state[f"encoder.pos_conv.0.weight_{part}"] for part in "gv")
        weight = g * v / v.square().sum((0, 1), keepdim=True).sqrt()
        place = F.conv1d(x.transpose(1, 2), weight, self.state["encoder.pos_conv.0.bias"],
                         padding=weight.shape[2] // 2, groups=x.shape[2] // weight.shape[1])
        x = x + F.gelu(place[:, :, :x.shape[1]]).transpose(1, 2)
        first, upto = self.config["norm_first"], self.config["upto"]
        if not first:
            x = self.norm(x, "encoder.layer_norm")
        for i in range(upto or self.config["layers"]):
            x = self.layer(x, f"encoder.layers.{i}")
        if first and not upto:
            x = self.norm(x, "encoder.layer_norm")
        if self.config["whole_norm"]:
            x = F.layer_norm(x, x.shape)  # of one item
        return x.float()

    def audio(self, rows: Tensor) -> Tensor:
        """Normalised spectra [batch, T, 104] -> [batch, T, width]."""
        return self.linear(rows.double(), "feature_extractor_audio.proj")
