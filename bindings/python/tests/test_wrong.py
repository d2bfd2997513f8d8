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


SAMPLES = np.zeros(16000, np.float32)

WORDS = {
    "in this order": lambda notes: avsvt.transcribe((16000, SAMPLES)),
    "in this order ": lambda notes: avsvt.transcribe(16000, SAMPLES),
    "full scale is 1: divide": lambda notes: avsvt.transcribe(SAMPLES + 32767, 16000),
    "with a sign, not uint8": lambda notes: avsvt.transcribe(SAMPLES.astype(np.uint8), 16000),
    "avsvt.read_audio": lambda notes: avsvt.mix("song.flac", "cafe.wav", 10),
    "open it with 'rb'": lambda notes: avsvt.transcribe(io.StringIO("RIFF")),
    "io.BytesIO": lambda notes: avsvt.transcribe(b"RIFF\0\0\0\0"),
    "sound or pictures are needed": lambda notes: avsvt.transcribe(),
    "features of sound or pictures are needed": lambda notes: avsvt.Pipeline().features(),
    "no argument 'min_duratoin'; further ones are rule, ": lambda notes:
        avsvt.transcribe(SAMPLES, 16000, min_duratoin=0.1),
    "no argument 'tempo'; further ones are tempo_bpm, ": lambda notes: notes.to_midi(tempo=99),
    "rule 'exact' is none of precise, published": lambda notes:
        avsvt.transcribe(SAMPLES, 16000, rule="exact"),
    "rule \\['precise'\\] is none of": lambda notes:
        avsvt.transcribe(SAMPLES, 16000, rule=["precise"]),
    "smoothing 'none' is none of published, centred": lambda notes: avsvt.Video(
        np.zeros((2, 8, 8), np.uint8)).mouth(np.zeros((2, 68, 2)), smoothing="none"),
    "onset 2, offset 2, pitch 1$": lambda notes: avsvt.Notes([0, 1], [1, 2], [60]),
    "give \\[notes, 3\\]: rows.T": lambda notes: avsvt.evaluate.notes(notes, np.ones((3, 9))),
    "recordings: give their folder": lambda notes: avsvt.noise("babble", 9, 16000),
    "cannot be interpreted as an integer": lambda notes: avsvt.Chart(notes)["a"],
    "from_s, to_s and pitch": lambda notes: avsvt.Scorer(avsvt.Chart(notes)).push(0.0),
    "could not convert string": lambda notes:
        avsvt.Scorer(avsvt.Chart(notes)).push("a", "b", "c"),
    "wrong type": lambda notes: notes.move(0, "a", "b"),
    "'str' object cannot be": lambda notes: avsvt.Scorer(avsvt.Chart(notes)).note("a"),
    "'float' object cannot be": lambda notes: avsvt.Scorer(avsvt.Chart(notes)).line(0.5),
    "a bytes-like object is required": lambda notes: avsvt.Model.from_bytes(3),
}


def test_an_audio_is_heard_once():
    with avsvt.Audio(SAMPLES, 16000) as audio:
        with pytest.raises(TypeError, match="windw"):
            avsvt.transcribe(audio, windw=3)
        assert len(avsvt.transcribe(audio)) == 0
        with pytest.raises(ValueError, match="make another"):
            avsvt.transcribe(audio)


def test_scores_have_only_their_own_keys(notes):
    scores = avsvt.evaluate.notes(notes, notes)
    for key in ("as_dict", "keys", "f1", 3):
        with pytest.raises(KeyError):
            scores[key]


@pytest.mark.parametrize("word", WORDS)
def test_what_cannot_be_is_told_in_a_word_that_helps(notes, word):
    with pytest.raises((TypeError, ValueError), match=word.strip()) as raised:
        WORDS[word](notes)
    assert raised.type in (TypeError, ValueError)  # Python's own, not the library's


def test_samples_of_one_channel_may_have_two_dimensions():
    with avsvt.Stream(48000) as stream:
        stream.push(SAMPLES[:, None])
        assert stream.info().pushed == len(SAMPLES)


def test_objects_tell_what_they_are(notes, tmp_path):
    path = tmp_path / "sound.wav"
    avsvt.write_audio(path, SAMPLES, 16000)
    pictures = np.zeros((2, 8, 10), np.uint8)
    told = {
        notes: "Notes: 1 note", notes[:0]: "Notes: 0 notes",
        avsvt.Audio(path): "Audio: 1.00 s, 1 channel at 16000 Hz, WAV, 32 bit float",
        avsvt.Video(pictures): "Video: 10 x 8 at 50 Hz, array of uint8, grey",
        avsvt.Tensor(pictures): "Tensor: uint8 [2, 8, 10]",
        avsvt.Chart(notes): "Chart: '', 1 note",
        avsvt.Pipeline(): "Pipeline: sound at 16000 Hz, backend native",
        avsvt.Activations(np.zeros((3, 20)), 50): "Activations: 3 frames at 50 Hz",
        avsvt.Model(): "Model: (built in)", avsvt.Stream(48000): "Stream",
    }
    for made, text in told.items():
        assert repr(made) == f"<avsvt.{text}>"
        made.close()
        assert repr(made) == f"<avsvt.{type(made).__name__} closed>"
