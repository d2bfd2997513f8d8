# SPDX-License-Identifier: MIT
"""How the library cuts sound for an encoder, and when its frames are."""
import json
import os
import pathlib
import subprocess

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import encoders  # noqa: E402
from avsvt.export import parts  # noqa: E402
from golden import reference  # noqa: E402, F401

SMALL = {"model_type": "wav2vec2", "hidden_size": 32, "num_hidden_layers": 2,
         "num_attention_heads": 4, "intermediate_size": 48, "conv_dim": [16] * 7,
         "num_conv_pos_embeddings": 16, "num_conv_pos_embedding_groups": 4,
         "do_stable_layer_norm": True, "feat_extract_norm": "layer", "conv_bias": True}


class Probe(torch.nn.Module):
    """Frames like an encoder's, of which each tells where it lies and how long
    the sound is that the network was given."""

    def __init__(self):
        super().__init__()
        self.register_buffer("window", torch.zeros(1, 1, 400))
        self.window[0, 0, 200] = 1.0

    def forward(self, samples: torch.Tensor) -> torch.Tensor:
        at = torch.nn.functional.conv1d(samples[:, None], self.window, stride=320)
        columns = torch.zeros(1, at.shape[2], 20)
        columns[:, :, 2] = at[:, 0]
        columns[:, :, 3] = samples.shape[1]
        return columns


@pytest.fixture(scope="module")
def probe(tmp_path_factory):
    folder = tmp_path_factory.mktemp("probe")
    network = Probe()
    manifest = {
        "avsvt": 1, "name": "probe", "role": "extractor",
        "input": {"kind": "audio", "sample_rate": 16000, "hop": 320, "window": 400,
                  "min_samples": 400},
        "output": {"layout": "features", "width": 20, "start_s": 0.0125},
        "chunk": {"length_s": 2, "context_s": 1}, "licence": "MIT"}
    parts.write_model(str(folder / "probe.pt"), network, manifest, network,
                      [(torch.ones(1, 999),)], "probe")
    parts.write_note_head(str(folder / "head.pt"), "head", torch.eye(20), torch.zeros(20), "MIT",
                          "head")
    chunks = {"published": {"mode": "published"}, "overlap": {"mode": "overlap"},
              "bare": {"mode": "overlap", "length_s": 1, "context_s": 0},
              "unknown": {"mode": "sliced"}}
    for name, chunk in chunks.items():
        parts.write_pipeline(str(folder / f"{name}.yaml"), {
            "audio": str(folder / "probe.pt"), "head": str(folder / "head.pt")}, chunk)
    return folder


def ramp(samples):
    return np.arange(samples, dtype=np.float32) / 1e6


