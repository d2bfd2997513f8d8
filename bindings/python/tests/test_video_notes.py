# SPDX-License-Identifier: MIT
"""AV_SVT's video system as one network: trained as published, and taken apart again."""
import json

import avsvt
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from avsvt.export import avhubert, svt_audio_whole  # noqa: E402
from avsvt.export.__main__ import main as export  # noqa: E402
from avsvt.networks import VideoNotes, losses  # noqa: E402
from avsvt.networks import avhubert as network  # noqa: E402
from avsvt.networks.lips import WIDTH, Lips  # noqa: E402
from encoders import made, run  # noqa: E402
from golden import Case, reference  # noqa: E402, F401
from test_avhubert import fairseq, gen, normalised, pictures  # noqa: E402, F401
from test_audio_visual import command, rows  # noqa: E402
from test_speech_notes import RECIPE, by_hand, frame_labels, songs  # noqa: E402
from test_training import close, exported, job, weights_of  # noqa: E402

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
    avhubert.gain(encoder, state)
    return encoder.train()


def published_norms(encoder):
    """Gradient norms under the published names."""
    return {avhubert.theirs(name): parameter.grad.norm().item()
            for name, parameter in encoder.named_parameters() if parameter.grad is not None}


def scalar(features):
    """What the case takes the gradient of."""
    place = torch.arange(1, features.shape[1] + 1)[:, None]
    return (features.square() * place).mean()


def golden_gradient(reference, gen):  # noqa: F811
    about = json.loads((reference / "avhubert/golden/small_gradient.json").read_text())
    return about, torch.from_numpy(normalised(pictures(gen, 7, 3)))[None]


def test_gradients_are_the_published_ones(reference, gen, damped):  # noqa: F811
    about, frames = golden_gradient(reference, gen)
    encoder = encoder_of(damped)
    for module in encoder.modules():
        if isinstance(module, NORMS):
            module.eval()  # as the case has it
    value = scalar(encoder(frames))
    value.backward()
    assert value.item() == pytest.approx(about["value"], rel=1e-4)
    norms = published_norms(encoder)
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
    encoder = encoder_of(damped)
    for module in list(encoder.modules()):
        for name, child in module.named_children():
            if isinstance(child, NORMS):
                setattr(module, name, KeptNorm(child))
    model = exported(OfTheCase(encoder), tmp_path / "case.pt")
    result = run(tmp_path, [job(tmp_path, "it", model, {
        "clip_norm": 1e6, "optimizer": {"kind": "adam", "lr": 1e-5}}, 1, ["frames"])],
        frames=frames.numpy())
    assert result["it.loss"][0] == pytest.approx(about["value"], rel=1e-4)
    assert result["it.grad_norm"][0] == pytest.approx(np.linalg.norm([*about["norms"].values()]),
                                                      rel=1e-3)


def test_the_front_gets_its_part_of_the_gradient_and_the_same_values(gen, damped):  # noqa: F811
    frames = torch.from_numpy(normalised(pictures(gen, 5, 3)))[None]
    gradients, values = {}, {}
    for factor in (1.0, 0.1, 0.0):
        encoder = encoder_of(damped, front_gradient=factor)
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


MANIFEST = ("avsvt: 1\nname: small\nrole: pipeline\ntask: notes\n"
            "input: {kind: video, width: 88, height: 88, frame_rate: 50, mean: 0.421, "
            "deviation: 0.165}\n"
            "output: {layout: notes20, frame_rate: 50}\n"
            "chunk: {mode: published, length_s: 5, context_s: 1}\n"
            "decode: {rule: published, onset_threshold: 0.4, offset_threshold: 0.5, window: 3}\n")


class Glance(torch.nn.Module):
    """In place of the large front: sixteen spots of each picture."""

    def __init__(self):
        super().__init__()
        self.norm = torch.nn.BatchNorm1d(16)
        self.linear = torch.nn.Linear(16, WIDTH)

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        spots = torch.nn.functional.avg_pool2d(frames, 22).flatten(2)
        return self.linear(self.norm(spots.flatten(0, 1)).reshape(spots.shape))


def small(dropout=0.0, **more):
    """A tiny network of this shape."""
    torch.manual_seed(6)
    encoder = network.VideoEncoder(network.Body(
        16, 2, 2, 24, kernel=16, groups=4, dropout=dropout, layer_drop=3 * dropout,
        front_gradient=0.1))
    encoder.lips = Glance()
    return VideoNotes(encoder, **more)


