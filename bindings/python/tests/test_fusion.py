# SPDX-License-Identifier: MIT
"""Fusion as published, from a checkpoint through the C library."""
import re

import avsvt
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from golden import Case, full_size_only, reference  # noqa: E402, F401
from avsvt.export import __main__ as exporter  # noqa: E402
from avsvt.networks import fusion  # noqa: E402


def checkpoint(case, folder, system):
    """The case's weights as its system saves them, exported; the fusion's file."""
    folder.mkdir(exist_ok=True)
    source = folder / ("model.ckpt" if system == "svt" else "fusion.ckpt")
    torch.save(case.weights(), source)
    config = case.about["config"]
    out = folder / ("av.yaml" if system == "svt" else "av-fusion.pt")
    assert exporter.main(["svt-av", str(folder), "-o", str(out),
                          "--heads", str(config["nhead"]), "--own", str(config["alpha"])]) == 0
    return folder / "av-fusion.pt"


@pytest.mark.parametrize("system", ["svt", "alt"])
@pytest.mark.parametrize("name", ["small_equal", "small_long", "small_short", "full_b1",
                                  "full_b2"])
def test_the_published_fusion_gives_the_published_features(reference, tmp_path, system,  # noqa: F811
                                                          name):
    if name.startswith("full"):
        full_size_only()
    case = Case(reference, system, f"case03_fusion_{name}")
    path = checkpoint(case, tmp_path, system)
    audio, video = case.input("audio"), case.input("video")
    with avsvt.Fusion(path) as fuse:
        assert len(audio) == case.about["batch"]
        for i, expected in enumerate(case.arrays["out"]):
            assert np.abs(fuse(audio[i], video[i]) - expected).max() < 1e-4
    if system == "alt":
        return
    batch = avsvt.Model(path).run(audio, video)[0]
    assert np.abs(batch - case.arrays["out"]).max() < 1e-4
    if "logits" in case.arrays:
        features = case.arrays["out"][0]
        with avsvt.Head(tmp_path / "av-head.pt") as head:
            logits = head(features, 49.8).logits
        assert np.abs(logits - case.arrays["logits"][0]).max() < 1e-4


def test_the_sinusoid_table_is_the_published_one(reference):  # noqa: F811
    case = Case(reference, "svt", "case03_positional")
    table = fusion.positions(2500, torch.zeros(1, 1, 1024))[0].numpy()
    rows = case.arrays["rows"]
    assert np.abs(table[rows] - case.arrays["pe"]).max() < 2e-4
    assert np.abs(table[1] - case.arrays["pe"][list(rows).index(1)]).max() < 1e-6


@pytest.fixture(scope="module")
def rca_path(tmp_path_factory):
    """A small fusion with random weights, twice as many audio frames as video."""
    folder = tmp_path_factory.mktemp("rca")
    torch.manual_seed(1)
    from avsvt.export.svt_av import Source
    source = Source(16, 4, 24, 0.5)
    state = {f"fusion.{name}": value for name, value in source.state_dict().items()}
    torch.save(state, folder / "fusion.ckpt")
    assert exporter.main(["svt-av", str(folder / "fusion.ckpt"), "-o",
                          str(folder / "rca.pt"), "--heads", "4"]) == 0
    return folder / "rca.pt"


@pytest.fixture(scope="module")
def rca(rca_path):
    with avsvt.Fusion(rca_path) as fuse:
        yield fuse


def features(frames, seed):
    return np.random.default_rng(seed).standard_normal((frames, 16)).astype(np.float32)


def test_a_missing_modality_is_zeros(rca):
    audio, video = features(9, 1), features(5, 2)
    assert np.array_equal(rca(audio, None), rca(audio, np.zeros((5, 16))))
    assert np.array_equal(rca(None, video), rca(np.zeros((10, 16)), video))
    with pytest.raises(ValueError, match="audio or video"):
        rca(None, None)


def test_counted_frames_are_repeated_and_filled_up(rca):
    audio, video = features(9, 1), features(3, 2)
    by_hand = np.zeros((9, 16), np.float32)
    by_hand[:6] = video.repeat(2, 0)
    # A video at the audio's rate is taken by time; then nothing is repeated.
    assert np.array_equal(rca(audio, video), rca(audio, by_hand, times=(50, 50)))


