# SPDX-License-Identifier: MIT
"""Training against PyTorch: the same batches, the same numbers."""
import copy
import warnings
import zipfile

import avsvt
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from avsvt import networks  # noqa: E402
from avsvt.export import archive, parts  # noqa: E402
from avsvt.networks.targets import frame_targets  # noqa: E402
from encoders import run  # noqa: E402
from golden import module  # noqa: E402


class Line(torch.nn.Module):
    """The network of the golden optimizers."""

    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(16, 20)

    def forward(self, x):
        return self.layer(x)

    @torch.jit.export
    def loss(self, x: torch.Tensor, y: torch.Tensor):
        return ((self.layer(x) - y) ** 2).sum() / 10.0


def exported(network, path, manifest="avsvt: 1\nname: test\nrole: extractor\n"):
    """A model file of it, as the exporters write them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        entries = archive.save(torch.jit.script(network.eval()))
        archive.write_archive(str(path), entries, manifest, lambda written: None)
    return path


def weights_of(path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {name: value.numpy() for name, value in torch.jit.load(str(path)).state_dict().items()}


def job(folder, name, model, settings, steps, names):
    """Steps that all take the arrays of these names; writes NAME.pt."""
    return {"as": name, "do": "train", "model": str(model), "settings": settings,
            "input": names[0], "names": list(names), "steps": steps,
            "output": str(folder / f"{name}.pt")}


def close(a, b, tolerance=1e-5):
    return np.allclose(a, b, rtol=tolerance, atol=tolerance * np.abs(np.asarray(b)).max())


PUBLISHED = {
    "adadelta_recipe": {"kind": "adadelta", "lr": 3e-4, "rho": 0.95, "eps": 1e-8},
    "adadelta_lr1": {"kind": "adadelta", "lr": 1.0, "rho": 0.95, "eps": 1e-8},
    "adam_5e-5": {"kind": "adam", "lr": 5e-5},
    "adam_lm": {"kind": "adam", "lr": 1e-3, "betas": [0.9, 0.98], "eps": 1e-9}}


def test_settings_hold_any_letters_and_numbers_of_numpy():
    settings = {"epochs": np.int64(1), "\U0001f600": [np.float64(1)]}
    with pytest.raises(avsvt.Error, match="'\U0001f600' is not a key"):
        avsvt.Trainer(model=avsvt.Model(), settings=settings)


def test_optimizers_and_clipping_are_those_of_the_published_training(data, tmp_path):
    folder = data / "reference/svt/golden"
    fill = module(data / "reference/fill.py")
    golden = np.load(folder / "case06_optimizers.npz")
    values = fill.build(str(folder / "case06_optimizers.weights.json"))
    line = Line()
    with torch.no_grad():
        for parameter, value in zip(line.parameters(), values.values(), strict=True):
            parameter.copy_(torch.from_numpy(value))
    model = exported(line, tmp_path / "line.pt")
    result = run(tmp_path, [job(tmp_path, f"{name}{steps}", model,
                                {"clip_norm": 5, "optimizer": optimizer}, steps, ["x", "y"])
                            for name, optimizer in PUBLISHED.items() for steps in (1, 6)],
                 x=golden["x"], y=golden["y"])
    for name in PUBLISHED:
        for steps in (1, 6):
            weights = weights_of(tmp_path / f"{name}{steps}.pt")
            assert close(weights["layer.weight"], golden[f"{name}_w{steps}"]), name
            assert close(weights["layer.bias"], golden[f"{name}_b{steps}"]), name
        assert close(result[f"{name}6.loss"], golden[f"{name}_loss"]), name
        assert close(result[f"{name}6.grad_norm"], golden[f"{name}_gradnorm"]), name


class Lars:
    """The rule of the paper, by hand: matrices alone get a rate of their own. What the
    rate was is kept in the momentum."""

    def __init__(self, parameters, rates=(0.3,) * 6):
        self.parameters = list(parameters)
        self.rates = list(rates)
        self.speed = [torch.zeros_like(p) for p in self.parameters]

    def zero_grad(self):
        for p in self.parameters:
            p.grad = None

    @torch.no_grad()
    def step(self):
        rate = self.rates.pop(0)
        for p, v in zip(self.parameters, self.speed, strict=True):
            gradient = p.grad
            if p.dim() > 1:
                ratio = 0.01 * p.norm() / (gradient.norm() + 0.02 * p.norm())
                gradient = ratio * (gradient + 0.02 * p)
            p.sub_(v.mul_(0.9).add_(rate * gradient))


OPTIMIZERS = {
    "adamw": ({"lr": 1e-2, "weight_decay": 0.1},
              lambda p: torch.optim.AdamW(p, lr=1e-2, weight_decay=0.1)),
    "adam": ({"lr": 1e-2, "weight_decay": 0.1},
             lambda p: torch.optim.Adam(p, lr=1e-2, weight_decay=0.1)),
    "sgd": ({"lr": 1e-3, "momentum": 0.9, "weight_decay": 0.01, "nesterov": True},
            lambda p: torch.optim.SGD(p, lr=1e-3, momentum=0.9, weight_decay=0.01,
                                      nesterov=True)),
    "sgd dampened": ({"lr": 1e-3, "momentum": 0.8, "dampening": 0.3},
                     lambda p: torch.optim.SGD(p, lr=1e-3, momentum=0.8, dampening=0.3)),
    "adadelta": ({"lr": 0.5, "weight_decay": 0.1},
                 lambda p: torch.optim.Adadelta(p, lr=0.5, weight_decay=0.1)),
    "lars": ({"lr": 0.3, "momentum": 0.9, "weight_decay": 0.02, "trust": 0.01}, Lars),
    "lars falling": ({"lr": 0.3, "momentum": 0.9, "weight_decay": 0.02, "trust": 0.01},
                     lambda p: Lars(p, 0.15 * (1 + np.cos(np.pi * np.arange(6) / 6))))}


class Pulled(torch.nn.Module):
    """Weights whose gradient in each step is given: the first of those that are left."""

    def __init__(self, weights):
        super().__init__()
        self.a, self.b, self.c = (torch.nn.Parameter(torch.from_numpy(w)) for w in weights)
        self.register_buffer("at", torch.zeros(1, dtype=torch.int64))

    def forward(self, x):
        return self.a * x

    @torch.jit.export
    def loss(self, a: torch.Tensor, b: torch.Tensor, c: torch.Tensor):
        step = int(self.at.item())
        self.at += 1
        return ((self.a * a[step]).sum() + (self.b * b[step]).sum() + (self.c * c[step]).sum())


def test_lars_of_the_simclr_package(data, tmp_path):
    golden = np.load(data / "reference/vcmr/golden/lars.npz")
    model = exported(Pulled([golden[f"p{i}_step0"] for i in range(3)]), tmp_path / "pulled.pt")
    optimizer = {"kind": "simclr_lars", "lr": 0.15, "momentum": 0.9, "weight_decay": 1e-6}
    pulls = {name: np.stack([golden[f"g{i}_step{step}"] for step in range(4)])
             for i, name in enumerate("abc")}
    run(tmp_path, [job(tmp_path, f"after{steps}", model, {"optimizer": optimizer}, steps, "abc")
                   for steps in (1, 2, 3, 4)], **pulls)
    for steps in (1, 2, 3, 4):
        weights = weights_of(tmp_path / f"after{steps}.pt")
        for i, name in enumerate("abc"):
            assert close(weights[name], golden[f"p{i}_step{steps}"], 1e-6), (name, steps)


def test_lars_of_the_simclr_package_leaves_zeros(tmp_path):
    weights = [np.zeros(3, np.float32), np.zeros(2, np.float32), np.ones(2, np.float32)]
    model = exported(Pulled(weights), tmp_path / "pulled.pt")
    pulls = {"a": np.ones((2, 3), np.float32), "b": np.zeros((2, 2), np.float32),
             "c": np.zeros((2, 2), np.float32)}
    run(tmp_path, [job(tmp_path, "after", model, {"optimizer": {"kind": "simclr_lars"}}, 2, "abc")],
        **pulls)
    after = weights_of(tmp_path / "after.pt")
    for name, weight in zip("abc", weights, strict=True):
        assert np.array_equal(after[name], weight), name


def test_optimizers_are_those_of_pytorch(tmp_path):
    torch.manual_seed(3)
    line = Line()
    x, y = torch.randn(4, 30, 16), torch.randn(4, 30, 20)
    model = exported(line, tmp_path / "line.pt")
    run(tmp_path, [job(tmp_path, name, model,
                       {"optimizer": {"kind": name.split()[0], **settings}, "steps": 6,
                        "schedule": {"kind": "cosine" if "falling" in name else "constant"}},
                       6, ["x", "y"])
                   for name, (settings, _) in OPTIMIZERS.items()], x=x.numpy(), y=y.numpy())
    for name, (_, make) in OPTIMIZERS.items():
        theirs = copy.deepcopy(line)
        optimizer = make(theirs.parameters())
        for _ in range(6):
            optimizer.zero_grad()
            theirs.loss(x, y).backward()
            torch.nn.utils.clip_grad_norm_(theirs.parameters(), 5.0)
            optimizer.step()
        ours = weights_of(tmp_path / f"{name}.pt")
        assert close(ours["layer.weight"], theirs.layer.weight.detach().numpy()), name
        assert close(ours["layer.bias"], theirs.layer.bias.detach().numpy()), name


def batch():
    """Two seconds of two voices as the note network's loss wants them."""
    time = np.arange(16000) / 16000
    sounds = [0.3 * np.sin(2 * np.pi * hz * time) for hz in (220, 330)]
    notes = [[(0.1, 0.5, 57), (0.5, 0.9, 57.2)], [(0.2, 0.81, 64)]]
    targets = zip(*(frame_targets(each, 51) for each in notes), strict=True)
    named = zip(("onset", "silence", "pitch", "offset"), map(np.stack, targets), strict=True)
    return {"samples": np.stack(sounds).astype(np.float32), **dict(named)}