def test_songs_are_cut_into_the_published_utterances(probe, reference):
    told = json.loads((reference / "svt/golden/case11_chunks.json").read_text())["songs"]
    told = [song for song in told if song["samples"] < 16000 * 60]
    jobs = [{"as": str(i), "do": "notes", "model": str(probe / "published.yaml"),
             "input": str(i)} for i in range(len(told))]
    given = encoders.run(probe, jobs, **{str(i): ramp(song["samples"])
                                         for i, song in enumerate(told)})
    for i, song in enumerate(told):
        # A song too short for an utterance is dropped there; here it is one.
        slices = [each[:2] for each in song["audio_slices_sample_and_label"]] \
            or [[0, song["samples"]]]
        want = np.concatenate([np.full((last - first - 400) // 320 + 1, last - first)
                               for first, last in slices])
        assert np.array_equal(given[f"{i}.logits"][:, 3], want)
        assert given[f"{i}.rate"] == 49.8 and given[f"{i}.start"] == 0


def test_every_frame_comes_once_and_tells_its_time(probe):
    lengths = [1, 399, 400, 719, 720, 32000, 64079, 64080, 112000, 112081, 200000]
    ways = {"overlap": {}, "whole": {"chunks": "whole"}, "short": {"chunk": 1},
            "long": {"chunk": 600}, "bare": {}}
    jobs = [{"as": f"{way} {n}", "do": "notes", "input": str(n), "options": options,
             "model": str(probe / ("bare.yaml" if way == "bare" else "published.yaml"
                                   if way == "whole" else "overlap.yaml"))}
            for way, options in ways.items() for n in lengths]
    given = encoders.run(probe, jobs, **{str(n): ramp(n) for n in lengths})
    for way in ways:
        for n in lengths:
            name = f"{way} {n}"
            places = given[name + ".logits"][:, 2] * 1e6
            frames = (max(n, 400) - 400) // 320 + 1
            assert len(places) == frames, name
            assert given[name + ".rate"] == 50 and given[name + ".start"] == 0.0125
            # The middle of what a frame sees, in seconds, is the time it has.
            times = np.arange(frames) / 50 + 0.0125
            heard = times * 16000 < n
            assert np.abs(places - times * 16000)[heard].max(initial=0) < 1, name


def test_what_is_no_way_to_cut_is_refused(probe):
    given = encoders.run(probe, [
        {"as": "yaml", "do": "refused", "model": str(probe / "unknown.yaml"), "input": "x"},
        {"as": "option", "do": "refused", "model": str(probe / "overlap.yaml"), "input": "x",
         "options": {"chunks": "sliced"}}], x=ramp(16000))
    assert "overlap, whole or published is known" in str(given["yaml"])
    assert "'sliced' is none of" in str(given["option"])


@pytest.fixture(scope="module")
def system(tmp_path_factory):
    """A tiny AV_SVT checkpoint with made-up weights, exported."""
    from avsvt.networks import SpeechEncoder
    folder = tmp_path_factory.mktemp("system")
    torch.manual_seed(5)
    made = SpeechEncoder(width=32, layers=2, heads=4, inner=48, channels=[16] * 7,
                         position_kernel=16, position_groups=4, norm_first=True,
                         front_norm="channels", conv_bias=True)
    back = [(r"front\.", "feature_extractor.conv_layers."), ("over_channels", "layer_norm"),
            (r"projection_norm\.", "feature_projection.layer_norm."),
            (r"^projection\.", "feature_projection.projection."),
            (r"positions\.0", "encoder.pos_conv_embed"), (r"^norm\.", "encoder.layer_norm."),
            ("attention_norm", "layer_NORM"), (r"(layers\.\d)\.norm", r"\1.final_layer_norm"),
            ("layer_NORM", "layer_norm"), (r"^layers", "encoder.layers"),
            (r"\.query", ".q_proj"), (r"\.key", ".k_proj"), (r"\.value", ".v_proj"),
            (r"\.out\.", ".out_proj."), (r"\.inner", ".feed_forward.intermediate_dense"),
            (r"\.outer", ".feed_forward.output_dense")]
    import re
    state = {}
    for name, value in made.state_dict().items():
        for ours, theirs in back:
            name = re.sub(ours, theirs, name)
        state["model." + name] = value
    head = {"w.weight": torch.randn(20, 32), "w.bias": torch.zeros(20)}
    return encoders.song(folder, SMALL, state, head, "--unchecked", name="svt")


def test_a_checkpoint_gives_notes_in_the_shell(system, root, tmp_path):
    import avsvt
    command = pathlib.Path(os.environ.get("AVSVT_LIBRARY", "")).parent / "examples/avsvt"
    if not command.exists():
        pytest.skip("left out: the command is not beside the library")
    melody = root / "examples/data/melody.flac"
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive"}

    def transcribe(*options):
        done = subprocess.run([command, "transcribe", melody, "-m", system + ".yaml", "-f", "csv",
                               *options], capture_output=True, text=True, env=environment)
        assert done.returncode == 0, done.stderr
        rows = [line.split(",") for line in done.stdout.splitlines()[1:]]
        return np.array(rows, float)[:, :3]

    published, whole = transcribe(), transcribe("--chunks", "whole")
    sound, rate = avsvt.read_audio(melody)
    given = encoders.run(tmp_path, [
        {"as": "published", "do": "notes", "model": system + ".yaml", "input": "sound",
         "rate": rate},
        {"as": "whole", "do": "notes", "model": system + ".yaml", "input": "sound",
         "rate": rate, "options": {"chunks": "whole"}}], sound=sound)
    assert len(published) > 3
    for name, rows in (("published", published), ("whole", whole)):
        assert rows.shape == given[name].shape
        assert np.abs(rows - given[name]).max() < 1e-3
    # Frames of AV_SVT lie at i / 49.8, ours at i / 50 + 0.0125 s.
    assert np.abs(published[:, 0] * 49.8 - np.round(published[:, 0] * 49.8)).max() < 0.05
    frames = (whole[:, 0] - 0.0125) * 50
    assert np.abs(frames - np.round(frames)).max() < 0.06
