# SPDX-License-Identifier: MIT
import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import encoders  # noqa: E402
from avsvt.export import encoder, huggingface, svt_audio  # noqa: E402
from avsvt.export.__main__ import main as export  # noqa: E402
from avsvt.networks import SpeechEncoder, speech_layers  # noqa: E402

TINY = {"width": 16, "layers": 2, "heads": 4, "inner": 24, "channels": [8] * 7,
        "position_kernel": 16, "position_groups": 4}
KINDS = {
    "wav2vec2 base": {}, "wav2vec2 large": {"front_norm": "channels", "norm_first": True,
                                            "conv_bias": True, "input_epsilon": 1e-5,
                                            "output_norm": True},
    "wavlm": {"buckets": 16, "farthest": 40, "mix": [0.2, 0.5, 0.3]},
    "data2vec": {"position_layers": 3, "position_kernel": 7, "front_norm": "channels"},
}
# oneDNN's bfloat16 convolutions for AMX are wrong where a group has fewer than 16
# channels; the published encoders have 48 and 64.
HALVES = {name: kind | {"width": 64} for name, kind in KINDS.items()}
SMALL = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 4,
         "intermediate_size": 24, "conv_dim": [8] * 7, "num_conv_pos_embeddings": 16,
         "num_conv_pos_embedding_groups": 4, "vocab_size": 5}
LARGE = {"do_stable_layer_norm": True, "feat_extract_norm": "layer", "conv_bias": True}


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def network(**options):
    torch.manual_seed(1)
    made = SpeechEncoder(**{**TINY, **options}).eval()
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return made


def sounds(count=2, samples=9000):
    return 0.1 * torch.randn(count, samples, generator=torch.Generator().manual_seed(2)) + 0.02


@pytest.mark.parametrize("kind", KINDS)
def test_a_sound_gives_the_same_alone_and_padded_in_a_batch(kind):
    made, sound = network(**KINDS[kind]), sounds(3)
    lengths = torch.tensor([9000, 400, 5555])
    with torch.inference_mode():
        batch = made(sound, lengths)
        for i, length in enumerate(lengths.tolist()):
            alone = made(sound[i:i + 1, :length])[0]
            assert alone.shape[0] == made.frames(lengths)[i] == (length - 400) // 320 + 1
            assert torch.allclose(batch[i, :len(alone)], alone, atol=2e-5)
            assert not batch[i, len(alone):].any()


