# SPDX-License-Identifier: MIT
"""What users give in the place of something else: no crash, and a word that helps."""
import io

import numpy as np
import pytest

import avsvt

STEPS = [{"step": "pitch", "semitones": [1, 2]}]


@pytest.fixture
def notes():
    return avsvt.Notes([0.5], [1.5], [60])


OTHERS = {
    "Notes for a chart": lambda notes: avsvt.Scorer(notes),
    "Model for a chart's notes": lambda notes: avsvt.Chart(avsvt.Model()),
    "list for a chart's notes": lambda notes: avsvt.Chart([[0, 1, 60]]),
    "path for a chart": lambda notes: avsvt.Scorer("song.txt"),
    "Notes for activations": lambda notes: notes.split(0, 1.0, notes),
    "word for activations": lambda notes: notes.move(0, 0.5, 1.0, "them"),
    "Notes for a pipeline": lambda notes: avsvt.Feed(notes, 48000),
    "Notes for a model": lambda notes: avsvt.Trainer(model=notes),
    "Model for notes": lambda notes: avsvt.Augment(steps=STEPS)(np.zeros(9), 9, avsvt.Model()),
    "context of Model": lambda notes: avsvt.Model(context=notes),
    "context of from_bytes": lambda notes: avsvt.Model.from_bytes(b"PK", context=notes),
    "context of Audio": lambda notes: avsvt.Audio(np.zeros(9), 9000, context=notes),
    "context of Video": lambda notes: avsvt.Video(np.zeros((2, 8, 8), np.uint8), context=notes),
    "context of Pipeline": lambda notes: avsvt.Pipeline(context=notes),
    "context of Augment": lambda notes: avsvt.Augment(steps=STEPS, context=notes),
    "context of Stream": lambda notes: avsvt.Stream(48000, context=notes),
    "context of Trainer": lambda notes: avsvt.Trainer("recipe.yaml", context=notes),
    "context of transcribe": lambda notes: avsvt.transcribe(np.zeros(9), 9000, context="cpu"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_another_kind_of_object_is_refused(notes, name):
    with pytest.raises(TypeError, match="is needed here, not "):
        OTHERS[name](notes)
