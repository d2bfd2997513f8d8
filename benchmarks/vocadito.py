# SPDX-License-Identifier: MIT
"""How good a note model is on vocadito: solo singing it was not made for.

    vocadito.py AVSVT FOLDER [--model MODEL.pt]

AVSVT is the command. FOLDER is laid out as vocadito is (Zenodo record 5578807,
CC BY 4.0): Audio/NAME.wav and Annotations/Notes/NAME_notesA1.csv and _notesA2.csv,
of two people who annotated the same songs; recordings without both are left out.
Mean F1 per song in % against each of them, and of the second against the first:
what two people agree on. Where the package swift-f0 is installed its notes, with
its own settings, are scored in the same run.
"""
import argparse
import csv
import math
import tempfile
from pathlib import Path

from quality import Judge

try:
    import swift_f0
except ImportError:
    swift_f0 = None


def midi(hertz):
    return 69 + 12 * math.log2(hertz / 440)


def write_notes(path, rows):
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(f"{a:.6f}\t{b:.6f}\t{p:.4f}\n" for a, b, p in rows), encoding="utf-8")


def annotated(path):
    """Rows of onset, offset, pitch out of onset, hertz, length."""
    with path.open(encoding="utf-8") as lines:
        rows = [[float(x) for x in row] for row in csv.reader(lines) if row]
    return [(onset, onset + length, midi(hertz)) for onset, hertz, length in rows]


def by_swift_f0(path, detector):
    segments = swift_f0.segment_notes(detector.detect_file(str(path)))
    return [(s.start, s.end, midi(s.pitch_hz)) for s in segments]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("avsvt")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        judge = Judge(args.avsvt, args.model, scratch)
        songs = []
        for song in sorted((args.folder / "Audio").glob("*.wav")):
            notes = [args.folder / "Annotations/Notes" / f"{song.stem}_notes{who}.csv"
                     for who in ("A1", "A2")]
            if not all(n.exists() for n in notes):
                print(f"left out: {song.name}, which two people did not annotate")
                continue
            songs.append(song)
            for who, path in zip(("A1", "A2"), notes):
                write_notes(scratch / who / f"{song.stem}.txt", annotated(path))
        if not songs:
            raise SystemExit(f"{args.folder}: no Audio/NAME.wav that two people annotated in "
                             "Annotations/Notes/NAME_notesA1.csv and _notesA2.csv")
        judge.transcribe(songs, "avsvt")
        programs = ["avsvt"]
        if swift_f0:
            detector = swift_f0.SwiftF0()
            for song in songs:
                write_notes(scratch / "SwiftF0" / f"{song.stem}.txt", by_swift_f0(song, detector))
            programs.append("SwiftF0")
        print(f"{len(songs)} songs")
        for name in programs:
            for who in ("A1", "A2"):
                judge.compare(scratch / who, scratch / name, f"{name} against {who}")
        judge.compare(scratch / "A1", scratch / "A2", "A2 against A1")


if __name__ == "__main__":
    main()