@pytest.mark.parametrize("kind", KINDS)
def test_attention_in_blocks_is_the_same(kind, monkeypatch):
    sound, lengths = sounds(2, 60000), torch.tensor([60000, 33333])
    with torch.inference_mode():
        whole = network(**KINDS[kind])(sound, lengths)
        monkeypatch.setattr(speech_layers, "SCORES", 1)
        blocks = network(**KINDS[kind])
        assert blocks.layers[0].attention.most_scores == 1
        assert torch.allclose(blocks(sound, lengths), whole, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_in_half_precision_features_stay_near(kind):
    sound, lengths = sounds(2, 20000), torch.tensor([20000, 9999])
    with torch.inference_mode():
        for given in ((sound,), (sound, lengths)):
            want = network(**HALVES[kind])(*given)
            made = network(**HALVES[kind]).bfloat16()(given[0].bfloat16(), *given[1:])
            assert made.dtype == torch.bfloat16
            assert (made.float() - want).norm() < 0.1 * want.norm()


@pytest.mark.parametrize("kind", KINDS)
def test_in_mixed_precision_it_trains(kind):
    """Under autocast, as the trainer has it for bf16: the gradients are near."""
    found = []
    for mixed in (False, True):
        made = torch.jit.script(network(**HALVES[kind]).train())
        with torch.autocast("cpu", torch.bfloat16, enabled=mixed):
            made(sounds(2, 20000), torch.tensor([20000, 9999])).square().mean().backward()
        found.append(torch.cat([each.grad.flatten() for each in made.parameters()]))
    assert (found[1] - found[0]).norm() < 0.2 * found[0].norm()


def test_training_reaches_every_weight():
    made = network(**KINDS["wavlm"], dropout=0.1, attention_dropout=0.1, inner_dropout=0.1,
                   projection_dropout=0.1).train()
    made(sounds()).square().mean().backward()
    idle = [name for name, parameter in made.named_parameters()
            if parameter.grad is None or not parameter.grad.any()]
    # A key's bias adds the same to every score of a query: softmax ignores it.
    assert all(name.endswith("key.bias") for name in idle)


def save(folder, kind="Wav2Vec2Model", **options):
    """A folder as transformers writes it, random weights."""
    transformers = pytest.importorskip("transformers", reason="left out: no transformers")
    torch.manual_seed(3)
    many = kind.startswith("Data2Vec")
    small = {**SMALL, **({"num_conv_pos_embeddings": 3, "conv_pos_kernel_size": 7} if many
                         else {})}
    model = getattr(transformers, kind)
    made = model(model.config_class(**{**small, **options}))
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    made.save_pretrained(folder)
    return folder


@pytest.mark.parametrize(("kind", "model", "options", "arguments"), [
    ("wav2vec2", "Wav2Vec2Model", {}, []),
    ("wav2vec2", "Wav2Vec2ForCTC", LARGE, ["--layer-weights", "0.2,0.3,0.5"]),
    ("wav2vec2", "Wav2Vec2ForPreTraining", LARGE, ["--layer", "1"]),
    ("hubert", "HubertModel", {**LARGE, "feat_proj_layer_norm": False}, ["--output-norm"]),
    ("wavlm", "WavLMModel", {}, ["--layer", "0"]),
    ("wavlm", "WavLMModel", {**LARGE, "num_buckets": 16, "max_bucket_distance": 40}, []),
    ("data2vec", "Data2VecAudioModel", {}, []),
])
def test_an_export_agrees_with_transformers(kind, model, options, arguments, tmp_path, capsys):
    save(tmp_path / "source", model, **options)
    encoders.made(kind, tmp_path / "source", *arguments, "-o", tmp_path / "out.pt")
    told = capsys.readouterr().out
    assert "of transformers" in told
    assert float(told.split("at most ")[1].split()[0]) < 1e-5


def test_weights_are_read_from_every_kind_of_file(tmp_path):
    folder = save(tmp_path / "source", "Wav2Vec2ForCTC")
    (folder / "README.md").write_text("---\nlicense: apache-2.0\n---\n# A model\n")
    encoders.made("wav2vec2", folder, "-o", tmp_path / "one.pt")
    state = huggingface.state_of(folder)
    (folder / "model.safetensors").unlink()
    names = sorted(state)
    shards = {"a.bin": names[::2], "b.bin": names[1::2]}
    for file, kept in shards.items():
        torch.save({name: state[name] for name in kept}, folder / file)
    (folder / "pytorch_model.bin.index.json").write_text(json.dumps(
        {"weight_map": {name: file for file, kept in shards.items() for name in kept}}))
    encoders.made("wav2vec2", folder, "--unchecked", "-o", tmp_path / "two.pt")
    one, two = (torch.jit.load(tmp_path / name)(sounds()) for name in ("one.pt", "two.pt"))
    assert torch.equal(one, two)
    manifest = (tmp_path / "one.pt").read_bytes()[:4000]
    assert b"licence: apache-2.0" in manifest.replace(b'"', b"") and b"start_s: 0.0125" in manifest


def refused(capsys, *arguments):
    assert export([str(each) for each in arguments]) == 1
    return capsys.readouterr().err


def test_what_does_not_fit_is_named_and_nothing_written(tmp_path, capsys, monkeypatch):
    folder = save(tmp_path / "source")
    out = tmp_path / "out.pt"
    config = json.loads((folder / "config.json").read_text())

    def configure(**changes):
        (folder / "config.json").write_text(json.dumps({**config, **changes}))

    assert "is a wav2vec2 model, not hubert" in refused(capsys, "hubert", folder, "-o", out)
    configure(hidden_act="relu")
    assert "hidden_act is relu" in refused(capsys, "wav2vec2", folder, "-o", out)
    configure(add_adapter=True)
    assert "add_adapter is set" in refused(capsys, "wav2vec2", folder, "-o", out)
    configure(num_hidden_layers=3)
    assert "it lacks encoder.layers.2.attention.k_proj.bias" in refused(
        capsys, "wav2vec2", folder, "-o", out)
    configure(num_hidden_layers=1)
    assert "does not know" in refused(capsys, "wav2vec2", folder, "-o", out)
    configure(intermediate_size=32)
    assert ("encoder.layers.0.feed_forward.intermediate_dense.weight is [24, 16] where [32, 16] "
            "is needed") in refused(capsys, "wav2vec2", folder, "--unchecked", "-o", out)
    configure()
    assert "there is no layer 3" in refused(capsys, "wav2vec2", folder, "--layer", "3", "-o", out)
    assert "3 weights" in refused(capsys, "wav2vec2", folder, "--layer-weights", "1", "-o", out)
    assert "numbers with commas" in refused(
        capsys, "wav2vec2", folder, "--layer-weights", "1,x", "-o", out)
    (folder / "model.safetensors").write_bytes(b"\xff" * 20)
    assert "not a safetensors file" in refused(capsys, "wav2vec2", folder, "-o", out)
    (folder / "model.safetensors").unlink()
    assert "has no model.safetensors" in refused(capsys, "wav2vec2", folder, "-o", out)
    (folder / "config.json").write_text("{")
    assert "not JSON" in refused(capsys, "wav2vec2", folder, "-o", out)
    assert "no such folder" in refused(
        capsys, "wav2vec2", "nobody/nothing", "--local-files-only", "-o", out)
    assert list(tmp_path.iterdir()) == [folder]


@pytest.mark.parametrize("changes", [
    {"hidden_size": "16"}, {"hidden_size": 0}, {"num_hidden_layers": 2.5},
    {"num_hidden_layers": -1}, {"conv_dim": 8}, {"conv_dim": [8] * 6}, {"conv_kernel": [10]},
    {"conv_stride": [0] * 7}, {"layer_norm_eps": "x"}, {"do_stable_layer_norm": "yes"},
    {"hidden_dropout": 5}, {"num_attention_heads": 5}, {"hidden_act": None}])
def test_a_configuration_that_cannot_be_is_told(changes, tmp_path, capsys):
    folder = save(tmp_path / "source")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, **changes}))
    told = refused(capsys, "wav2vec2", folder, "-o", tmp_path / "out.pt")
    assert told.count("\n") == 1 and str(folder) in told
    assert list(tmp_path.iterdir()) == [folder]