def test_the_note_network_trains_as_in_pytorch(tmp_path):
    torch.manual_seed(5)
    network = networks.NoteNetwork(8, 12, 8, 1, dropout=0.0)
    arrays = batch()
    model = exported(network, tmp_path / "small.pt")
    result = run(tmp_path, [job(tmp_path, "r", model, {"optimizer": {"kind": "adamw", "lr": 3e-3}},
                                4, list(arrays))], **arrays)
    network.train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=3e-3)
    losses = []
    for _ in range(4):
        optimizer.zero_grad()
        loss = network.loss(**{name: torch.from_numpy(a) for name, a in arrays.items()})
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimizer.step()
        losses.append(loss.item())
    assert close(result["r.loss"], np.array(losses), 1e-4)
    ours = weights_of(tmp_path / "r.pt")
    theirs = {name: value.numpy() for name, value in network.state_dict().items()}
    assert theirs.keys() == ours.keys()
    for name, value in theirs.items():
        assert np.allclose(ours[name], value, rtol=2e-3, atol=2e-4), name
    assert ours["joint.norm.num_batches_tracked"] == 4


class Remembering(torch.nn.Module):
    """A GRU whose first state is learnt too."""

    def __init__(self, ways: int, **settings):
        super().__init__()
        self.gru = torch.nn.GRU(6, 5, **settings)
        self.first = torch.nn.Parameter(torch.randn(ways, 1, 5))

    def forward(self, x):
        rows = x.size(0) if self.gru.batch_first else x.size(1)
        return self.gru(x, self.first.expand(-1, rows, -1).contiguous())

    @torch.jit.export
    def loss(self, x: torch.Tensor, y: torch.Tensor):
        states, last = self.forward(x)
        return ((states @ y[:states.size(2)]) ** 2).mean() + (last ** 3).mean()


