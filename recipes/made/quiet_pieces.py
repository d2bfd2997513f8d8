# SPDX-License-Identifier: MIT
"""What must stay empty, in pieces of some 12 s:

    quiet_pieces.py OUT [--voices FOLDER] [--without SPEAKER...] [--bands COUNT]

Speech (folders of short recordings, one per speaker, as voices.py writes
them) joined to pieces of some 12 s, music of the augmentation's band without a
voice, noise, and silence; each with an empty list of notes. The same seed makes
the same files. Needs the avsvt package, libavsvt with its synth module, and
soundfile.
"""
import argparse
from pathlib import Path

import avsvt
import numpy as np
import soundfile

from singers import speakers_in

RATE = 16000
PIECE_S = 12
SPEAKER_PIECES = 2  # at most: too much of it and songs stay empty too
NOISES = 20         # pieces, half of them silent


def speech(folder: Path, without: list[str]):
    """Pieces of one speaker each."""
    for speaker, files in speakers_in(folder, [], without).items():
        words, number = [], 0
        for path in files:
            words.append(soundfile.read(path, dtype="float32")[0])
            if sum(map(len, words)) > PIECE_S * RATE and number < SPEAKER_PIECES:
                yield f"speech-{speaker}-{number}", np.concatenate(words)
                words, number = [], number + 1


def bands(count: int, random):
    """Music alone: a thousandth of noise under it is what it accompanies."""
    with avsvt.Augment(steps=[
            {"step": "accompaniment", "tunes": max(count, 1), "snr_db": -60},
            {"step": "peak", "db": -6}]) as chain:
        for i in range(count):
            under = random.standard_normal(PIECE_S * RATE).astype(np.float32) * 1e-4
            yield f"band-{i}", chain(under, RATE, seed=i)[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--voices", type=Path)
    parser.add_argument("--without", nargs="+", default=[], metavar="SPEAKER")
    parser.add_argument("--bands", type=int, default=0, metavar="COUNT")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(1)
    pieces = list(bands(options.bands, random))
    if options.voices:
        pieces += speech(options.voices, options.without)
    for i in range(NOISES):
        noise = random.standard_normal(PIECE_S * RATE) * 10 ** random.uniform(-4, -1)
        pieces.append((f"noise-{i}", noise if i % 2 else noise * 0))
    for name, samples in pieces:
        soundfile.write(options.out / f"{name}.flac", np.clip(samples, -1, 1), RATE)
        (options.out / f"{name}.txt").write_text("")


if __name__ == "__main__":
    main()