def films(folder):
    """The songs of the audio system's test, and films in which the mouth is open while
    somebody sings."""
    found = {}
    place = np.add.outer(np.arange(96), np.arange(96))
    for name, (sound, notes) in songs(folder).items():
        count = round(len(sound) / 320)
        wide = sum((np.arange(count) / 50 >= onset) & (np.arange(count) / 50 < offset)
                   for onset, offset, _ in notes)
        pitch = sum(((np.arange(count) / 50 >= onset) & (np.arange(count) / 50 < offset)) * midi
                    for onset, offset, midi in notes)
        film = (place % 61 + 90 * wide[:, None, None]
                + (place > 95) * pitch[:, None, None]).astype(np.uint8)
        np.save(folder / f"{name}.npy", film)
        found[name] = (film, notes)
    return found


def cut(film):
    return torch.from_numpy((film[:, 4:92, 4:92].astype(np.float32) / 255 - np.float32(0.421))
                            / np.float32(0.165))


def utterances(found, names):
    """As published: pieces of 5 s, the last takes the rest; which is up to 7.5 s."""
    pieces = []
    for name in names:
        film, notes = found[name]
        labels = frame_labels(notes, len(film), 50)
        start = 0
        while start < len(film):
            end = len(film) if len(film) - start <= 375 else start + 250
            pieces.append((cut(film[start:end]), labels[start:end]))
            start = end
    return pieces


def collated(pieces):
    pad = torch.nn.utils.rnn.pad_sequence
    lengths = torch.tensor([len(frames) for frames, _ in pieces])
    return (pad([frames for frames, _ in pieces], batch_first=True), lengths / lengths.max(),
            pad([labels for _, labels in pieces], batch_first=True))


def steps_of(folder):
    log = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return [each for each in log if each["event"] == "step"]


@pytest.mark.parametrize("whole_batch", [True, False])
def test_linear_probing_and_fine_tuning_go_as_published(whole_batch, tmp_path):
    found = films(tmp_path)
    trained = small(whole_batch=whole_batch)
    exported(trained, tmp_path / "start.pt", MANIFEST)
    (tmp_path / "r.yaml").write_text(RECIPE.format(model="start.pt", output="out"))
    result = run(tmp_path, [{"as": "r", "do": "train_recipe",
                             "recipe": str(tmp_path / "r.yaml"), "input": "none"}],
                 none=np.zeros(1))
    told, valid = by_hand(trained, utterances(found, ["a", "b"]), utterances(found, ["kept"]),
                          collated)
    steps = steps_of(tmp_path / "out")
    assert len(steps) == len(told) == 4 * 2
    for each, (loss, *rates) in zip(steps, told, strict=True):
        assert close(each["loss"], loss, 1e-3)
        assert np.allclose(each["lr"], rates)
    assert result["r.valid_loss"] == pytest.approx(valid, rel=1e-3)
    assert 0 <= result["r.conpoff"] <= 1 and result["r.con"] >= result["r.conpoff"]
    for name, value in weights_of(tmp_path / "out" / "last.pt").items():
        assert np.allclose(value, trained.state_dict()[name].numpy(), rtol=1e-2, atol=1e-3), name
    # By itself it gives what it gives, utterance by utterance.
    trained.load_state_dict({name: torch.from_numpy(value) for name, value
                             in weights_of(tmp_path / "out" / "last.pt").items()})
    trained.eval()
    with torch.no_grad(), avsvt.Pipeline(tmp_path / "out" / "last.pt") as pipeline:
        want = torch.cat([trained(frames[None])[0] for frames, _ in utterances(found, ["b"])])
        got = pipeline.activations(video=found["b"][0])
        assert got.frame_rate == 50 and got.start == 0
        assert np.abs(got.logits - want.numpy()).max() < 1e-4
        again = pipeline.activations(video=tmp_path / "b.npy")
        assert np.array_equal(again.logits, got.logits)
    with avsvt.Pipeline(tmp_path / "out" / "last.pt", chunks="whole") as pipeline:
        got = pipeline.activations(video=found["b"][0])
        with torch.no_grad():
            want = trained(cut(found["b"][0])[None])[0]
        assert got.frame_rate == 50 and np.isclose(got.start, 0.01)
        assert np.abs(got.logits - want.numpy()).max() < 1e-4


