# SPDX-License-Identifier: MIT
"""Code as users write it, that a type checker must understand; it is never run.
An ignored error must be one: mypy tells of those that are not."""
import io
import pathlib
from typing import Any

import numpy as np
from numpy.typing import NDArray
from typing_extensions import assert_type

import avsvt

samples = np.zeros(16000, np.float32)

notes = avsvt.transcribe("song.flac", min_duration=0.1, rule="precise")
assert_type(notes, avsvt.Notes)
assert_type(notes.onset, NDArray[np.float64])
assert_type(notes[0], avsvt.Note)
assert_type(notes[0].pitch, float)
assert_type(notes[1:], avsvt.Notes)
assert_type(notes[notes.pitch > 60], avsvt.Notes)
assert_type(notes[np.argsort(notes.pitch)], avsvt.Notes)
assert_type([note.onset for note in notes], list[float])
assert_type(notes.format("csv"), bytes)
assert_type(avsvt.Notes([0.0], [1.0], np.array([60])).to_array(), NDArray[np.float64])
notes.write(pathlib.Path("song.mid"), tempo_bpm=120, title="A song")
notes.write("song.mid", format="mid")  # type: ignore[arg-type]
notes.write("song.mid", tempo="fast")  # type: ignore[call-arg]
notes.pitch = notes.pitch + 1  # type: ignore[misc]

avsvt.transcribe(pathlib.Path("song.flac"))
avsvt.transcribe(io.BytesIO(b"RIFF"))
avsvt.transcribe((samples, 16000))
avsvt.transcribe(samples, 16000, progress=lambda done, total: print(done / total))
avsvt.transcribe(avsvt.Audio("song.flac"), video="lips.npy", model=avsvt.Model("av.pt"))
avsvt.transcribe("song.flac", rule="exact")  # type: ignore[arg-type]
avsvt.transcribe("song.flac", minimum=0.1)  # type: ignore[call-arg]
avsvt.transcribe("song.flac", min_duration="0.1")  # type: ignore[arg-type]
avsvt.transcribe("song.flac", "16000")  # type: ignore[arg-type]

with avsvt.Pipeline("av.yaml", chunks="overlap") as pipeline:
    assert_type(pipeline, avsvt.Pipeline)
    activations = pipeline.activations("song.flac")
    assert_type(activations, avsvt.Activations)
    assert_type(activations.pitch, NDArray[np.float32])
    assert_type(activations.fine, NDArray[np.float32] | None)
    assert_type(activations.notes(window=3), avsvt.Notes)
    with avsvt.Feed(pipeline, 48000, fill=0.2) as feed:
        assert_type(feed.push(samples), bool)
        assert_type(feed.notes(), list[avsvt.Note])

with avsvt.Stream(48000) as stream:
    for event in stream.push(samples):
        assert_type(event, avsvt.StreamEvent)
        if event.kind == "on":
            print(event.time + event.pitch)
    assert_type(stream.curve(), NDArray[np.float64])
    assert_type(stream.info().lookahead_s, float)

assert_type(avsvt.read_audio("song.flac", 16000), tuple[NDArray[np.float32], float])
assert_type(avsvt.Audio("song.flac").info().rate_hz, float)
assert_type(avsvt.Video("clip.mp4", pixels="rgb").mouth("clip.npy").frames(), NDArray[np.uint8])
avsvt.Video("clip.mp4", pixels="green")  # type: ignore[arg-type]
avsvt.noise("pink", 16000, 16000)  # type: ignore[arg-type]

chain = avsvt.Augment(steps=[{"step": "pitch", "semitones": [-2, 2]}])
assert_type(chain(samples, 16000, notes), tuple[NDArray[np.float32], avsvt.Notes])
assert_type(chain(samples, 16000), tuple[NDArray[np.float32], None])

model = avsvt.Model()
assert_type(model.run(samples), list[NDArray[Any]])
assert_type(model.get("input.sample_rate"), str | None)
assert_type(model.get("input.sample_rate", "16000"), str)
assert_type(avsvt.Extractor("ssl.pt")(samples), NDArray[np.float32])
assert_type(next(avsvt.Extractor(model).pieces("song.flac", chunks="whole")),
            NDArray[np.float32])

scores = avsvt.evaluate.notes("reference.csv", notes)
assert_type(scores.conp.f1, float)
print(dict(scores), scores["con"]["f1"])

chart = avsvt.Chart("song.txt")
assert_type(chart[0], avsvt.ChartNote)
assert_type(chart[2:], list[avsvt.ChartNote])
assert_type(avsvt.sing(chart, samples, 16000, transpose=12.0).total.points, float)
avsvt.Scorer(chart).push(0.0)  # type: ignore[call-overload]

trainer = avsvt.Trainer(model=model, settings={"epochs": 20})
trainer.add(samples, 16000, notes)
assert_type(trainer.run(lambda report: print(report["loss"]))["step"], int)

try:
    avsvt.read_notes("song.csv")
except avsvt.Error as error:
    assert_type(error.status, int)