@pytest.mark.parametrize(("spoil", "told"), [
    (lambda w: w.long(), "is torch.int64 where floats are needed"),
    (lambda w: w * float("nan"), "has values that are not finite")])
def test_weights_that_are_no_numbers_are_refused(spoil, told, tmp_path, capsys):
    folder = save(tmp_path / "source")
    state = huggingface.state_of(folder)
    name = "encoder.layers.0.attention.q_proj.weight"
    state[name] = spoil(state[name])
    (folder / "model.safetensors").unlink()
    torch.save(state, folder / "pytorch_model.bin")
    assert f"{name} {told}" in refused(capsys, "wav2vec2", folder, "-o", tmp_path / "out.pt")


@pytest.mark.parametrize(("index", "told"), [
    ({"weight_map": []}, "does not name files"), ({"weight_map": {"a": 3}}, "does not name files"),
    ({"weight_map": {"a": "b.safetensors"}}, "names b.safetensors, which is not beside it")])
def test_an_index_that_names_no_files_is_told(index, told, tmp_path, capsys):
    folder = save(tmp_path / "source")
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    assert told in refused(capsys, "wav2vec2", folder, "-o", tmp_path / "out.pt")


def test_a_place_that_cannot_be_written_is_told_before_the_work(tmp_path, capsys):
    given = tmp_path / "checkpoint.pt"
    given.write_bytes(b"kept")
    assert "there is no folder" in refused(
        capsys, "avhubert", given, "-o", tmp_path / "none" / "out.pt")
    assert "is a folder" in refused(capsys, "avhubert", given, "-o", tmp_path)
    assert "is not UTF-8" in refused(capsys, "avhubert", given, "-o", tmp_path / "a\udcff.pt")
    assert "would be written over what it is made of" in refused(
        capsys, "avhubert", given, "-o", given)
    assert given.read_bytes() == b"kept"


@pytest.mark.parametrize(("kind", "given", "output"), [
    ("svt-audio", ["x-encoder.pt", "head.ckpt"], "x.yaml"), ("svt-audio", ["x-head.pt"], "x.pt"),
    ("svt-audio", ["CKPT"], "CKPT/x.yaml"), ("svt-audio-whole", ["CKPT"], "CKPT/x-head.pt"),
    ("svt-video", ["encoder.ckpt", "x-head.pt"], "x.yaml")])
def test_parts_are_not_written_over_what_they_are_made_of(kind, given, output, tmp_path, capsys,
                                                          monkeypatch):
    monkeypatch.setattr(svt_audio, "HEADS", ["x-head.pt"])
    (tmp_path / "CKPT").mkdir()
    files = [tmp_path / name for name in given if name != "CKPT"]
    files += [tmp_path / "CKPT" / name for name in ("wav2vec2.ckpt", "x-head.pt")]
    for each in files:
        each.write_bytes(b"kept")
    assert "would be written over what it is made of" in refused(
        capsys, kind, *(tmp_path / name for name in given), "-o", tmp_path / output)
    assert all(each.read_bytes() == b"kept" for each in files)


