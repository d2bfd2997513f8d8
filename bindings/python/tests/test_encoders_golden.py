# SPDX-License-Identifier: MIT
"""AV_SVT's audio networks through the library: as published.

The networks are exported here and run in a process without torch, so that the
library's own libtorch does the work, whichever it is.
"""
import numpy as np
import pytest

torch = pytest.importorskip("torch")

import encoders  # noqa: E402
from avsvt.export import parts  # noqa: E402
from golden import Case, reference  # noqa: E402, F401

FAMILIES = {"wav2vec2": "wav2vec2", "hubert": "hubert", "wavlm": "wavlm",
            "data2vec": "data2vec-audio"}
UNCHANGED = {"": [], "_no_input_norm": ["--no-input-norm"],
             "_no_output_norm": ["--no-output-norm"]}


@pytest.fixture(scope="module")
def encoded(reference, tmp_path_factory):
    """What each family gives for the golden sounds."""
    folder = tmp_path_factory.mktemp("golden")
    sounds = Case(reference, "svt", "case10_ssl_input").arrays
    head = {"w.weight": torch.zeros(20, 64), "w.bias": torch.zeros(20)}
    jobs = []
    for family, model_type in FAMILIES.items():
        case = Case(reference, "svt", f"case10_ssl_{family}")
        # What --no-... changes is the same in every family.
        for change, options in list(UNCHANGED.items())[:3 if family == "wav2vec2" else 1]:
            config = {**case.about["config"], "model_type": model_type}
            stem = encoders.song(folder, config, case.weights(), head, "--unchecked", *options,
                                 name=family + change)
            jobs += [{"as": f"{family}{i}{change}", "do": "features", "input": f"wav{i}",
                      "model": stem + "-encoder.pt"} for i in (0, 1)[:1 if change else 2]]
    return encoders.run(folder, jobs, **{name: (value / 32768).astype(np.float32)
                                         for name, value in sounds.items()})


@pytest.mark.parametrize("family", FAMILIES)
def test_features_are_the_published_ones(reference, encoded, family):
    want = Case(reference, "svt", f"case10_ssl_{family}").arrays
    pairs = [("0", "feats0"), ("1", "feats1")]
    if family == "wav2vec2":
        pairs += [("0_no_input_norm", "feats0_no_input_norm"),
                  ("0_no_output_norm", "feats0_no_output_norm")]
    for given, published in pairs:
        features = encoded[family + given]
        assert features.shape == want[published][0].shape
        assert np.abs(features - want[published][0]).max() < 5e-5


@pytest.fixture(scope="module")
def whole_song(reference, tmp_path_factory):
    """The golden song by the published way, and heads alone."""
    folder = tmp_path_factory.mktemp("song")
    case = Case(reference, "svt", "case14_song")
    stem = encoders.song(folder, {**case.about["config"], "model_type": "wav2vec2"},
                         case.weights(), case.weights(case.about["head_weights"]),
                         "--unchecked")
    inputs = {"song": (case.arrays["wav"] / 32768).astype(np.float32)}
    inputs["last"] = inputs["song"][case.about["utterances"][-1][0]:]
    jobs = [{"as": "song", "do": "notes", "model": stem + ".yaml", "input": "song"},
            {"as": "last", "do": "features", "model": stem + "-encoder.pt", "input": "last"}]
    for name in ("case02_head", "case02_head_small"):
        case = Case(reference, "svt", name)
        state, path = case.weights(), str(folder / f"{name}.pt")
        parts.write_note_head(path, name, state["w.weight"], state["w.bias"], "MIT", name)
        for i, features in enumerate(case.input("feats")):
            inputs[f"{name}{i}"] = features
            jobs.append({"as": f"{name}{i}", "do": "head", "model": path, "input": f"{name}{i}"})
    return encoders.run(folder, jobs, **inputs)


@pytest.mark.parametrize(("case", "tolerance"), [("case02_head", 2e-5),
                                                 ("case02_head_small", 2e-6)])
def test_the_head_gives_the_published_logits(reference, whole_song, case, tolerance):
    want = Case(reference, "svt", case)
    for i, logits in enumerate(want.arrays["logits"]):
        assert np.abs(whole_song[f"{case}{i}"] - logits).max() < tolerance


def test_a_song_gives_the_published_notes(reference, whole_song):
    want = Case(reference, "svt", "case14_song").arrays
    assert np.abs(whole_song["last"] - want["feats_last_utterance"]).max() < 1e-4
    assert whole_song["song.logits"].shape == want["logits"].shape
    assert np.abs(whole_song["song.logits"] - want["logits"]).max() < 1e-4
    assert whole_song["song.rate"] == 49.8 and whole_song["song.start"] == 0
    notes = whole_song["song"]
    assert notes.shape == want["notes"].shape
    assert np.array_equal(notes[:, 2], want["notes"][:, 2])
    assert np.abs(notes[:, :2] - want["notes"][:, :2]).max() < 1e-9