@pytest.mark.parametrize("times, taken", [
    ((50, 50), [0, 1, 2, 3, 4, 5]),
    ((50, 25), [0, 0, 1, 1, 2, 2]),
    ((25, 50), [1, 3, 5, None, None, None]),
    ((50, 50, 0.04, 0.0), [2, 3, 4, 5, None, None]),
    ((50, 50, 0.0, 0.04), [None, None, 0, 1, 2, 3]),
    ((50, 50, 0.0, 0.0075), [0, 1, 2, 3, 4, 5]),  # within half a frame: the same picture
])
def test_by_time_an_audio_frame_takes_the_picture_in_its_middle(rca, times, taken):
    audio, video = features(6, 1), features(6, 2)
    by_hand = np.stack([np.zeros(16, np.float32) if i is None else video[i] for i in taken])
    assert np.array_equal(rca(audio, video, times=times), rca(audio, by_hand, times=(50, 50)))


@pytest.mark.parametrize("times", [(0, 50), (50, float("nan")), (50, 50, float("inf"), 0)])
def test_times_that_cannot_be_are_refused(rca, times):
    with pytest.raises(ValueError, match="avsvt_fusion_times"):
        rca(features(4, 1), features(4, 2), times=times)


def test_another_width_is_refused_by_name(rca):
    with pytest.raises(ValueError, match="video features have 3 values"):
        rca(features(4, 1), np.zeros((4, 3)))


def test_a_video_of_another_length_is_told(rca_path, caplog):
    with avsvt.Context() as context, caplog.at_level("WARNING", "avsvt"):
        fuse = avsvt.Fusion(rca_path, context)
        fuse(features(40, 1), features(5, 2))
        fuse(features(4, 1), features(40, 2))
    assert "30 audio frames have no picture" in caplog.text
    assert "76 frames after the sound" in caplog.text


@pytest.mark.parametrize("spoil, told", [
    (lambda s: s.pop("fusion.layer2.norm1.norm.bias"), "lacks layer2.norm1.norm.bias"),
    (lambda s: s.update({"fusion.more": torch.zeros(3)}), "has more, which"),
    (lambda s: s.update({"fusion.layer1.norm1.norm.bias": torch.zeros(3)}),
     r"layer1.norm1.norm.bias is \[3\] where \[16\]"),
    (lambda s: s.update({"elsewhere": torch.zeros(3)}), "not known: elsewhere"),
    (lambda s: s.update({"fusion.layer1.pos_ffn.ffn.0.weight": torch.tensor(1.0)}),
     r"layer1.pos_ffn.ffn.0.weight is \[\]"),
    (lambda s: s.update({"fusion.positional_encoding.pe": torch.tensor(1.0)}), "sinusoid table"),
    (lambda s: s["fusion.layer1.norm1.norm.bias"].fill_(float("inf")), "are not finite"),
])
def test_weights_that_do_not_fit_are_named(tmp_path, capsys, spoil, told):
    from avsvt.export.svt_av import Source
    state = {f"fusion.{n}": v for n, v in Source(16, 4, 24, 0.5).state_dict().items()}
    spoil(state)
    torch.save(state, tmp_path / "fusion.ckpt")
    out = tmp_path / "out.pt"
    assert exporter.main(["svt-av", str(tmp_path), "-o", str(out), "--heads", "4"]) == 1
    assert re.search(told, capsys.readouterr().err)
    assert not out.exists()


@pytest.mark.parametrize("options, told", [
    (["--heads", "3"], "can't be shared by 3 heads"), (["--heads", "0"], "by 0 heads"),
    (["--video", "none.pt"], "--video none.pt: there is no such file"),
    (["--own", "nan"], "--own nan"), (["--own", "7"], "--own 7")])
def test_choices_that_cannot_be_are_told(tmp_path, capsys, options, told):
    from avsvt.export.svt_av import Source
    state = {f"0.fusion.{n}": v for n, v in Source(16, 4, 24, 0.5).state_dict().items()}
    state.update({"1.w.weight": torch.zeros(20, 16), "1.w.bias": torch.zeros(20)})
    torch.save(state, tmp_path / "model.ckpt")
    arguments = ["svt-av", str(tmp_path), "-o", str(tmp_path / "av.yaml")]
    assert exporter.main([*arguments, *options]) == 1
    assert told in capsys.readouterr().err
    for weight in (torch.zeros(20, 7), torch.zeros(10, 16), torch.zeros(20)):
        torch.save({**state, "1.w.weight": weight}, tmp_path / "model.ckpt")
        assert exporter.main([*arguments, "--heads", "4"]) == 1
        assert re.search("of 7 values|1.w.weight is ", capsys.readouterr().err)
    assert [each.name for each in tmp_path.iterdir()] == ["model.ckpt"]


@pytest.mark.parametrize("network, differs", [
    (fusion.Addition(), False), (fusion.Concatenation(16), True),
    (fusion.CrossAttention(16, 4, 24), True)])