def test_frozen_epochs_leave_the_encoder_as_it_was(tmp_path):
    """But for what batch normalisation has seen, as published."""
    films(tmp_path)
    exported(small(), tmp_path / "start.pt", MANIFEST)
    (tmp_path / "r.yaml").write_text(RECIPE.format(model="start.pt", output="out")
                                     .replace("epochs: 4", "epochs: 2", 1))
    run(tmp_path, [{"as": "r", "do": "train_recipe", "recipe": str(tmp_path / "r.yaml"),
                    "input": "none"}], none=np.zeros(1))
    before, after = (weights_of(tmp_path / name) for name in ("start.pt", "out/last.pt"))
    for name, value in after.items():
        seen = name.startswith("encoder.lips.norm.") and not name.endswith(("weight", "bias"))
        assert np.array_equal(before[name], value) != (seen or name.startswith("head.")), name


def test_what_is_drawn_depends_on_the_seed_alone(tmp_path):
    films(tmp_path)
    exported(small(), tmp_path / "start.pt", MANIFEST)
    recipe = RECIPE.format(model="start.pt", output="{output}").replace("epochs: 4", "epochs: 1", 1)
    drawn = "pictures: {crop: random, mirror: 0.5}\n"
    jobs = []
    for name, more in (("plain", ""), ("one", drawn), ("two", drawn), ("other", drawn + "seed: 2\n")):
        (tmp_path / f"{name}.yaml").write_text(
            recipe.replace("{output}", name).replace("data: {", "data: {workers: 2, ", 1) + more)
        jobs.append({"as": name, "do": "train_recipe", "input": "none",
                     "recipe": str(tmp_path / f"{name}.yaml")})
    result = run(tmp_path, jobs, none=np.zeros(1))
    losses_of = {name: [each["loss"] for each in steps_of(tmp_path / name)]
                 for name in ("plain", "one", "two", "other")}
    assert losses_of["one"] == losses_of["two"]
    assert not np.allclose(losses_of["one"], losses_of["other"], rtol=1e-4)
    assert not np.allclose(losses_of["one"], losses_of["plain"], rtol=1e-4)
    assert result["one.valid_loss"] == result["two.valid_loss"]


def test_what_was_stopped_goes_on_as_it_would_have(tmp_path):
    """With all that is random: places, mirrors, dropouts and layers left out."""
    films(tmp_path)
    exported(small(0.1), tmp_path / "start.pt", MANIFEST)
    recipe = RECIPE.replace("frozen_epochs: 2", "frozen_epochs: 0") \
        + "pictures: {{crop: random, mirror: 0.5}}\n"
    result = {}
    for name, ends in (("once", (2,)), ("twice", (1, 2))):
        for end in ends:
            (tmp_path / f"{name}.yaml").write_text(recipe.format(
                model="start.pt", output=name).replace("epochs: 4", f"epochs: {end}", 1))
            result = run(tmp_path, [{"as": "r", "do": "train_recipe", "input": "none",
                                     "recipe": str(tmp_path / f"{name}.yaml")}],
                         none=np.zeros(1))
    assert result["r.resumed"] == 1
    once, twice = (weights_of(tmp_path / name / "last.pt") for name in ("once", "twice"))
    for name, value in once.items():
        assert np.array_equal(value, twice[name]), name


def test_a_batch_is_normalised_as_published(gen, damped, reference):  # noqa: F811
    """With one mean and one variance, or each film for itself, its end known."""
    encoder = encoder_of(damped)
    both = VideoNotes(encoder).eval()
    frames = torch.zeros(2, 7, 88, 88)
    frames[0] = torch.from_numpy(normalised(pictures(gen, 7, 3)))
    frames[1, :4] = torch.from_numpy(normalised(pictures(gen, 4, 4)))
    anno = torch.stack([torch.randint(n, (2, 7)) for n in (2, 2, 5, 13)], 2)
    lens = torch.tensor([1.0, 4 / 7])
    case = Case(reference, "avhubert", "small_padded")
    with torch.no_grad():
        x = encoder(frames)
        logits = both.head((x - x.mean()) / (x.var(unbiased=False) + 1e-5).sqrt())
        assert close(both.loss(frames, lens, anno), losses.note_frames_loss(logits, anno, lens))
        both.whole_batch = False
        x = torch.zeros(2, 7, 64)
        x[0] = torch.from_numpy(case.arrays["x"][0])
        x[1, :4] = torch.from_numpy(case.arrays["x_item1_alone"][0])
        logits = torch.zeros(2, 7, 20)
        for i, count in ((0, 7), (1, 4)):
            logits[i, :count] = both.head(torch.nn.functional.layer_norm(
                x[i, :count], (count, 64)))
        assert close(both.loss(frames, lens, anno), losses.note_frames_loss(logits, anno, lens),
                     1e-4)


