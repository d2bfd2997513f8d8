# SPDX-License-Identifier: MIT
"""Recorded songs in other voices: higher, lower, with another body, by WORLD.

    transpose.py SONGS OUT [--seed 41] [--times 1]

SONGS holds SONG.flac (16 kHz) and SONG.txt. OUT gets SONG-N.flac and notes at
the new pitch, at the same times: singing as people sing, from basses to
children, with the vocoder's traces that re-sung speech has too.
"""
import argparse
from multiprocessing import Pool
from pathlib import Path

import numpy as np
import pyworld
import soundfile

from between import read_notes
from voice import RATE, STEP_S, Voice, analyse, reshape

LOWEST, HIGHEST = 38, 79 # MIDI number that the middle of a song is moved between
FARTHEST = 12            # semitones
HIGHEST_HZ = 1000


def moved(rng, samples, pitch):
    """Samples of the song in another voice, and by how many semitones."""
    f0, envelope, noise = analyse(samples, HIGHEST_HZ)
    shift = rng.uniform(max(-FARTHEST, LOWEST - pitch), min(FARTHEST, HIGHEST - pitch))
    voice = Voice(pitch, envelope, noise, np.zeros(0), [])
    reshape(voice, float(np.exp(rng.normal(0, 0.07) + 0.014 * shift)), rng.uniform(0.6, 1.3))
    f0 = np.clip(f0 * 2 ** (shift / 12), 0, HIGHEST_HZ)
    envelope, noise = np.ascontiguousarray(voice.envelope), np.ascontiguousarray(voice.noise)
    made = pyworld.synthesize(f0, envelope, noise, RATE, 1000 * STEP_S)[:len(samples)]
    return made * (rng.uniform(0.3, 0.9) / np.abs(made).max()), shift


def transpose(job):
    song, out, seed, number = job
    rng = np.random.default_rng(seed)
    samples, rate = soundfile.read(song)
    if rate != RATE or samples.ndim != 1:
        raise SystemExit(f"{song}: {rate} Hz, {samples.ndim} dimensions; needs {RATE} Hz, mono")
    notes = read_notes(song.with_suffix(".txt"))
    samples, shift = moved(rng, samples, float(np.median(notes[:, 2])))
    name = f"{song.stem}-{number}"
    soundfile.write(out / f"{name}.flac", samples, RATE)
    text = "".join(f"{a:.4f}\t{b:.4f}\t{min(p + shift, 127):.3f}\n" for a, b, p in notes)
    (out / f"{name}.txt").write_text(text, encoding="utf-8")
    return len(samples) / RATE


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("songs", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=41)
    parser.add_argument("--times", type=int, default=1, help="voices for each song")
    parser.add_argument("--processes", type=int, default=2)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    songs = sorted(args.songs.glob("*.flac"))
    jobs = [(song, args.out, args.seed * 100003 + number * len(songs) + i, number)
            for number in range(args.times) for i, song in enumerate(songs)]
    with Pool(args.processes) as pool:
        seconds = sum(pool.imap_unordered(transpose, jobs))
    print(f"{len(jobs)} songs, {seconds / 60:.1f} minutes")


if __name__ == "__main__":
    main()
