# SPDX-License-Identifier: MIT
"""Songs on disk: NAME.flac (16 kHz, mono) and NAME.txt, a note a line."""
import numpy as np
import soundfile

from voice import RATE


def songs_in(folder):
    songs = sorted(folder.glob("*.flac"))
    if not songs:
        raise SystemExit(f"{folder}: has no songs, NAME.flac with NAME.txt")
    return songs


def read_song(path):
    """Samples of a .flac, and rows of onset, offset, pitch of the .txt beside it."""
    samples, rate = soundfile.read(path)
    if rate != RATE or samples.ndim != 1:
        raise SystemExit(f"{path}: {rate} Hz, {samples.ndim} dimensions; needs {RATE} Hz, mono")
    lines = path.with_suffix(".txt").read_text(encoding="utf-8").splitlines()
    rows = [[float(x) for x in line.split("\t")[:3]] for line in lines if line]
    return samples, np.array(rows).reshape(-1, 3)


def write_song(folder, name, samples, rows):
    soundfile.write(folder / f"{name}.flac", samples, RATE)
    text = "".join(f"{a:.4f}\t{b:.4f}\t{p:.3f}\n" for a, b, p in rows)
    (folder / f"{name}.txt").write_text(text, encoding="utf-8")
