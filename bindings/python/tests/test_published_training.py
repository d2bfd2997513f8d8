# SPDX-License-Identifier: MIT
"""The training of other published systems, step by step: their networks and losses,
our trainer, and what the original code came to."""
import numpy as np
import pytest

torch = pytest.importorskip("torch")

import published  # noqa: E402
from encoders import run  # noqa: E402
from golden import module  # noqa: E402
from test_training import exported, job  # noqa: E402

NO_CLIPPING = 1e6


def filled(network, data, path, part=lambda name: name):
    """A model file of the network, its weights made of their names (in their part of it)."""
    fill = module(data / "reference/fill.py").fill
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            name = part(name)
            kind = str(tensor.dtype).replace("torch.", "")
            tensor.copy_(torch.from_numpy(fill(name, tensor.shape, kind)))
    return exported(network, path)


def check(ours, published, first, later):
    """The first step's value within first, the others within later (relative)."""
    assert np.allclose(ours[0], published[0], rtol=first, atol=0)
    assert np.allclose(ours, published, rtol=later, atol=0)


ADAMW = {"kind": "adamw", "weight_decay": 0.01}
MUSIC = {
    "contrastive": (published.Contrastive, ["x_i", "x_j"], {"optimizer": {**ADAMW, "lr": 3e-4}}),
    "multimodal": (published.Multimodal, ["x_i", "video"], {
        "optimizer": {**ADAMW, "lr": 5e-4}, "groups": [{"parameters": [
            "encoder.all_blocks.4.", "encoder.all_blocks.5.", "audio_projector.", "video_"]}]}),
    "supervised": (lambda: published.Tagger(12), ["x_i", "tags"], {
        "optimizer": {"kind": "adamw", "lr": 1e-3, "weight_decay": 1e-6},
        "groups": [{"parameters": ["projector."]}]})}


@pytest.mark.parametrize("name", MUSIC)
def test_music_and_its_video_train_as_published(name, data, tmp_path):
    folder = data / "reference/vcmr/golden"
    made, golden = module(folder / "gen.py"), np.load(folder / "train_small.npz")
    network, names, settings = MUSIC[name]
    views = [np.stack([made.samples(243, 3 + k, start=11 * k + late) for k in range(4)])
             for late in (0, 40)]
    video = np.stack([(made.uniform(f"vtrain/open/{k}", (3, 20)) - 0.5) * 1.2 for k in range(4)])
    arrays = {"x_i": views[0][:, None] / 32768, "x_j": views[1][:, None] / 32768, "video": video,
              "tags": golden["supervised_labels"]}
    model = filled(network(), data, tmp_path / "model.pt")
    result = run(tmp_path, [job(tmp_path, "it", model, {"clip_norm": NO_CLIPPING, **settings}, 6,
                                names)], **{n: arrays[n].astype(np.float32) for n in names})
    check(result["it.loss"], golden[f"{name}_losses"], 1e-5, 1e-3)
    if f"{name}_grad_norms" in golden:
        check(result["it.grad_norm"], golden[f"{name}_grad_norms"], 1e-5, 1e-3)


def test_keys_of_a_piano_train_as_published(data, tmp_path):
    folder = data / "reference/piano/golden"
    made, golden = module(folder / "gen.py"), np.load(folder / "train_video2roll.npz")
    frames = np.stack([made.zones(made.pixels(5, 100, 900, 1, seed=11, t0=3 * i), seed=11,
                                  t0=3 * i)[..., 0] / 255 for i in range(2)])
    model = filled(published.Video2Roll(), data, tmp_path / "model.pt")
    settings = {"clip_norm": NO_CLIPPING, "optimizer": {"kind": "adam", "lr": 1e-3}}
    result = run(tmp_path, [job(tmp_path, "it", model, settings, 4, ["frames", "keys"])],
                 frames=frames.astype(np.float32), keys=golden["labels"].astype(np.float32))
    check(result["it.loss"], golden["losses"], 1e-5, 1e-2)
    check(result["it.grad_norm"], golden["grad_norms"], 1e-3, 1e-2)


def test_a_roll_and_its_judge_train_as_published(data, tmp_path):
    golden = np.load(data / "reference/piano/golden/train_roll2midi.npz")
    jobs = [job(tmp_path, name,
                filled(published.Roll2Midi(shown), data, tmp_path / f"{name}.pt",
                       lambda name: name.split(".", 1)[1]),
                {"clip_norm": NO_CLIPPING, "optimizer": {"kind": "adam", "lr": 5e-4}}, 3,
                ["logits", "roll"]) for shown, name in enumerate(("made", "judged"))]
    result = run(tmp_path, jobs, logits=golden["logits"].transpose(0, 2, 1)[:, None].copy(),
                 roll=golden["gt"].astype(np.float32))
    check(result["made.loss"], golden["g_losses"], 1e-5, 1e-2)
    check(result["judged.loss"], golden["d_losses"], 1e-5, 1e-2)
