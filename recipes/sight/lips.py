# SPDX-License-Identifier: MIT
"""Films of made mouths for songs sung alone.

    lips.py OUT SONGS... [--songs N] [--seed N]

SONGS are folders of NAME.flac (16 kHz, the clean voice) with NAME.txt (notes).
OUT gets NAME.npy, uint8 [pictures, 88, 88] at 50 a second, and list.csv (sound,
notes, video), which `avsvt train` and benchmarks/sight.py read. Every song gets
a face, light and camera of its own, drawn by OUT's seed and the song's name;
the notes are not looked at.
"""
import argparse
import csv
import os
import zlib
from collections import Counter
from multiprocessing import Pool
from pathlib import Path

import numpy as np
import soundfile

from face import film
from motion import RATE, follow


def one(job):
    sound, out, seed = job
    samples, rate = soundfile.read(sound)
    if rate != RATE or samples.ndim != 1:
        raise SystemExit(f"{sound}: {RATE} Hz and one channel are needed")
    rng = np.random.default_rng([seed, zlib.crc32(sound.stem.encode())])
    np.save(out / f"{sound.stem}.npy", film(rng, follow(rng, samples)))
    return len(samples) / RATE


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("folders", type=Path, nargs="+", metavar="SONGS")
    parser.add_argument("--songs", type=int, default=0, help="of each folder; default: all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=1)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)

    sounds = []
    for folder in args.folders:
        found = sorted(p for p in folder.glob("*.flac") if p.with_suffix(".txt").exists())
        order = np.random.default_rng(args.seed).permutation(len(found))
        sounds += [found[i] for i in order[:args.songs or None]]
    if not sounds:
        raise SystemExit("no songs, NAME.flac with NAME.txt, in "
                         + ", ".join(map(str, args.folders)))
    same = [stem for stem, count in Counter(sound.stem for sound in sounds).items() if count > 1]
    if same:
        raise SystemExit(f"{same[0]}: several songs have this name, and films are named after them")
    jobs = [(sound, args.out, args.seed) for sound in sounds]
    with Pool(args.processes) as pool:
        seconds = sum(pool.imap(one, jobs))
    with open(args.out / "list.csv", "w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["sound", "notes", "video"])
        for sound in sounds:
            beside = os.path.relpath(sound, args.out)
            rows.writerow([beside, os.path.splitext(beside)[0] + ".txt", f"{sound.stem}.npy"])
    print(f"{len(jobs)} songs, {seconds / 60:.1f} min")


if __name__ == "__main__":
    main()
