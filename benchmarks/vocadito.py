# SPDX-License-Identifier: MIT
"""How good a note model is on vocadito: solo singing it was not made for.

    vocadito.py AVSVT FOLDER [--model MODEL.pt]

AVSVT is the command. FOLDER is laid out as vocadito is (Zenodo record 5578807,
CC BY 4.0): Audio/NAME.wav and Annotations/Notes/NAME_notesA1.csv and _notesA2.csv,
of two people who annotated the same songs; recordings without both are left out.
Mean F1 per song in % against each of them, and of the second against the first:
what two people agree on. Scored in the same run, with their own settings, are the
notes of swift-f0 where that package is installed, and of pYIN where
vamp-simple-host finds that plug-in (VAMP_PATH). The annotators worked in Tony, which
begins with pYIN's notes: the share of theirs that are pYIN's to the millisecond, onset
and offset, is printed too.
"""
import argparse
import csv
import math
import shutil
import subprocess
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


def by_pyin(path):
    """Rows of its lines "onset, length: hertz"."""
    done = subprocess.run(["vamp-simple-host", "pyin:pyin:notes", str(path)],
                          capture_output=True, text=True, check=True)
    rows = []
    for line in done.stdout.splitlines():
        if line.strip():
            times, hertz = line.split(":")
            onset, length = (float(x) for x in times.split(","))
            rows.append((onset, onset + length, midi(float(hertz))))
    return rows


def has_pyin():
    if not shutil.which("vamp-simple-host"):
        return False
    listed = subprocess.run(["vamp-simple-host", "-l"], capture_output=True, text=True, check=False)
    return '"pyin" [' in listed.stdout


def taken_over(annotated_rows, pyin_rows):
    """Share of annotated notes whose onset and offset are one pYIN note's."""
    same = [any(abs(onset - a) < 0.001 and abs(offset - b) < 0.001 for a, b, _ in found)
            for rows, found in zip(annotated_rows, pyin_rows) for onset, offset, _ in rows]
    return sum(same) / len(same)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("avsvt")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        judge = Judge(args.avsvt, args.model, scratch)
        songs, rows = [], {"A1": [], "A2": [], "pYIN": []}
        for song in sorted((args.folder / "Audio").glob("*.wav")):
            notes = [args.folder / "Annotations/Notes" / f"{song.stem}_notes{who}.csv"
                     for who in ("A1", "A2")]
            if not all(n.exists() for n in notes):
                print(f"left out: {song.name}, which two people did not annotate")
                continue
            songs.append(song)
            for who, path in zip(("A1", "A2"), notes):
                rows[who].append(annotated(path))
                write_notes(scratch / who / f"{song.stem}.txt", rows[who][-1])
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
        if has_pyin():
            for song in songs:
                rows["pYIN"].append(by_pyin(song))
                write_notes(scratch / "pYIN" / f"{song.stem}.txt", rows["pYIN"][-1])
            programs.append("pYIN")
        print(f"{len(songs)} songs")
        for name in programs:
            for who in ("A1", "A2"):
                judge.compare(scratch / who, scratch / name, f"{name} against {who}")
        judge.compare(scratch / "A1", scratch / "A2", "A2 against A1")
        if "pYIN" in programs:
            for who in ("A1", "A2"):
                print(f"{100 * taken_over(rows[who], rows['pYIN']):.0f} % of {who}'s notes are pYIN's, onset and offset")


if __name__ == "__main__":
    main()
