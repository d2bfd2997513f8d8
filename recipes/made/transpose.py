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

from songs import read_song, write_song
from voice import RATE, analyse, reshape, synthesize

LOWEST, HIGHEST = 38, 79 # MIDI number that the middle of a song is moved between
FARTHEST = 12            # semitones
HIGHEST_HZ = 1000


def moved(rng, samples, pitch):
    """Samples of the song in another voice, and by how many semitones."""
    f0, envelope, noise = analyse(samples, HIGHEST_HZ)
    shift = rng.uniform(max(-FARTHEST, LOWEST - pitch), min(FARTHEST, HIGHEST - pitch))
    formants = float(np.exp(rng.normal(0, 0.07) + 0.014 * shift))
    envelope, noise = reshape(envelope, noise, formants, rng.uniform(0.6, 1.3))
    f0 = np.clip(f0 * 2 ** (shift / 12), 0, HIGHEST_HZ)
    made = synthesize(f0, envelope, noise)[:len(samples)]
    return made * (rng.uniform(0.3, 0.9) / np.abs(made).max()), shift


def transpose(job):
    song, out, seed, number = job
    rng = np.random.default_rng(seed)
    samples, notes = read_song(song)
    samples, shift = moved(rng, samples, float(np.median(notes[:, 2])))
    # A label that was wrong before may lie beyond what a MIDI number can be.
    rows = [(onset, offset, min(midi + shift, 127)) for onset, offset, midi in notes]
    write_song(out, f"{song.stem}-{number}", samples, rows)
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