def n20emv2(folder):
    """A set of three short songs, laid out as N20EMv2."""
    annotations = {}
    made_up = films(folder)
    for name, split in (("a", "train"), ("b", "train"), ("kept", "valid")):
        song = folder / "set" / "data" / name
        song.mkdir(parents=True)
        (folder / f"{name}.wav").rename(song / "vocals.wav")
        film, notes = made_up[name]
        np.save(song / "video_50fps.npy", film)
        annotations[name] = {"split": split, "midi": [list(note) for note in notes]}
    (folder / "set" / "annotations.json").write_text(json.dumps(annotations))
    return made_up


def test_from_the_data_set_to_notes(reference, damped, tmp_path, root):  # noqa: F811
    """Prepared, trained, taken apart, transcribed: as the recipe says, but small."""
    made_up = n20emv2(tmp_path)
    film = tmp_path / "set" / "data" / "kept" / "video_50fps.npy"
    for name in ("a", "b", "kept"):  # a film takes long
        song = tmp_path / "set" / "data" / name
        np.save(song / "video_50fps.npy", made_up[name][0][:60])
        sound = (song / "vocals.wav").read_bytes()
        (song / "vocals.wav").write_bytes(
            sound[:40] + (2 * 60 * 320).to_bytes(4, "little") + sound[44:44 + 2 * 60 * 320])
    annotations = json.loads((tmp_path / "set" / "annotations.json").read_text())
    for song in annotations.values():
        song["midi"] = [note for note in song["midi"] if note[1] < 1.2]
    (tmp_path / "set" / "annotations.json").write_text(json.dumps(annotations))

    def done(*arguments):
        result = command(*[str(each) for each in arguments])
        assert result.returncode == 0, result.stderr
        return result

    done("prepare", "n20emv2", tmp_path / "set", "-o", tmp_path / "data" / "n20emv2")
    made("svt-video-whole", damped, "--licence", "CC BY 4.0", "-o",
         tmp_path / "data" / "av-svt-video-start.pt")
    (tmp_path / "recipes").mkdir()
    recipe = (root / "recipes" / "av-svt-video.yaml").read_text()
    for old, new in (("utterance_s: 5", "utterance_s: 0.4"), ("items: 8", "items: 3"),
                     ("epochs: 10", "epochs: 2"), ("frozen_epochs: 2", "frozen_epochs: 1"),
                     ("lr: 0.0003,", "lr: 3,")):
        assert old in recipe
        recipe = recipe.replace(old, new, 1)
    (tmp_path / "recipes" / "av-svt-video.yaml").write_text(recipe)
    done("train", tmp_path / "recipes" / "av-svt-video.yaml", "--threads", "1")
    out = tmp_path / "run" / "av-svt-video"
    steps = steps_of(out)
    assert len(steps) == 4 and steps[-1]["loss"] < 0.9 * steps[0]["loss"]
    before = weights_of(tmp_path / "data" / "av-svt-video-start.pt")
    after = weights_of(out / "last.pt")
    for name in ("encoder.lips.conv.weight", "encoder.sight.weight", "encoder.body.fuse.weight",
                 "encoder.body.layers.2.inner.weight", "head.weight"):
        assert not np.array_equal(before[name], after[name]), name

    made("svt-video", out / "last.pt", "-o", tmp_path / "parts.yaml")
    for part in ("encoder", "head"):
        told = {"avsvt.yaml": ""}
        torch.jit.load(tmp_path / f"parts-{part}.pt", _extra_files=told)
        assert b'licence: "CC BY 4.0"' in told["avsvt.yaml"]
    with avsvt.Pipeline(out / "last.pt") as whole, \
            avsvt.Pipeline(tmp_path / "parts.yaml") as parts:
        want, given = (each.activations(video=film) for each in (whole, parts))
        assert want.logits.shape == (60, 20) and given.frame_rate == want.frame_rate == 50
        assert np.abs(given.logits - want.logits).max() < 1e-4
        assert np.array_equal(rows(whole.notes(video=film)), rows(parts.notes(video=film)))
        notes = whole.notes(video=film)
    for model in (out / "last.pt", tmp_path / "parts.yaml"):
        printed = done("transcribe", film, "-m", model, "-f", "csv").stdout.splitlines()
        assert len(printed) == 1 + len(notes.onset)
        beside = done("transcribe", film.with_name("vocals.wav"), "--video", film, "-m", model,
                      "-f", "csv").stdout.splitlines()
        assert beside == printed


