# SPDX-License-Identifier: MIT
"""AV_SVT's video system as one network: trained as published, and taken apart again."""
import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from avsvt.export import avhubert  # noqa: E402
from avsvt.export.__main__ import main as export  # noqa: E402
from avsvt.networks import avhubert as network  # noqa: E402
from avsvt.networks.lips import Lips  # noqa: E402
from encoders import run  # noqa: E402
from golden import Case, reference  # noqa: E402, F401
from test_avhubert import fairseq, gen, normalised, pictures  # noqa: E402, F401
from test_training import exported, job  # noqa: E402

STILL = {"dropout": 0.0, "attention_dropout": 0.0, "activation_dropout": 0.0,
         "dropout_input": 0.0, "encoder_layerdrop": 0.0}
NORMS = (torch.nn.BatchNorm2d, torch.nn.BatchNorm3d)


@pytest.fixture(scope="session")
def damped(reference, tmp_path_factory):  # noqa: F811
    """The small case's checkpoint, whose options name the gradient's factor."""
    path = tmp_path_factory.mktemp("damped") / "small.pt"
    case = Case(reference, "avhubert", "small_video")
    torch.save(fairseq(case.weights(), encoder_attention_heads=4, feature_grad_mult=0.1, **STILL),
               path)
    return path


def encoder_of(path, **more):
    """The encoder of a checkpoint as it is trained, and its configuration."""
    state, told = avhubert.load(str(path))
    config = {**avhubert.configuration(state, told, None, str(path)),
              **avhubert.training(told, str(path)), **more}
    encoder = network.VideoEncoder(network.Body(**config))
    avhubert.fill(encoder, state, config["layers"], str(path))
    return encoder.train(), state


def published_norms(encoder, state):
    """Gradient norms under the published names. The convolution of positions has a gain
    and a direction there, through which its gradient goes on."""
    found = {avhubert.theirs(name): parameter.grad
             for name, parameter in encoder.named_parameters() if parameter.grad is not None}
    at = "encoder.pos_conv.0.weight"
    g, v = (state[f"{at}_{part}"].clone().requires_grad_() for part in "gv")
    (g * v / v.norm(dim=(0, 1), keepdim=True)).backward(found.pop(at))
    found |= {f"{at}_g": g.grad, f"{at}_v": v.grad}
    return {name: gradient.norm().item() for name, gradient in found.items()}


def scalar(features):
    """What the case takes the gradient of."""
    place = torch.arange(1, features.shape[1] + 1)[:, None]
    return (features.square() * place).mean()


def golden_gradient(reference, gen):  # noqa: F811
    about = json.loads((reference / "avhubert/golden/small_gradient.json").read_text())
    return about, torch.from_numpy(normalised(pictures(gen, 7, 3)))[None]


def test_gradients_are_the_published_ones(reference, gen, damped):  # noqa: F811
    about, frames = golden_gradient(reference, gen)
    encoder, state = encoder_of(damped)
    for module in encoder.modules():
        if isinstance(module, NORMS):
            module.eval()  # as the case has it
    value = scalar(encoder(frames))
    value.backward()
    assert value.item() == pytest.approx(about["value"], rel=1e-4)
    norms = published_norms(encoder, state)
    assert set(norms) == set(about["norms"])
    for name, norm in about["norms"].items():
        # A key's bias moves all scores of a query alike: what is there is rounding.
        assert norms[name] == pytest.approx(norm, rel=1e-3, abs=1e-7), name


class KeptNorm(torch.nn.Module):
    """Batch normalisation that goes by what it has seen before, also in training."""

    def __init__(self, norm):
        super().__init__()
        self.weight, self.bias, self.eps = norm.weight, norm.bias, norm.eps
        self.register_buffer("mean", norm.running_mean.clone())
        self.register_buffer("variance", norm.running_var.clone())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.batch_norm(x, self.mean, self.variance, self.weight,
                                              self.bias, False, 0.0, self.eps)


class OfTheCase(torch.nn.Module):
    def __init__(self, encoder):
        super().__init__()
        self.encoder = encoder

    def forward(self, frames):
        return self.encoder(frames)

    @torch.jit.export
    def loss(self, frames: torch.Tensor):
        features = self.encoder(frames)
        place = torch.arange(1, features.shape[1] + 1, device=frames.device).unsqueeze(1)
        return (features.square() * place).mean()


