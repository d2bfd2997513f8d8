# SPDX-License-Identifier: MIT
"""The examples of the READMEs and docstrings run as they stand."""
import doctest
import inspect
import re
import shutil

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import avsvt  # noqa: E402
from conftest import ROOT  # noqa: E402
from test_audio_visual import files, media  # noqa: E402, F401

MODELS = {"ssl.pt": "ear.pt", "lips.pt": "eye.pt", "rca.pt": "add.pt",
          "av.yaml": "av-overlap.yaml"}
READMES = ("README.md", "bindings/python/README.md")
WRITTEN = {f"{name}, example {i}": code for name in READMES for i, code in enumerate(
    re.findall(r"```python\n(.*?)```", (ROOT / name).read_text(), re.S), 1)}
WRITTEN.update((f"avsvt.{each.__name__.removeprefix('avsvt.')}", "".join(
    example.source for example in doctest.DocTestParser().get_examples(inspect.getdoc(each))))
    for each in (avsvt, avsvt.Feed, avsvt.Stream))


@pytest.fixture
def given(files, melody, monkeypatch):  # noqa: F811
    """What the examples take for granted, in the folder where they run."""
    monkeypatch.chdir(files)
    for name, model in MODELS.items():
        shutil.copy(model, name)
    for name in ("song.flac", "concert.flac"):
        shutil.copy(melody, name)
    shutil.copy(melody.with_suffix(".csv"), "reference.csv")
    samples, sample_rate = avsvt.read_audio("song.flac", 16000)
    pictures = media(len(samples) / 16000)[1]
    np.save("lips.npy", pictures)
    features = avsvt.Extractor("ssl.pt")(samples)
    return {"avsvt": avsvt, "samples": samples, "sample_rate": sample_rate,
            "pictures": pictures, "blocks": np.split(samples, range(480, len(samples), 480)),
            "sound_features": features, "notes": avsvt.read_notes("reference.csv")}


@pytest.mark.parametrize("name", WRITTEN)
def test_an_example_runs(given, name):
    exec(compile(WRITTEN[name], name, "exec"), given)