def test_a_published_encoder_gets_a_new_head_and_its_own_dropouts(damped, tmp_path, capsys):
    made("svt-video-whole", damped, "-o", tmp_path / "new.pt")
    assert "its head is new\n" in capsys.readouterr().out
    state = weights_of(tmp_path / "new.pt")
    weight, bias = svt_audio_whole.new_head(64, 1986)
    assert np.array_equal(state["head.weight"], weight) and np.array_equal(state["head.bias"], bias)
    told = {"avsvt.yaml": ""}
    body = torch.jit.load(tmp_path / "new.pt", _extra_files=told).encoder.body
    assert body.front_gradient == 0.1 and body.layer_drop == 0.0
    assert b"front_gradient: 0.1" in told["avsvt.yaml"]
    checkpoint = torch.load(damped, weights_only=False)["model"]
    torch.save(checkpoint, tmp_path / "bare.pt")  # which says nothing of them
    made("svt-video-whole", tmp_path / "bare.pt", "--heads", "4", "-o", tmp_path / "bare-new.pt")
    assert "those of the large AV-HuBERT" in capsys.readouterr().out
    body = torch.jit.load(tmp_path / "bare-new.pt").encoder.body
    assert (body.front_gradient, body.layer_drop) == (0.1, 0.05)


def test_a_checkpoint_of_av_svt_goes_on_being_trained(reference, gen, tmp_path, capsys):  # noqa: F811
    case = Case(reference, "avhubert", "small_video")
    folder = tmp_path / "CKPT+0"
    folder.mkdir()
    torch.save({f"model.{name}": value for name, value in case.weights().items()
                if not name.startswith("final_proj")}, folder / "encoder.ckpt")
    torch.manual_seed(0)
    head = {"w.weight": torch.randn(20, 64), "w.bias": torch.randn(20)}
    torch.save(head, folder / "head.ckpt")
    made("svt-video-whole", folder, "--heads", "4", "-o", tmp_path / "on.pt")
    assert "its dropouts are those of the large AV-HuBERT" in capsys.readouterr().out
    want = case.arrays["svt"][0] @ head["w.weight"].numpy().T + head["w.bias"].numpy()
    with avsvt.Pipeline(tmp_path / "on.pt") as pipeline:
        got = pipeline.activations(video=pictures(gen, 7, 3))
        assert np.abs(got.logits - want).max() < 1e-3


def test_what_can_not_be_is_told(damped, tmp_path, capsys):
    def refused(*arguments):
        assert export([str(each) for each in arguments]) == 1
        return capsys.readouterr().err

    out = ("-o", tmp_path / "out.yaml")
    exported(small(), tmp_path / "small.pt", MANIFEST)
    assert "says itself what --post-norm" in refused("svt-video-whole", damped, "--post-norm",
                                                      "-o", tmp_path / "out.pt")
    assert "is a TorchScript model" in refused("svt-video-whole", tmp_path / "small.pt",
                                               "-o", tmp_path / "out.pt")
    assert "svt-video-whole is made of" in refused("svt-video-whole", damped, damped, damped,
                                             "-o", tmp_path / "out.pt")
    assert "no such file" in refused("svt-video", tmp_path / "none.pt", *out)
    assert "made of svt-video-whole" in refused("svt-video", damped, *out)
    assert "not an encoder and its head in one network" in refused(
        "svt-video", tmp_path / "small.pt", *out)
    made("svt-video-whole", damped, "-o", tmp_path / "whole.pt")
    capsys.readouterr()
    assert "says itself what --no-output-norm" in refused(
        "svt-video", tmp_path / "whole.pt", "--heads", "4", *out)
    assert "svt-audio-whole" in refused("svt-audio", tmp_path / "whole.pt", *out)
    assert not list(tmp_path.glob("out*"))
