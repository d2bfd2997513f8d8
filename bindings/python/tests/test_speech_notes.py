# SPDX-License-Identifier: MIT
"""AV_SVT's audio system as one network: as published, and trained as published."""
import json
import wave

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from avsvt import networks  # noqa: E402
from avsvt.export import svt_audio_whole  # noqa: E402
from avsvt.networks import losses  # noqa: E402
from encoders import made, run  # noqa: E402
from golden import Case, reference  # noqa: E402, F401
from test_training import close, exported, job, weights_of  # noqa: E402

SMALL = {"model_type": "wav2vec2", "hidden_size": 16, "num_hidden_layers": 2,
         "num_attention_heads": 2, "intermediate_size": 24, "conv_dim": [8] * 7,
         "num_conv_pos_embeddings": 16, "num_conv_pos_embedding_groups": 4,
         "feat_extract_norm": "layer", "do_stable_layer_norm": True, "conv_bias": True,
         "hidden_dropout": 0.0, "attention_dropout": 0.0, "activation_dropout": 0.0,
         "feat_proj_dropout": 0.0, "layerdrop": 0.0}


def small(position_groups=4, **more):
    """A tiny network of this shape."""
    torch.manual_seed(6)
    encoder = networks.SpeechEncoder(
        width=16, layers=2, heads=2, inner=24, channels=(8,) * 7, front_norm="channels",
        conv_bias=True, norm_first=True, position_kernel=16,
        position_groups=position_groups)
    return networks.SpeechNotes(encoder, 16, **more)


def checkpoint(folder, config, encoder, head):
    """A checkpoint of AV_SVT with these weights."""
    folder.mkdir()
    torch.save(encoder, folder / "wav2vec2.ckpt")
    torch.save(head, folder / "model.ckpt")
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def test_it_transcribes_as_published(reference, tmp_path):  # noqa: F811
    case = Case(reference, "svt", "case14_song")
    folder = checkpoint(tmp_path / "CKPT+0", {**case.about["config"], "model_type": "wav2vec2"},
                        case.weights(), case.weights(case.about["head_weights"]))
    model = made("svt-audio-whole", folder, "--config", folder / "config.json", "--unchecked",
                 "-o", tmp_path / "whole.pt")
    options = {name: {"options": {"chunks": name}} for name in ("published", "whole")}
    result = run(tmp_path, [
        {"as": "song", "do": "notes", "model": model, "input": "song"},
        {"as": "asked", "do": "notes", "model": model, "input": "song", **options["published"]},
        {"as": "other", "do": "notes", "model": model, "input": "song", **options["whole"]}],
        song=(case.arrays["wav"] / 32768).astype(np.float32))
    want = case.arrays
    for name in ("song", "asked"):
        assert np.abs(result[f"{name}.logits"] - want["logits"]).max() < 1e-4
        assert result[f"{name}.rate"] == 49.8 and result[f"{name}.start"] == 0
        assert np.abs(result[name] - want["notes"]).max() < 1e-9
    # Cut otherwise, its frames lie where they are.
    assert result["other.rate"] == 50 and np.isclose(result["other.start"], 0.0125)


def test_a_batch_is_normalised_as_published(reference, tmp_path):  # noqa: F811
    """The encoder in training mode sees the batch as the published one does."""
    case = Case(reference, "svt", "case10_ssl_wav2vec2")
    wavs = Case(reference, "svt", "case10_ssl_input").arrays
    folder = checkpoint(tmp_path / "CKPT+0", {**case.about["config"], "model_type": "wav2vec2"},
                        case.weights(), {"w.weight": torch.zeros(20, 64),
                                         "w.bias": torch.zeros(20)})
    model = made("svt-audio-whole", folder, "--config", folder / "config.json", "--unchecked",
                 "-o", tmp_path / "whole.pt")
    network = torch.jit.load(model)
    position = "encoder.positions.0.conv."  # as it was pre-trained, and is trained on
    assert {position + part for part in ("gain", "direction", "bias")} == {
        name for name, _ in network.named_parameters() if name.startswith(position)}
    sounds = [torch.from_numpy((wavs[f"wav{i}"] / 32768).astype(np.float32)) for i in (0, 1)]
    batch = torch.nn.utils.rnn.pad_sequence(sounds, batch_first=True)
    want = torch.from_numpy(case.arrays["feats_batch"])
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        network.head.weight.copy_(torch.randn(20, 64, generator=generator))
        anno = torch.stack([torch.randint(n, (2, 119), generator=generator)
                            for n in (2, 2, 5, 13)], 2)
        lens = torch.tensor([len(sounds[0]) / len(sounds[1]), 1.0])
        loss = network.loss(batch, torch.tensor([len(each) for each in sounds]), lens, anno)
        logits = torch.nn.functional.linear(want, network.head.weight)
        assert close(loss, losses.note_frames_loss(logits, anno, lens), 1e-4)