def test_an_export_that_differs_is_refused(tmp_path, capsys, monkeypatch):
    folder = save(tmp_path / "source")
    monkeypatch.setitem(encoder.DEFAULTS, "layer_norm_eps", 0.3)
    config = json.loads((folder / "config.json").read_text())
    del config["layer_norm_eps"]
    (folder / "config.json").write_text(json.dumps(config))
    assert "differs from its source network" in refused(
        capsys, "wav2vec2", folder, "-o", tmp_path / "out.pt")
    assert list(tmp_path.iterdir()) == [folder]


def test_int8_is_smaller_and_its_effect_is_told(tmp_path, capsys):
    folder = save(tmp_path / "source", hidden_size=64, intermediate_size=256)
    encoders.made("wav2vec2", folder, "-o", tmp_path / "float.pt")
    encoders.made("wav2vec2", folder, "--int8", "-o", tmp_path / "int8.pt")
    told = capsys.readouterr().out.splitlines()[-1]
    assert float(told.split("at most ")[1].split()[0]) < 1e-5
    assert 0 < float(told.split("those by ")[1].split()[0]) < 0.1
    sizes = [(tmp_path / name).stat().st_size for name in ("float.pt", "int8.pt")]
    assert sizes[1] < 0.6 * sizes[0]
    sound = sounds(1, 8000).numpy()[0]
    given = encoders.run(tmp_path, [
        {"as": name, "do": "features", "model": str(tmp_path / f"{name}.pt"), "input": "sound"}
        for name in ("float", "int8")], sound=sound)
    away = np.linalg.norm(given["int8"] - given["float"]) / np.linalg.norm(given["float"])
    assert 1e-5 < away < 0.1


def test_without_transformers_the_reason_is_told(tmp_path, capsys, monkeypatch):
    folder = save(tmp_path / "source")
    monkeypatch.setitem(__import__("sys").modules, "transformers", None)
    assert "needs transformers" in refused(capsys, "wav2vec2", folder, "-o", tmp_path / "x.pt")
    encoders.made("wav2vec2", folder, "--unchecked", "-o", tmp_path / "x.pt")
    assert "not compared" in capsys.readouterr().out


def test_av_svt_checkpoints_without_a_configuration(tmp_path, capsys):
    folder = save(tmp_path / "source", hidden_size=64, num_attention_heads=1, **LARGE)
    state = {f"module.model.{name}": value
             for name, value in huggingface.state_of(folder).items()}
    torch.save(state, tmp_path / "wav2vec2.pt")
    torch.save({"w.weight": torch.zeros(20, 64), "w.bias": torch.ones(20)}, tmp_path / "model.pt")
    encoders.made("svt-audio", tmp_path, "-o", tmp_path / "told.yaml")
    told = capsys.readouterr().out
    assert "told from the weights: wav2vec2, 1 heads, layers that normalise first" in told
    encoders.made("svt-audio", tmp_path / "wav2vec2.pt", tmp_path / "model.pt", "--config",
                  folder, "-o", tmp_path / "sure.yaml")
    files = [tmp_path / f"{name}-encoder.pt" for name in ("told", "sure")]
    told, sure = (torch.jit.load(file)(sounds()[:1]) for file in files)
    assert torch.equal(told, sure)
    assert abs(sure.mean()) < 1e-5 and abs(sure.std() - 1) < 1e-2
    torch.save({"w.weight": torch.zeros(20, 32), "w.bias": torch.ones(20)}, tmp_path / "model.pt")
    assert "takes features of 32 values" in refused(
        capsys, "svt-audio", tmp_path, "-o", tmp_path / "x.yaml")
    torch.save({"v": torch.zeros(1)}, tmp_path / "wav2vec2.pt")
    assert "not a speech encoder" in refused(
        capsys, "svt-audio", tmp_path, "-o", tmp_path / "x.yaml")


def test_an_exported_encoder_runs_in_the_library(tmp_path):
    folder = save(tmp_path / "source", "WavLMModel", **LARGE)
    path = encoders.made("wavlm", folder, "-o", tmp_path / "wavlm.pt")
    sound = sounds(2, 20000).numpy()
    given = encoders.run(tmp_path, [
        {"as": "one", "do": "features", "model": path, "input": "sound"},
        {"as": "short", "do": "features", "model": path, "input": "short"},
        {"as": "batch", "do": "model", "model": path, "input": "both", "more": [[20000, 3000]]},
    ], sound=sound[0], short=sound[0, :10], both=sound)
    with torch.inference_mode():
        want = torch.jit.load(path)(torch.from_numpy(sound),
                                    torch.tensor([20000, 3000])).numpy()
    assert np.abs(given["one"] - want[0]).max() < 1e-4 * np.abs(want).max()
    assert np.abs(given["batch"] - want).max() < 1e-4 * np.abs(want).max()
    assert given["short"].shape == (1, 16)