def test_the_trainer_comes_to_the_published_gradient(reference, gen, damped, tmp_path):  # noqa: F811
    about, frames = golden_gradient(reference, gen)
    encoder, _ = encoder_of(damped)
    for module in list(encoder.modules()):
        for name, child in module.named_children():
            if isinstance(child, NORMS):
                setattr(module, name, KeptNorm(child))
    scalar(encoder(frames)).backward()
    position = encoder.body.position.weight.grad.norm().item()
    model = exported(OfTheCase(encoder), tmp_path / "case.pt")
    result = run(tmp_path, [job(tmp_path, "it", model, {
        "clip_norm": 1e6, "optimizer": {"kind": "adam", "lr": 1e-5}}, 1, ["frames"])],
        frames=frames.numpy())
    # The position's gain and direction are one weight here.
    others = [norm for name, norm in about["norms"].items() if "pos_conv.0.weight" not in name]
    assert result["it.loss"][0] == pytest.approx(about["value"], rel=1e-4)
    assert result["it.grad_norm"][0] == pytest.approx(np.linalg.norm([*others, position]), rel=1e-3)


def test_the_front_gets_its_part_of_the_gradient_and_the_same_values(gen, damped):  # noqa: F811
    frames = torch.from_numpy(normalised(pictures(gen, 5, 3)))[None]
    gradients, values = {}, {}
    for factor in (1.0, 0.1, 0.0):
        encoder, _ = encoder_of(damped, front_gradient=factor)
        features = encoder(frames)
        scalar(features).backward()
        values[factor] = features.detach()
        gradients[factor] = {name: parameter.grad for name, parameter
                             in encoder.named_parameters()}
    for factor in (0.1, 0.0):
        assert torch.equal(values[factor], values[1.0])
    for name, whole in gradients[1.0].items():
        front = name.startswith(("lips.", "sight."))
        assert torch.allclose(gradients[0.1][name], whole * (0.1 if front else 1.0), rtol=1e-3,
                              atol=1e-7), name
        assert (gradients[0.0][name] is None) == front, name


def test_batches_are_normalised_as_one_however_long(gen):  # noqa: F811
    front = Lips().train()
    front.step = 4
    frames = torch.from_numpy(normalised(pictures(gen, 11, 3)))[None]
    seen = []
    front.norm.register_forward_hook(lambda _, given, __: seen.append(given[0].shape[2]))
    front(frames)
    front.eval()(frames)
    assert seen[0] == 11 and max(seen[1:]) == 4


@pytest.mark.parametrize("option, ours", [
    ("dropout", "dropout"), ("attention_dropout", "attention_dropout"),
    ("activation_dropout", "inner_dropout"), ("dropout_input", "input_dropout"),
    ("encoder_layerdrop", "layer_drop")])
def test_every_dropout_of_the_checkpoint_acts_in_training_alone(option, ours):
    told = {**STILL, option: 0.5}
    found = avhubert.training(told, "it")
    assert found.pop(ours) == 0.5 and set(found.values()) == {0.0, 1.0}
    torch.manual_seed(2)
    body = network.Body(8, 3, 2, 16, kernel=4, groups=2, **avhubert.training(told, "it"))
    script = torch.jit.script(body)
    halves = torch.randn(2, 2, 6, 8)
    for it in (body, script):
        with torch.no_grad():
            drawn = [it.train()(*halves, None) for _ in range(8)]
            kept = [it.eval()(*halves, None) for _ in range(2)]
        assert torch.equal(*kept)
        assert any(not torch.equal(each, drawn[0]) for each in drawn)


def test_options_that_can_not_be_are_told(damped, tmp_path, capsys):
    checkpoint = torch.load(damped, weights_only=False)
    for value in (1.5, -0.1, "0.1", True):
        checkpoint["cfg"]["model"]["feature_grad_mult"] = value
        torch.save(checkpoint, tmp_path / "odd.pt")
        assert export(["svt-video-whole", str(tmp_path / "odd.pt"), "-o",
                       str(tmp_path / "out.pt")]) == 1
        assert f"its feature_grad_mult is {value}; it must be 0 to 1" in capsys.readouterr().err
    assert not (tmp_path / "out.pt").exists()
