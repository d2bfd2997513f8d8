# SPDX-License-Identifier: MIT
"""Speech that must stay empty of notes.

    quiet.py VOICES OUT [--each 30] [--seed 5] [--only SPEAKER ...]
        [--without SPEAKER ...]

VOICES is a folder of voices.py. OUT gets links to some utterances of every
speaker and empty note files beside them: what `avsvt train` reads.
"""
import argparse
import random
from pathlib import Path

import soundfile

from singers import add_speakers, speakers_in

SHORTEST_S = 0.3


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("voices", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--each", type=int, default=30, help="utterances of a speaker at most")
    parser.add_argument("--seed", type=int, default=5)
    add_speakers(parser)
    args = parser.parse_args()
    rng = random.Random(args.seed)
    seconds = count = 0
    args.out.mkdir(parents=True, exist_ok=True)
    for speaker, files in speakers_in(args.voices, args.only, args.without).items():
        rng.shuffle(files)
        for file in files[:args.each]:
            length = soundfile.info(file).duration
            if length < SHORTEST_S:
                continue
            link = args.out / f"{speaker}_{file.name}"
            if link.is_symlink():  # an earlier run's, perhaps to other voices
                link.unlink()
            if not link.exists():
                link.symlink_to(file.resolve())
            link.with_suffix(".txt").write_text("")
            seconds += length
            count += 1
    print(f"{count} utterances, {seconds / 60:.1f} minutes")


if __name__ == "__main__":
    main()
