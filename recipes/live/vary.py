# SPDX-License-Identifier: MIT
"""Varied copies of songs and of what must stay empty, to train the live model on:

    python3 vary.py OUT --backing FOLDER [--songs FOLDER:COPIES...] [--speech FOLDER]

Each copy of a song (SONG.flac, with its notes in SONG.txt or .csv) goes through
a chain of its own chance: tempo and pitch, a curve over frequency, a room,
accompaniment from --backing under half of them, noise, loudness. With --speech
(folders of short recordings, one per speaker) pieces of it and of the
accompaniment alone are written too, with no notes. The same seed makes the same files. Needs the avsvt package,
libavsvt and soundfile.
"""
import argparse
import itertools
from pathlib import Path

import avsvt
import numpy as np
import soundfile

RATE = 16000
EMPTY_S = 12        # of speech in a piece, and of each accompaniment
SPEAKER_PIECES = 2  # at most: too much of it and songs stay empty too


def chain(backing, songs: bool) -> avsvt.Augment:
    steps = [
        {"step": "eq", "db": [0, 8], "probability": 0.9},
        {"step": "reverb", "rt60_s": [0.1, 0.5], "wet_db": [-20, -4], "probability": 0.35},
        {"step": "noise", "kind": "white", "snr_db": [12, 50], "probability": 0.25},
        {"step": "noise", "kind": "pink", "snr_db": [12, 50], "probability": 0.25},
        {"step": "peak", "db": [-20, 0]},
    ]
    if songs:
        steps.insert(0, {"step": "speed", "factor": [0.77, 1.37], "probability": 0.6})
        steps.insert(3, {"step": "mix", "folder": str(backing), "snr_db": [-4, 18],
                         "probability": 0.5})
    return avsvt.Augment(steps=steps, folder=".")


def write(folder: Path, name: str, samples, notes) -> None:
    soundfile.write(folder / f"{name}.flac", np.clip(samples, -1, 1), RATE)
    notes.write(folder / f"{name}.csv")


def songs(folder: Path):
    """Each song's name, samples and notes."""
    for path in sorted(folder.glob("*.flac")):
        notes = next(p for p in (path.with_suffix(".csv"), path.with_suffix(".txt"))
                     if p.exists())
        yield path.stem, mono(path), avsvt.read_notes(notes)


def mono(path: Path) -> np.ndarray:
    with avsvt.Audio(path) as audio:
        audio.set_rate(RATE)
        parts = [audio.read(1 << 20)]
        while len(parts[-1]):
            parts.append(audio.read(1 << 20))
    return np.concatenate(parts)


def speech(folder: Path):
    """Pieces of one speaker each, of some EMPTY_S seconds."""
    for speaker in sorted(p for p in folder.iterdir() if p.is_dir()):
        words, number = [], 0
        for path in sorted(speaker.glob("*.flac")):
            words.append(mono(path))
            if sum(map(len, words)) > EMPTY_S * RATE and number < SPEAKER_PIECES:
                yield f"{speaker.name}_{number}", np.concatenate(words)
                words, number = [], number + 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--songs", nargs="+", default=[], metavar="FOLDER:COPIES")
    parser.add_argument("--speech", type=Path)
    parser.add_argument("--backing", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    backing, seed = options.backing.resolve(), options.seed * 1000003
    none = avsvt.Notes([], [], [])
    with chain(backing, True) as sung, chain(backing, False) as empty:
        for item in options.songs:
            folder, copies = item.rsplit(":", 1)
            for copy in range(int(copies)):
                for name, samples, notes in songs(Path(folder)):
                    seed += 1
                    made = sung(samples, RATE, notes, seed=seed)
                    write(options.out, f"{Path(folder).name}_{name}_{copy}", *made)
        if options.speech is None:
            return
        music = ((p.stem, mono(p)[:EMPTY_S * RATE]) for p in sorted(backing.glob("*.flac")))
        for name, samples in itertools.chain(speech(options.speech), music):
            seed += 1
            write(options.out, f"empty_{name}", empty(samples, RATE, seed=seed)[0], none)


if __name__ == "__main__":
    main()