RECURRENCES = {
    "one": (1, {}), "rows": (2, {"num_layers": 2, "batch_first": True}),
    "both": (4, {"num_layers": 2, "bidirectional": True, "batch_first": True}),
    "plain": (2, {"bidirectional": True, "bias": False})}


def test_recurrent_layers_train_as_in_pytorch(tmp_path):
    torch.manual_seed(6)
    made = {name: Remembering(ways, **settings) for name, (ways, settings) in RECURRENCES.items()}
    x, y = torch.randn(7, 4, 6), torch.randn(10, 3)
    models = {name: exported(copy.deepcopy(network), tmp_path / f"of_{name}.pt")
              for name, network in made.items()}
    settings = {"clip_norm": 0, "optimizer": {"kind": "sgd", "lr": 1.0}}
    result = run(tmp_path, [job(tmp_path, name, models[name], settings, 3, ["x", "y"])
                            for name in made], x=x.numpy(), y=y.numpy())
    for name, network in made.items():
        optimizer = torch.optim.SGD(network.parameters(), lr=1.0)
        losses = []
        for _ in range(3):
            optimizer.zero_grad()
            loss = network.train().loss(x, y)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        assert close(result[f"{name}.loss"], np.array(losses)), name
        ours = weights_of(tmp_path / f"{name}.pt")
        for key, value in network.state_dict().items():
            assert close(ours[key], value.numpy()), (name, key)