def test_the_plain_fusions_can_be_scripted(network, differs):
    audio, video = torch.randn(2, 7, 16), torch.randn(2, 5, 16)
    network = network.eval()
    with torch.no_grad():
        eager = network(audio, video)
        assert torch.equal(torch.jit.script(network)(audio, video), eager)
        fitted = torch.cat([video, torch.zeros(2, 2, 16)], 1)
        assert torch.equal(network(audio, fitted), eager)
    if not differs:
        assert torch.equal(eager, audio + fitted)


def plain(audio, video, kind, state):
    """The plain fusions in NumPy, of features that are equally long."""
    def norm(x):
        return (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + 1e-6)

    def linear(x, name):
        return x @ state[name + ".weight"].T + state[name + ".bias"]

    def layer(keys, query, name):
        q, k, v = (linear(x, f"{name}.attention.{what}")
                   for x, what in ((query, "query"), (keys, "key"), (keys, "value")))
        mixed = np.zeros_like(q)
        for h in range(4):
            part = slice(4 * h, 4 * h + 4)
            scores = np.exp(q[:, part] @ k[:, part].T / 2)
            mixed[:, part] = scores / scores.sum(1, keepdims=True) @ v[:, part]
        x = norm(query + linear(mixed, f"{name}.attention.out"))
        return norm(x + linear(np.maximum(linear(x, f"{name}.widen"), 0), f"{name}.narrow"))

    if kind == "add":
        return audio + video
    if kind == "concat":
        return linear(np.concatenate([audio, video], 1), "join")
    place = fusion.positions(len(audio), torch.zeros(1, 1, 16))[0].numpy()
    audio, video = audio + place, video + place
    return layer(audio, video, "audio") + layer(video, audio, "video")


@pytest.mark.parametrize("kind", ["add", "concat", "cross"])
@pytest.mark.parametrize("trained", [False, True])
def test_a_plain_fusion_is_a_model_file(tmp_path, kind, trained):
    made = {"add": fusion.Addition, "concat": lambda: fusion.Concatenation(16),
            "cross": lambda: fusion.CrossAttention(16, 4, 24)}[kind]
    options = [f"fusion-{kind}", "-o", str(tmp_path / "f.pt")]
    options += ["--heads", "4"] if kind == "cross" else []
    if trained and kind != "add":
        torch.manual_seed(4)
        state = made().state_dict()
        torch.save(state, tmp_path / "f.ckpt")
        options.insert(1, str(tmp_path / "f.ckpt"))
    else:
        options += ["--width", "16"] + (["--inner", "24"] if kind == "cross" else [])
        torch.manual_seed(0)  # what the exporter's weights begin with
        state = made().state_dict()
    assert exporter.main(options) == 0
    state = {name: value.numpy() for name, value in state.items()}
    audio, video = features(9, 1), features(9, 2)
    with avsvt.Fusion(tmp_path / "f.pt") as fuse:
        expected = plain(audio, video, kind, state)
        assert np.abs(fuse(audio, video) - expected).max() < 1e-4
        expected = plain(audio, np.concatenate([video[:5], np.zeros((4, 16), np.float32)]),
                         kind, state)
        assert np.abs(fuse(audio, video[:5]) - expected).max() < 1e-4
        expected = plain(audio, np.zeros((9, 16), np.float32), kind, state)
        assert np.abs(fuse(audio, None) - expected).max() < 1e-4


@pytest.mark.parametrize("arguments, told", [
    (["fusion-add", "CHECKPOINT"], "no weights"),
    (["fusion-concat", "CHECKPOINT"], "which the network does not know"),
    (["fusion-cross", "--width", "15", "--heads", "3"], "must be even"),
    (["fusion-cross", "--width", "16", "--heads", "3"], "can't be shared"),
    (["fusion-cross", "--width", "16", "--inner", "-3"], "--inner"),
    (["fusion-add", "--width", "0"], None), (["fusion-add", "--width", "70000"], "--width"),
])
def test_a_plain_fusion_that_cannot_be_is_told(tmp_path, capsys, arguments, told):
    torch.save({"elsewhere": torch.zeros(3)}, tmp_path / "f.ckpt")
    arguments = [str(tmp_path / "f.ckpt") if each == "CHECKPOINT" else each for each in arguments]
    status = exporter.main([*arguments, "-o", str(tmp_path / "f.pt")])
    if told is None:  # 0 is the default
        assert status == 0
        return
    assert status == 1
    assert told in capsys.readouterr().err
    assert not (tmp_path / "f.pt").exists()
