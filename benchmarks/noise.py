# SPDX-License-Identifier: MIT
"""Notes found under noise, in the layout whose table `avsvt evaluate n20emv2`
prints.

    AVSVT_LIBRARY=build/libavsvt.so.0 PYTHONPATH=bindings/python \\
        python3 benchmarks/noise.py LIST OUT [-m MODEL] [--system NAME] \\
        [--white] [--natural FOLDER] [--babble FOLDER] [--accomp FOLDER]
    avsvt evaluate n20emv2 OUT

LIST is one of `avsvt prepare` (sound,notes). Each song is mixed with each noise
at -10, -5, 0, 5 and 10 dB by the papers' rule and transcribed. --accomp takes a
file of each song's name, --accomp made has accompaniment played by the synth
module, tunes 1000000 to 1000999, which no training meets by itself."""
import argparse
import csv
import json
import pathlib
import sys
import zlib

import avsvt
import numpy as np

SNRS = (-10, -5, 0, 5, 10)
RATE = 16000


def tell(text):
    """How far it is, in one line of a terminal that the next text takes the place of."""
    if sys.stderr.isatty():
        print(f"\r{text}\033[K", end="", file=sys.stderr, flush=True)


def songs(path):
    folder = pathlib.Path(path).resolve().parent
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            notes = folder / row["notes"]
            yield notes.stem, folder / row["sound"], notes


def made(count, seed):
    """Accompaniment alone: what mixing changes of a steady tone."""
    chain = avsvt.Augment(steps=[{"step": "accompaniment", "snr_db": 0, "tunes": 1000,
                                  "first": 1000000}])
    tone = np.ones(count, np.float32)
    mixed, _ = chain(tone, RATE, seed=seed)
    return mixed - 0.5 * tone


def noise_of(kind, folder, name, count):
    seed = zlib.crc32(name.encode())
    if kind != "accomp":
        return avsvt.noise(kind, count, RATE, folder, seed=seed)
    if folder == "made":
        return made(count, seed)
    files = [file for file in sorted(pathlib.Path(folder).iterdir()) if file.stem == name]
    if not files:
        raise SystemExit(f"{folder}: has no accompaniment {name}.*")
    accomp, _ = avsvt.read_audio(files[0], RATE)
    return np.pad(accomp, (0, max(0, count - len(accomp))))[:count]


def main():
    parser = argparse.ArgumentParser(description="Notes found under noise, for `avsvt evaluate "
                                     "n20emv2`.")
    parser.add_argument("list")
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("-m", "--model")
    parser.add_argument("--system", default="audio")
    parser.add_argument("--white", action="store_true")
    for kind in ("natural", "babble", "accomp"):
        parser.add_argument(f"--{kind}")
    args = parser.parse_args()
    kinds = {k: getattr(args, k) for k in ("accomp", "babble", "white", "natural")
             if getattr(args, k)}
    kinds = {k: None if k == "white" else v for k, v in kinds.items()}
    pipeline = avsvt.Pipeline(args.model)
    for name, sound, notes in songs(args.list):
        place = args.out / "data" / name / "noise_data"
        place.mkdir(parents=True, exist_ok=True)
        reference = avsvt.read_notes(notes).to_array().tolist()
        (place.parent / "note_anno.json").write_text(json.dumps(reference))
        clean, _ = avsvt.read_audio(sound, RATE)
        pipeline.notes(clean, RATE).write(place / f"clean_{args.system}_pred.csv")
        for kind, folder in kinds.items():
            (place / kind).mkdir(exist_ok=True)
            under = noise_of(kind, folder, name, len(clean))
            for snr in SNRS:
                found = pipeline.notes(avsvt.mix(clean, under, snr), RATE)
                found.write(place / kind / f"SNR_{snr}dB_{args.system}_pred.csv")
        tell(name)
    tell("")


if __name__ == "__main__":
    main()