class Misshapen(torch.nn.Module):
    """A GRU of five, but for the sizes of what weighs the input or the state."""

    def __init__(self, wrong: int, size: int):
        super().__init__()
        shapes = [(15, 6), (15, 5), (15,), (15,)]
        shapes[wrong] = (size, shapes[wrong][1])
        shapes[wrong + 2] = (size,)
        self.weights = torch.nn.ParameterList([torch.nn.Parameter(torch.randn(s)) for s in shapes])

    def forward(self, x):
        return x

    @torch.jit.export
    def loss(self, x: torch.Tensor, y: torch.Tensor):
        first = torch.zeros(1, x.size(1), 5)
        states, last = torch.gru(x, first, [w for w in self.weights], True, 1, 0.0, True, False,
                                 False)
        return (states ** 2).mean()


def test_recurrent_layers_whose_weights_do_not_fit_are_refused(tmp_path):
    wrong = {f"m{i}{size}": (i, size) for i in (0, 1) for size in (10, 18)}
    result = run(tmp_path, [job(tmp_path, name, exported(Misshapen(*sizes), tmp_path / f"of_{name}.pt"),
                                {}, 1, ["x", "y"]) for name, sizes in wrong.items()],
                 x=np.ones((7, 4, 6), np.float32), y=np.zeros(1, np.float32))
    for name in wrong:
        assert "must match" in str(result.get(f"{name}.error")), name


def test_the_compiled_in_model_can_be_trained(model_path, tmp_path):
    arrays = batch()
    names = list(arrays)
    heads = {"groups": [{"parameters": ["heads."]}], "seed": 1}
    result = run(tmp_path, [
        job(tmp_path, "all", model_path, {"optimizer": {"lr": 1e-3}, "ema": 0.9}, 2, names),
        *({"as": backend, "do": "outputs", "model": str(tmp_path / "all.pt"), "input": "samples",
           "options": {"backend": backend}} for backend in ("native", "torch")),
        job(tmp_path, "heads", model_path, heads, 2, names),
        job(tmp_path, "again", model_path, heads, 2, names),
        job(tmp_path, "other", model_path, {**heads, "seed": 2}, 2, names),
        job(tmp_path, "mixed", model_path, {**heads, "precision": "bf16"}, 2, names),
        job(tmp_path, "live", model_path.with_name("notes-live.pt"), {}, 1, names)], **arrays)
    # Compressed tensors are written as they are used.
    with zipfile.ZipFile(model_path.with_name("notes-live.pt")) as one, \
            zipfile.ZipFile(tmp_path / "live.pt") as other:
        assert any(each.compress_type for each in one.infolist() if "/data/" in each.filename)
        assert not any(each.compress_type for each in other.infolist()
                       if "/data/" in each.filename)
    assert len(weights_of(tmp_path / "live.pt")) == len(
        weights_of(model_path.with_name("notes-live.pt")))

    before = weights_of(model_path)
    after = {name: weights_of(tmp_path / f"{name}.pt")
             for name in ("all", "heads", "again", "other", "mixed")}

    # What is written runs in plain C as in libtorch.
    for i in range(3):
        assert np.allclose(result[f"native{i}"], result[f"torch{i}"], atol=2e-3)
    with zipfile.ZipFile(model_path) as one, zipfile.ZipFile(tmp_path / "all.pt") as other:
        assert one.namelist() == other.namelist()
    changed = {name for name in before if not np.array_equal(before[name], after["all"][name])}
    assert not any(name.startswith("front.") for name in changed)
    assert {"heads.weight", "joint.norm.running_mean"} <= changed

    # Only the named group trains, and only the seed decides what is random.
    for name in before:
        assert np.array_equal(after["heads"][name], after["again"][name]), name
        if "running" not in name and "num_batches" not in name:
            kept = np.array_equal(after["heads"][name], before[name])
            assert kept == (not name.startswith("heads.")), name
    assert not np.array_equal(after["heads"]["heads.weight"], after["other"]["heads.weight"])

    # Mixed precision computes otherwise, and keeps the weights whole.
    assert result["heads.loss"][0] != result["mixed.loss"][0]
    assert np.allclose(result["heads.loss"], result["mixed.loss"], rtol=0.1)
    assert all(value.dtype in (np.float32, np.int64) for value in after["mixed"].values())


def test_memory_stays_from_one_step_to_the_next(model_path, tmp_path):
    """Its large tensors alone would have the system clear some 25 thousand pages anew."""
    arrays = {name: np.concatenate([value] * 24) for name, value in batch().items()}
    result = run(tmp_path, [job(tmp_path, "few", model_path, {}, 8, list(arrays))], **arrays)
    assert np.median(result["few.faults"][3:]) < 6000


