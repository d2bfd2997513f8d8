# SPDX-License-Identifier: MIT
"""Who sings: speakers out of a folder of voices.py, and many songs by them at once."""
import argparse
from multiprocessing import Pool
from pathlib import Path

import numpy as np


def add_speakers(parser):
    parser.add_argument("--only", nargs="*", default=[], help="speakers to use")
    parser.add_argument("--without", nargs="*", default=[], help="speakers to leave out")


def speakers_in(folder, only, without):
    if not folder.is_dir():
        raise SystemExit(f"{folder}: there is no such folder")
    there = sorted(s.name for s in folder.iterdir() if s.is_dir())
    for name in (*only, *without):
        if name not in there:
            raise SystemExit(f"{folder}: there is no speaker {name}, but {', '.join(there)}")
    found = {name: sorted((folder / name).glob("*.flac")) for name in there
             if name not in without and (not only or name in only)}
    found = {name: files for name, files in found.items() if files}
    if not found:
        raise SystemExit(f"{folder}: no speaker is left to use: none has .flac files, or "
                         "--only and --without leave all out")
    return found


def songs_parser(about, songs, seed):
    """What every program that makes songs out of voices is told."""
    parser = argparse.ArgumentParser(description=about.splitlines()[0])
    parser.add_argument("voices", type=Path)
    add_songs(parser, songs, seed)
    add_speakers(parser)
    return parser


def add_songs(parser, songs, seed):
    parser.add_argument("out", type=Path)
    parser.add_argument("--songs", type=int, default=songs)
    parser.add_argument("--seed", type=int, default=seed)
    parser.add_argument("--seconds", type=float, default=26.0, help="length of a song")
    parser.add_argument("--processes", type=int, default=2)


def make_songs(song, args, *more):
    """Songs by make_all(), of song((speaker, files, seed, out, seconds, *more))."""
    rng = np.random.default_rng(args.seed)
    voices = speakers_in(args.voices, args.only, args.without)
    names = list(voices)
    # A voice with much material sings more songs, but not in proportion.
    weight = np.array([min(160, len(voices[n])) for n in names], float) ** 0.7
    chosen = rng.choice(len(names), args.songs, p=weight / weight.sum())
    make_all(song, args, [(names[s], voices[names[s]], seed, args.out, args.seconds, *more)
                          for s, seed in zip(chosen, seeds(args))])


def seeds(args):
    """One for each song."""
    return range(args.seed * 100003, args.seed * 100003 + args.songs)


def make_all(song, args, jobs):
    """Calls song(job) for each job, in several processes; it gives the number of notes
    (0: no song was made) and the seconds."""
    args.out.mkdir(parents=True, exist_ok=True)
    with Pool(args.processes) as pool:
        made = list(pool.imap_unordered(song, jobs, chunksize=2))
    print(f"{sum(s > 0 for _, s in made)} songs, {sum(s for _, s in made) / 60:.1f} min, "
          f"{sum(n for n, _ in made)} notes")
