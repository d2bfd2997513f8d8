# SPDX-License-Identifier: MIT
"""`avsvt train` on arrays in .npz files: networks of any task."""
import json
import os
import subprocess
import typing
from typing import Optional

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import avsvt  # noqa: E402
import published  # noqa: E402
from golden import module  # noqa: E402
from test_training import close, weights_of  # noqa: E402
from torch.nn import functional  # noqa: E402

MANIFEST = "avsvt: 1\nname: keys\nrole: extractor\n"


class Keys(torch.nn.Module):
    """Keys that are down, from pixels of 8 bits."""

    def __init__(self):
        super().__init__()
        # Its gradient would be rounding alone, and Adam makes steps of any gradient.
        self.first = torch.nn.Linear(12, 8, bias=False)
        self.norm = torch.nn.BatchNorm1d(8)
        self.last = torch.nn.Linear(8, 3)

    def forward(self, frames):
        x = self.first(frames.flatten(1).to(torch.float32) / 255)
        return self.last(torch.relu(self.norm(x)))

    @torch.jit.export
    def loss(self, frames: torch.Tensor, keys: torch.Tensor,
             sure: Optional[torch.Tensor] = None):
        return functional.binary_cross_entropy_with_logits(
            self.forward(frames), keys.to(torch.float32), weight=sure)


def written(network, path):
    """A model file of it, as the recipe keys-mine.yaml says."""
    torch.jit.save(torch.jit.script(network), str(path), _extra_files={"avsvt.yaml": MANIFEST})
    return path


def train(command, recipe, *options):
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive"}
    done = subprocess.run([command, "train", recipe, "--json", *options], capture_output=True,
                          text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stderr


def write_recipe(folder, output, **keys):
    """A recipe in JSON, which is YAML too."""
    path = folder / f"{output}.yaml"
    path.write_text(json.dumps({"avsvt": 1, "model": "start.pt", "output": output,
                                "seed": 4, "clip_norm": 0, **keys}))
    return path


def log_of(folder):
    events = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return tuple([e for e in events if e["event"] == kind] for kind in ("step", "valid"))


@pytest.fixture
def folder(tmp_path):
    """start.pt, a.npz and packed/b.npz to train on and v.npz to validate."""
    torch.manual_seed(2)
    random = np.random.default_rng(5)
    written(Keys(), tmp_path / "start.pt")
    (tmp_path / "packed").mkdir()
    for name, items in ("a.npz", 21), ("packed/b.npz", 10), ("v.npz", 9):
        frames = random.integers(0, 256, (items, 3, 4), np.uint8)
        keys = (frames[:, :, 0] > 150).astype(np.uint8)
        (np.savez_compressed if "packed" in name else np.savez)(tmp_path / name, frames=frames,
                                                                keys=keys)
    return tmp_path


def test_it_is_what_a_loop_in_pytorch_does(command, folder):
    recipe = write_recipe(
        folder, "out", data={"train": ["a.npz", "packed"], "valid": "v.npz"},
        batch={"items": 8, "order": "ascending"}, epochs=6,
        optimizer={"kind": "adam", "lr": 0.05},
        schedule={"kind": "plateau", "on": "train_loss", "patience": 0, "factor": 0.1,
                  "threshold": 0.2})
    report, _ = train(command, recipe)
    assert report["items"] == 6 * 31 and report["step"] == 6 * 4 and "sound_s" not in report
    network = torch.jit.load(str(folder / "start.pt"))
    optimizer = torch.optim.Adam(network.parameters(), lr=0.05)
    schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, "min", patience=0,
                                                          factor=0.1, threshold=0.2)
    files = [np.load(folder / name) for name in ("a.npz", "packed/b.npz")]
    frames, keys = (torch.from_numpy(np.concatenate([f[name] for f in files]))
                    for name in ("frames", "keys"))
    kept = np.load(folder / "v.npz")
    losses, rates, validated = [], [], []
    for _ in range(6):
        network.train()
        rates += 4 * [optimizer.param_groups[0]["lr"]]
        for at in range(0, 31, 8):
            optimizer.zero_grad()
            value = network.loss(frames[at:at + 8], keys[at:at + 8])
            value.backward()
            optimizer.step()
            losses.append(value.item())
        schedule.step(np.mean(losses[-4:]))
        network.eval()
        with torch.no_grad():
            validated.append(network.loss(torch.from_numpy(kept["frames"]),
                                          torch.from_numpy(kept["keys"])).item())
    steps, valid = log_of(folder / "out")
    assert len(set(rates)) > 1  # it fell
    assert np.allclose([e["lr"][0] for e in steps], rates, rtol=1e-9)
    assert close([e["loss"] for e in steps], losses, 1e-4)
    assert close([e["loss"] for e in valid], validated, 1e-4)
    ours = weights_of(folder / "out/last.pt")
    for name, value in network.state_dict().items():
        assert close(ours[name], value.numpy(), 1e-3), name