def frame_labels(notes, frames, rate=49.8):
    """The published labels, as their rules are told."""
    rows, k, half = [], 0, 0.5 / rate
    for i in range(frames):
        t = i / rate
        row = (0, 1, 4, 12)
        if k < len(notes):
            onset, offset, pitch = notes[k]
            told = (min(max((pitch - 36) // 12, 0), 3), pitch % 12)
            if abs(t - onset) <= half:
                row = (0 if rows and rows[-1][0] else 1, 0, *told)
            elif t >= onset and abs(t - offset) <= half:
                row, k = (0, 1, *told), k + 1
                if k < len(notes) and abs(notes[k][0] - t) <= half:
                    row = (1, 0, *told)
            elif t >= onset:
                row = (0, 0, *told)
        rows.append(row)
    return torch.tensor(rows)


def songs(folder):
    """Two songs to train on and one kept apart: sound and notes."""
    found = {}
    for name, seconds, pitch in (("a", 9, 50), ("b", 12.5, 60), ("kept", 6, 64)):
        notes = [(0.3 + each, 0.9 + each, pitch + each) for each in range(int(seconds))]
        time = np.arange(int(16000 * seconds)) / 16000
        sound = np.zeros(len(time))
        for onset, offset, midi in notes:
            inside = (time >= onset) & (time < offset)
            sound[inside] = 0.3 * np.sin(2 * np.pi * 440 * 2 ** ((midi - 69) / 12) * time[inside])
        samples = np.round(sound * 32768).astype("<i2")
        with wave.open(str(folder / f"{name}.wav"), "wb") as file:
            file.setparams((1, 2, 16000, 0, "NONE", ""))
            file.writeframes(samples.tobytes())
        sound = samples / 32768
        (folder / f"{name}.csv").write_text("onset,offset,pitch\n" + "".join(
            f"{onset},{offset},{midi}\n" for onset, offset, midi in notes))
        found[name] = (torch.from_numpy(sound).float(), notes)
    (folder / "train.csv").write_text("sound,notes\na.wav,a.csv\nb.wav,b.csv\n")
    (folder / "valid.csv").write_text("sound,notes\nkept.wav,kept.csv\n")
    return found


RECIPE = """avsvt: 1
model: {model}
output: {output}
data: {{train: train.csv, valid: valid.csv, utterance_s: 5}}
batch: {{items: 2, duration_s: 1000, order: ascending}}
epochs: 4
groups:
  - name: encoder
    parameters: [encoder.]
    frozen_epochs: 2
    optimizer: {{kind: adam, lr: 0.0005}}
    schedule: {{kind: newbob, factor: 0.9, threshold: 0.9}}
  - name: head
    parameters: [head.]
    optimizer: {{kind: adadelta, lr: 0.3, rho: 0.95, eps: 1.0e-8}}
    schedule: {{kind: newbob, factor: 0.8, threshold: 0.9}}
clip_norm: 5
valid: {{measure: loss}}
"""


def utterances(found, names):
    """As published: pieces of 5 s, the last takes the rest."""
    pieces = []
    for name in names:
        sound, notes = found[name]
        labels = frame_labels(notes, int(len(sound) / 16000 * 50) + 3)
        count = round(len(sound) / 80000)
        for k in range(count):
            end = len(sound) if k == count - 1 else 80000 * (k + 1)
            pieces.append((sound[80000 * k:end], labels[249 * k:]))
    return pieces


def by_hand(network, pieces, kept, collated):
    """The published training as one would write it; losses and rates of steps."""
    head = torch.optim.Adadelta(network.head.parameters(), lr=0.3, rho=0.95, eps=1e-8)
    encoder = torch.optim.Adam(network.encoder.parameters(), lr=5e-4)
    pieces = sorted(pieces, key=lambda piece: len(piece[0]))
    told, before = [], None
    for epoch in range(4):
        network.train()
        network.encoder.requires_grad_(epoch >= 2)
        for i in range(0, len(pieces), 2):
            loss = network.loss(*collated(pieces[i:i + 2]))
            for optimizer in (head, encoder):
                optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            for optimizer in (head, encoder):
                optimizer.step()
            told.append((loss.item(), encoder.param_groups[0]["lr"],
                         head.param_groups[0]["lr"]))
        network.eval()
        with torch.no_grad():
            valid = np.mean([network.loss(*collated([piece])).item() for piece in kept])
        if before is not None and (before - valid) / before < 0.9:
            encoder.param_groups[0]["lr"] *= 0.9
            head.param_groups[0]["lr"] *= 0.8
        before = valid
    return told, valid


def collated(pieces):
    lengths = torch.tensor([len(sound) for sound, _ in pieces])
    samples = torch.nn.utils.rnn.pad_sequence([sound for sound, _ in pieces],
                                              batch_first=True)
    frames = int(lengths.max()) // 320 + 1
    silent = torch.tensor([[0, 1, 4, 12]])
    anno = torch.stack([torch.cat([labels, silent.expand(frames, 4)])[:frames]
                        for _, labels in pieces])
    return samples, lengths, lengths / lengths.max(), anno


def test_linear_probing_and_fine_tuning_go_as_published(tmp_path):
    found = songs(tmp_path)
    network = small()
    exported(network, tmp_path / "start.pt", svt_audio_whole_manifest())
    (tmp_path / "r.yaml").write_text(RECIPE.format(model="start.pt", output="out"))
    result = run(tmp_path, [
        {"as": "r", "do": "train_recipe", "recipe": str(tmp_path / "r.yaml"), "input": "kept"},
        {"as": "notes", "do": "notes", "model": str(tmp_path / "out" / "last.pt"),
         "input": "kept"}], kept=found["kept"][0].numpy())
    told, valid = by_hand(network, utterances(found, ["a", "b"]), utterances(found, ["kept"]),
                          collated)
    log = [json.loads(line) for line in (tmp_path / "out" / "log.jsonl").read_text().splitlines()]
    steps = [each for each in log if each["event"] == "step"]
    assert len(steps) == len(told) == 4 * 2
    for each, (loss, *rates) in zip(steps, told, strict=True):
        assert close(each["loss"], loss, 1e-3)
        assert np.allclose(each["lr"], rates)
    assert result["r.valid_loss"] == pytest.approx(valid, rel=1e-3)
    before, after = weights_of(tmp_path / "start.pt"), weights_of(tmp_path / "out" / "last.pt")
    theirs = {name: value.numpy() for name, value in network.state_dict().items()}
    for name, value in after.items():
        # Adam's first steps are of full size however small the gradient is.
        assert np.allclose(value, theirs[name], rtol=1e-2, atol=1e-3), name
    assert any(not np.array_equal(before[name], after[name]) for name in before
               if name.startswith("encoder."))
    assert result["notes.rate"] == 49.8 and np.isfinite(result["notes.logits"]).all()


def svt_audio_whole_manifest():
    return ("avsvt: 1\nname: small\nrole: pipeline\ntask: notes\n"
            "input: {kind: audio, sample_rate: 16000, hop: 320, window: 400, min_samples: 400}\n"
            "output: {layout: notes20, frame_rate: 49.8}\n"
            "chunk: {mode: published, length_s: 5, context_s: 1}\n"
            "decode: {rule: published, onset_threshold: 0.4, offset_threshold: 0.5, window: 3}\n")


def test_what_is_dropped_depends_on_the_seed_alone(tmp_path):
    found = songs(tmp_path)
    network = small(whole_batch=False, drops=networks.SpecAugment(2, 12, 2, 5))
    exported(network, tmp_path / "drops.pt", svt_audio_whole_manifest())
    exported(small(whole_batch=False), tmp_path / "none.pt", svt_audio_whole_manifest())
    samples, lengths, lens, anno = collated(utterances(found, ["a"])[:1])
    arrays = {"samples": samples.numpy(), "lengths": lengths.numpy(), "lens": lens.numpy(),
              "anno": anno.numpy()}
    names = list(arrays)
    result = run(tmp_path, [
        job(tmp_path, "one", tmp_path / "drops.pt", {"seed": 1}, 2, names),
        {**job(tmp_path, "two", tmp_path / "drops.pt", {"seed": 1}, 2, names), "threads": 2},
        job(tmp_path, "other", tmp_path / "drops.pt", {"seed": 2}, 2, names),
        job(tmp_path, "none", tmp_path / "none.pt", {"seed": 1}, 2, names)], **arrays)
    # Two threads add up in another order, and no more than that.
    assert np.allclose(result["one.loss"], result["two.loss"], rtol=1e-5)
    for name in ("other", "none"):
        assert not np.allclose(result["one.loss"], result[f"{name}.loss"], rtol=1e-3), name


def test_mixed_precision_computes_nearly_the_same(tmp_path):
    found = songs(tmp_path)
    samples, lengths, lens, anno = collated(utterances(found, ["a", "b"])[:2])
    arrays = {"samples": samples.numpy(), "lengths": lengths.numpy(), "lens": lens.numpy(),
              "anno": anno.numpy()}
    for name, whole in (("published", True), ("alone", False)):
        # One group of 16 channels: oneDNN's bfloat16 convolutions for AMX need as many.
        exported(small(position_groups=1, whole_batch=whole), tmp_path / f"{name}.pt",
                 svt_audio_whole_manifest())
    result = run(tmp_path, [
        job(tmp_path, f"{name}.{precision}", tmp_path / f"{name}.pt",
            {"precision": precision, "optimizer": {"lr": 1e-3}}, 3, list(arrays))
        for name in ("published", "alone") for precision in ("fp32", "bf16")], **arrays)
    for name in ("published", "alone"):
        for told in ("loss", "grad_norm"):
            whole, mixed = (result[f"{name}.{each}.{told}"] for each in ("fp32", "bf16"))
            assert whole[0] != mixed[0] and np.allclose(whole, mixed, rtol=0.05), (name, told)


def test_spans_are_as_wide_and_as_many_as_asked_and_only_in_training():
    x = torch.ones(200, 30, 12)
    drops = networks.SpecAugment(1, 7, 1, 3).train()
    torch.manual_seed(0)
    seen = drops(x)
    times = (seen == 0).all(2)
    bands = (seen == 0).all(1)
    for dropped, widest in ((times, 7), (bands, 3)):
        counts = dropped.sum(1)
        assert set(counts.tolist()) == set(range(widest + 1))  # each width, none wider
        edges = dropped.int().diff(dim=1).abs().sum(1)
        assert edges.max() <= 2  # one span
        assert dropped[:, 0].any() and dropped[:, -1].any()
    assert torch.equal(drops.eval()(x), x)
    assert torch.equal(networks.SpecAugment().train()(x), x)
    with pytest.raises(ValueError, match="negative"):
        networks.SpecAugment(times=-1)


def test_a_published_encoder_gets_a_new_head(tmp_path, capsys):
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    folder = tmp_path / "encoder"
    config = transformers.Wav2Vec2Config(**SMALL)
    transformers.Wav2Vec2Model(config).save_pretrained(folder)
    made("svt-audio-whole", folder, "--drop-times", "2:10", "-o", tmp_path / "new.pt")
    assert "its head is new" in capsys.readouterr().out
    state = weights_of(tmp_path / "new.pt")
    weight, bias = svt_audio_whole.new_head(16, 1986)
    assert np.array_equal(state["head.weight"], weight) and np.array_equal(state["head.bias"], bias)
