# SPDX-License-Identifier: MIT
"""The audio-visual demonstration: what is trained is what the pipeline runs."""
import pathlib

import numpy as np
import pytest

import avsvt

torch = pytest.importorskip("torch")

from avsvt import networks  # noqa: E402
from avsvt.export.__main__ import main  # noqa: E402

BUILT_IN = pathlib.Path(__file__).resolve().parents[3] / "lib/models/notes-default.pt"
RATE = 16000


@pytest.fixture(scope="module", params=[[], ["--whole-ear"]])
def start(tmp_path_factory, request):
    path = tmp_path_factory.mktemp("sight") / "start.pt"
    assert main(["sight", str(BUILT_IN), "-o", str(path), "--seen", "12", "--hidden", "6",
                 *request.param]) == 0
    return path


@pytest.fixture(scope="module")
def scene():
    """A tone that comes and goes, and pictures that are lighter while it sounds."""
    draw = np.random.default_rng(1)
    time = np.arange(2 * RATE) / RATE
    sound = (0.3 * np.sin(2 * np.pi * 220 * time) * (time % 0.5 < 0.3)).astype(np.float32)
    lit = np.arange(100) / 50 % 0.5 < 0.3
    video = draw.integers(0, 60, (100, 96, 96)) + 90 * lit[:, None, None]
    video[:, 30:60, 30:60] += (60 * lit[:, None, None]).astype(video.dtype)
    return sound, video.astype(np.uint8)


def test_what_it_hears_is_the_note_networks(start, scene):
    sound = torch.from_numpy(scene[0])[None]
    made = torch.jit.load(str(start)).audio(sound)
    state = torch.jit.load(str(BUILT_IN)).state_dict()
    notes = networks.NoteNetwork().eval()
    notes.load_state_dict(state)
    with torch.inference_mode():
        pitch, lags, timing = notes.front(sound)
        _, semitone, of_pitch = notes.pitch((pitch + 6) / 2, lags * 2)
        of_time = notes.timing_wide(notes.timing_near(((timing + 6) / 2).transpose(1, 2)))
        joint = notes.joint(torch.cat([of_time, of_pitch], 1)).transpose(1, 2)
        if made.shape[2] > joint.shape[2] + 50:
            joint, _ = notes.gru(joint)
        wanted = torch.cat([joint, torch.softmax(semitone, -1) * 4], 2)
    torch.testing.assert_close(made, wanted, rtol=1e-3, atol=1e-3)


def test_the_pipeline_gives_what_the_network_gives(start, scene, tmp_path):
    sound, video = scene
    assert main(["sight", str(start), "-o", str(tmp_path / "sight.yaml")]) == 0
    network = torch.jit.load(str(start))
    cut = (torch.from_numpy(video[:, 4:92, 4:92].copy())[None] / 255 - 0.421) / 0.165
    heard = torch.from_numpy(sound)[None]
    with torch.inference_mode():
        wanted = {"both": network(heard, cut)}
        features = network.audio(heard)
        for name in ("sound", "sight"):
            wanted[name] = network.head(network.fusion(
                features * (name == "sound"), network.video(cut) * (name == "sight")))
    with avsvt.Pipeline(tmp_path / "sight.yaml") as pipeline:
        given = {"both": pipeline.activations(sound, RATE, video=video),
                 "sound": pipeline.activations(sound, RATE),
                 "sight": pipeline.activations(None, video=video)}
        for name, each in given.items():
            # The last frames know where sound and pictures end, a little apart.
            np.testing.assert_allclose(each.logits[:60], wanted[name][0, :60].numpy(),
                                       rtol=1e-3, atol=1e-3, err_msg=name)


def test_steps_train_all_but_what_it_hears(start, scene):
    sound, video = scene
    inputs = {"samples": sound[None], "onset": np.zeros((1, 101), np.float32),
              "silence": np.ones((1, 101), np.float32),
              "pitch": np.full((1, 101), -1, np.float32),
              "video": ((video[None, :, 4:92, 4:92] / 255 - 0.421) / 0.165).astype(np.float32)}
    settings = {"optimizer": {"kind": "adam", "lr": 0.01},
                "groups": [{"parameters": ["video.", "fusion.", "head."]}]}
    with avsvt.Model(start) as model, avsvt.Trainer(model=model, settings=settings) as trainer, \
            avsvt.Notes.from_array([]) as none:
        losses = [trainer.step(**inputs)["loss"] for _ in range(6)]
        with pytest.raises(avsvt.errors.Unsupported, match="more than songs and notes"):
            trainer.add(sound, RATE, none)
    assert losses[-1] < 0.8 * losses[0]


def test_an_ear_may_begin_from_nothing(tmp_path):
    made = [tmp_path / name for name in ("one.pt", "same.pt", "other.pt")]
    for path, seed in zip(made, "112"):
        assert main(["notes-default", "--new", seed, "-o", str(path)]) == 0
    one, same, other = (torch.jit.load(str(path)).state_dict() for path in made)
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not torch.equal(one["heads.weight"], other["heads.weight"])
    with avsvt.Pipeline(made[0]) as pipeline:
        assert pipeline.backend == "native"
        assert np.isfinite(pipeline.activations(np.zeros(RATE, np.float32), RATE).logits).all()
    assert main(["sight", str(made[0]), "-o", str(tmp_path / "start.pt"), "--whole-ear"]) == 0
    assert main(["notes-default", "-o", str(tmp_path / "x.pt")]) == 1
    assert main(["notes-default", str(made[0]), "--new", "1", "-o", str(tmp_path / "x.pt")]) == 1
    assert not (tmp_path / "x.pt").exists()


def test_what_is_no_network_of_notes_is_refused(tmp_path, capsys):
    class Other(torch.nn.Module):
        def forward(self, x: torch.Tensor):
            return x

    torch.jit.script(Other()).save(str(tmp_path / "other.pt"))
    assert main(["sight", str(tmp_path / "other.pt"), "-o", str(tmp_path / "x.yaml")]) == 1
    assert "neither a note network" in capsys.readouterr().err
    assert main(["sight", str(tmp_path / "gone.pt"), "-o", str(tmp_path / "x.yaml")]) == 1
    assert list(tmp_path.iterdir()) == [tmp_path / "other.pt"]


@pytest.mark.parametrize("part", ["audio", "head"])
def test_a_part_is_not_written_over_what_it_is_made_of(start, part, tmp_path, capsys):
    trained = tmp_path / f"x-{part}.pt"
    trained.write_bytes(start.read_bytes())
    assert main(["sight", str(trained), "-o", str(tmp_path / "x.yaml")]) == 1
    assert "would be written over what it is made of" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [trained] and trained.read_bytes() == start.read_bytes()


@pytest.mark.parametrize("width", [["--seen", "0"], ["--hidden", "-1"]])
def test_a_width_that_can_not_be_is_refused(width, tmp_path, capsys):
    assert main(["sight", str(BUILT_IN), "-o", str(tmp_path / "x.pt"), *width]) == 1
    assert "--seen and --hidden must be 1 to" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