DRAWN = {"data": {"train": [{"path": "a.npz", "weight": 2}, "packed"], "valid": "v.npz",
                  "balance": "keys", "draws": 40},
         "batch": {"items": 8}, "optimizer": {"kind": "adamw", "lr": 0.02}}


def test_a_training_that_was_stopped_goes_on_to_the_same_weights(command, folder):
    train(command, write_recipe(folder, "whole", epochs=3, **DRAWN))
    train(command, write_recipe(folder, "parts", steps=7, **DRAWN))
    report, _ = train(command, write_recipe(folder, "parts", epochs=3, **DRAWN))
    assert report["resumed"] and report["items"] == 120
    whole, parts = (weights_of(folder / name / "last.pt") for name in ("whole", "parts"))
    for name, value in whole.items():
        assert np.array_equal(value, parts[name]), name
    steps = [log_of(folder / name)[0] for name in ("whole", "parts")]
    assert steps[0] == steps[1] and len(steps[0]) == 15


def test_two_processes_do_what_one_does(command, folder):
    train(command, write_recipe(folder, "one", epochs=2, **DRAWN))
    train(command, write_recipe(folder, "two", epochs=2, **DRAWN), "--processes", "2")
    for one, two in zip(*(log_of(folder / name) for name in ("one", "two")), strict=True):
        assert len(one) == len(two)
        assert close([e["loss"] for e in one], [e["loss"] for e in two], 2e-5)
    assert [e["items"] for e in log_of(folder / "two")[0]][-1] == 80
    one, two = (weights_of(folder / name / "last.pt") for name in ("one", "two"))
    for name, value in one.items():
        assert close(two[name], value, 1e-4), name


def test_an_input_with_a_default_may_be_there(command, folder):
    keys = {"data": {"train": "sure.npz"}, "batch": {"items": 21}, "steps": 1,
            "optimizer": {"kind": "sgd", "lr": 0.1}}
    given = dict(np.load(folder / "a.npz"))
    np.savez(folder / "sure.npz", **given, sure=np.full((21, 3), 0.5, np.float32), other=1.5)
    _, said = train(command, write_recipe(folder, "halved", **keys))
    assert "'other' is no input of the loss" in said
    np.savez(folder / "sure.npz", **given)
    train(command, write_recipe(folder, "plain", **keys))
    halved, plain = (log_of(folder / name)[0][0]["loss"] for name in ("halved", "plain"))
    assert abs(2 * halved - plain) < 1e-6


def test_the_recipe_that_explains_it_is_one(command, folder, root):
    text = (root / "recipes/keys-mine.yaml").read_text()
    for long, short in {"../keys/start.pt": "start.pt", "../run/keys": "out",
                        "../keys/train": "a.npz", "../keys/valid": "v.npz",
                        "draws: 20000": "draws: 100", "epochs: 10": "epochs: 2"}.items():
        assert long in text
        text = text.replace(long, short)
    (folder / "keys.yaml").write_text(text)
    report, said = train(command, folder / "keys.yaml")
    assert report["step"] == 4 and report["items"] == 200 and "conpoff" not in report
    assert said.count("valid loss") == 2


def test_keys_of_a_piano_train_as_published(command, data, tmp_path):
    golden_folder = data / "reference/piano/golden"
    made = module(golden_folder / "gen.py")
    golden = np.load(golden_folder / "train_video2roll.npz")
    frames = np.stack([made.zones(made.pixels(5, 100, 900, 1, seed=11, t0=3 * i), seed=11,
                                  t0=3 * i)[..., 0] / 255 for i in range(2)])
    fill = module(data / "reference/fill.py").fill
    network = published.Video2Roll()
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            kind = str(tensor.dtype).replace("torch.", "")
            tensor.copy_(torch.from_numpy(fill(name, tensor.shape, kind)))
    written(network, tmp_path / "start.pt")
    np.savez(tmp_path / "keys.npz", frames=frames.astype(np.float32),
             keys=golden["labels"].astype(np.float32))
    train(command, write_recipe(tmp_path, "out", data={"train": "keys.npz"}, epochs=4,
                                batch={"items": 2, "order": "ascending"},
                                optimizer={"kind": "adam", "lr": 1e-3}))
    steps, _ = log_of(tmp_path / "out")
    assert np.allclose([e["loss"] for e in steps], golden["losses"], rtol=1e-2)
    assert np.allclose(steps[0]["loss"], golden["losses"][0], rtol=1e-5)
    assert np.allclose(steps[0]["grad_norm"], golden["grad_norms"][0], rtol=1e-3)


def test_a_report_has_the_types_of_all_that_it_tells(folder):
    recipe = write_recipe(folder, "told", data={"train": "a.npz", "valid": "v.npz"},
                          batch={"items": 8}, epochs=1, optimizer={"kind": "sgd", "lr": 0.1})
    with avsvt.Trainer(recipe) as trainer:
        report = trainer.run()
    assert report["items"] == len(np.load(folder / "a.npz")["keys"])
    assert set(report) <= set(typing.get_type_hints(avsvt.training.Report))