class Loud(torch.nn.Module):
    """Its gradients are near the end of what fp16 can hold."""

    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(16, 20)
        self.norm = torch.nn.LayerNorm(20)

    def forward(self, x):
        return self.norm(torch.tanh(self.layer(x)))

    @torch.jit.export
    def loss(self, x: torch.Tensor, y: torch.Tensor):
        return ((self.forward(x).float() - y) ** 2).mean() * 400.0


def scaled_steps(network, x, y, steps):
    """PyTorch's own way: losses, and the steps that it left out, from 1."""
    optimizer = torch.optim.SGD(network.parameters(), lr=1e-4)
    scaler = torch.amp.GradScaler("cpu")
    losses, left_out = [], []
    for step in range(1, steps + 1):
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.float16):
            loss = network.loss(x, y)
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
        torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        scaler.step(optimizer)
        before = scaler.get_scale()
        scaler.update()
        if scaler.get_scale() < before:
            left_out.append(step)
        losses.append(loss.item())
    return losses, left_out


def test_fp16_scales_the_loss_as_pytorch_does(tmp_path):
    torch.manual_seed(4)
    network = Loud()
    x, y = torch.randn(4, 30, 16), torch.randn(4, 30, 20)
    model = exported(network, tmp_path / "loud.pt")
    settings = {"precision": "fp16", "optimizer": {"kind": "sgd", "lr": 1e-4}}
    # More than the 2000 steps after which the scale is doubled, to overflow again.
    result = run(tmp_path, [job(tmp_path, "r", model, settings, 2020, ["x", "y"])],
                 x=x.numpy(), y=y.numpy())
    if "r.error" in result:
        assert "2.4 or later" in str(result["r.error"])
        pytest.skip(f"left out: {result['r.error']}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = torch.jit.load(model).train()  # eager layers round in other places
    losses, left_out = scaled_steps(theirs, x, y, 2020)
    taken = 1 + np.flatnonzero(np.diff(result["r.step"], prepend=0) == 0)
    assert list(taken) == left_out and left_out[0] == 1 and left_out[-1] > 2000
    assert close(result["r.loss"], np.array(losses), 1e-4)
    for name, value in weights_of(tmp_path / "r.pt").items():
        assert close(value, theirs.state_dict()[name].numpy(), 1e-3), name


def test_an_exported_head_trains_on_stored_features(tmp_path):
    torch.manual_seed(2)
    features = torch.randn(3, 40, 16)
    anno = torch.stack([torch.randint(n, (3, 41)) for n in (2, 2, 5, 13)], 2)
    lens = torch.tensor([1.0, 0.75, 0.5])
    head = parts.Head(16)
    parts.write_note_head(str(tmp_path / "head.pt"), "head", head.linear.weight.detach(),
                          head.linear.bias.detach(), "MIT", "a test")
    result = run(tmp_path, [job(tmp_path, "r", tmp_path / "head.pt",
                                {"optimizer": {"kind": "adadelta", "lr": 0.003, "rho": 0.95,
                                               "eps": 1e-8}}, 3, ["features", "anno", "lens"])],
                 features=features.numpy(), anno=anno.numpy(), lens=lens.numpy())
    optimizer = torch.optim.Adadelta(head.parameters(), lr=0.003, rho=0.95, eps=1e-8)
    for step in range(3):
        optimizer.zero_grad()
        loss = head.loss(features, anno, lens)
        assert close(result["r.loss"][step], np.array(loss.item()))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(head.parameters(), 5.0)
        optimizer.step()
    assert close(weights_of(tmp_path / "r.pt")["linear.weight"], head.linear.weight.detach())


def test_wrong_batches_are_refused_in_words(model_path, tmp_path):
    arrays = batch()
    names = list(arrays)
    arrays["colour"] = arrays["pitch"]
    result = run(tmp_path, [
        job(tmp_path, "few", model_path, {}, 1, names[:-1]),
        job(tmp_path, "more", model_path, {}, 1, [*names, "colour"]),
        job(tmp_path, "set", model_path, {"groups": [{"parameters": ["nose."]}]}, 1, names)
        | {"do": "train_refused"}], **arrays)
    assert "'loss' needs an input 'offset'" in str(result["few.error"])
    assert "'loss' has no input 'colour'" in str(result["more.error"])
    assert "names no parameter" in str(result["set.error"])
    arrays["samples"] = np.full_like(arrays["samples"], np.nan)
    result = run(tmp_path, [job(tmp_path, "nan", model_path, {}, 1, names)], **arrays)
    assert "of this batch is not finite; nothing was changed" in str(result["nan.error"])
    with pytest.raises(ValueError, match="a recipe, or a model"):
        avsvt.Trainer()


class Two(Line):
    @torch.jit.export
    def loss(self, x: torch.Tensor, y: torch.Tensor):
        return ((self.layer(x) - y) ** 2).sum(0)[0, :2]


class Empty(Line):
    @torch.jit.export
    def loss(self, x: torch.Tensor, y: torch.Tensor):
        return self.layer(x)[:0]


class Whole(Line):
    @torch.jit.export
    def loss(self, x: torch.Tensor, y: torch.Tensor):
        return x.size(0)


class Named(Line):
    @torch.jit.export
    def loss(self, x: torch.Tensor, y: torch.Tensor):
        apart = self.layer(x) - y
        return {"mean": apart.mean(), "loss": apart}


class Counted(Line):
    @torch.jit.export
    def loss(self, x: torch.Tensor, y: torch.Tensor):
        return x.size(0), (self.layer(x) - y).mean()


class Nothing(Line):
    @torch.jit.export
    def loss(self, x: torch.Tensor, y: torch.Tensor):
        return None


class Parts(Line):
    @torch.jit.export
    def loss(self, x: torch.Tensor, y: torch.Tensor):
        apart = self.layer(x) - y
        return {"apart": apart.detach(), "loss": (apart ** 2).mean()}


class First(Line):
    @torch.jit.export
    def loss(self, x: torch.Tensor, y: torch.Tensor):
        apart = self.layer(x) - y
        return (apart ** 2).mean(), apart.detach()


class Apart(Line):
    """Its loss does not go through its weights."""

    @torch.jit.export
    def loss(self, x: torch.Tensor, y: torch.Tensor):
        return ((self.layer(x).detach() - y) ** 2).mean()


class Second(Line):
    """A layer that the loss does not look at."""

    def __init__(self):
        super().__init__()
        self.other = torch.nn.Linear(16, 20)


class Seldom(Line):
    """Batches in which nothing counts give no gradient."""

    @torch.jit.export
    def loss(self, x: torch.Tensor, y: torch.Tensor):
        if bool(self.layer.bias[0] > 0):
            return torch.zeros(())
        return -self.layer.bias.sum() + 0.0 * (self.layer(x) - y).sum()


ODD = {Two: "'loss' gives 2 values of type Float", Empty: "'loss' gives 0 values of type Float",
       Whole: "'loss' gives 1 value of type Long", Named: "'loss' gives 2400 values of type Float",
       Counted: "'loss' gives 1 value of type Long", Nothing: "nothing (None)"}


def test_a_loss_is_one_floating_number(tmp_path):
    models = {kind: exported(kind(), tmp_path / f"{kind.__name__}.pt")
              for kind in (*ODD, Parts, First)}
    result = run(tmp_path, [job(tmp_path, kind.__name__, model, {}, 2, ["x", "y"])
                            for kind, model in models.items()],
                 x=np.ones((4, 30, 16), np.float32), y=np.zeros((4, 30, 20), np.float32))
    for kind, why in ODD.items():
        said = str(result[f"{kind.__name__}.error"])
        assert f"{kind.__name__}.pt: " in said and why in said
    for kind in (Parts, First):
        losses = result[f"{kind.__name__}.loss"]
        assert losses.shape == (2,) and losses[1] < losses[0]


def test_a_loss_that_no_trained_weight_changes_is_refused(tmp_path):
    models = {kind: exported(kind(), tmp_path / f"{kind.__name__}.pt") for kind in (Apart, Second)}
    with torch.no_grad():
        seldom = Seldom()
        seldom.layer.bias.fill_(-0.001)
    models[Seldom] = exported(seldom, tmp_path / "Seldom.pt")
    settings = {Second: {"groups": [{"parameters": ["other."]}]},
                Seldom: {"optimizer": {"kind": "sgd", "lr": 1}}}
    result = run(tmp_path, [job(tmp_path, kind.__name__, model, settings.get(kind, {}), 3, ["x", "y"])
                            for kind, model in models.items()],
                 x=np.ones((4, 30, 16), np.float32), y=np.zeros((4, 30, 20), np.float32))
    for kind in (Apart, Second):
        assert "depends on no weight that trains" in str(result[f"{kind.__name__}.error"])
    assert (result["Seldom.grad_norm"] > 0).tolist() == [True, False, False]
