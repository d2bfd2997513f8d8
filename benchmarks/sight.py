# SPDX-License-Identifier: MIT
"""What sight adds when a singer is heard under music: mean F1 per song of
sound alone, sight alone and both, over the ratio of voice to accompaniment.

    AVSVT_LIBRARY=build/libavsvt.so.0 PYTHONPATH=bindings/python \\
        python3 benchmarks/sight.py LIST -m SIGHT.yaml [-o OUT.svg] \\
        [--also NAME=MODEL] [--music FOLDER] [--late SECONDS] [--songs N]

LIST is one of recipes/sight/lips.py: columns sound, notes, video. Each song is
mixed by the papers' rule with accompaniment that the synth module plays, tunes
1000000 to 1000999, which no training meets by itself, or with pieces of the
recordings in FOLDER. --also has another model listen to the same sound; it may
be given several times, NAME is the row's. --late shows the pictures that much too late."""
import argparse
import csv
import pathlib
import zlib

import avsvt
import numpy as np
from noise import RATE, made, tell

SNRS = (-20, -15, -10, -5, 0, 10, None)
MEASURES = {"COnPOff": "conpoff", "COnP": "conp", "COn": "con", "COff": "coff"}
COLOURS = ("#c0392b", "#2c7fb8", "#238b45", "#888888", "#e08214", "#6a51a3")


def songs(path, most):
    folder = pathlib.Path(path).resolve().parent
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in rows[:most or None]:
        yield [folder / row[column] for column in ("sound", "notes", "video")]


def under(folder, count, seed):
    if folder is None:
        return made(count, seed)
    files = sorted(p for p in pathlib.Path(folder).iterdir()
                   if p.suffix.lower() in (".flac", ".wav", ".mp3", ".ogg"))
    if not files:
        raise SystemExit(f"{folder}: has no sounds")
    music, _ = avsvt.read_audio(files[seed % len(files)], RATE)
    return np.resize(music[seed % RATE:], count)


def snr_name(snr):
    return "clean" if snr is None else f"{snr} dB"


def svg(path, scores, measure):
    """A line a system, points from the noisiest to the clean sound."""
    width, height, left, top, right, bottom = 640, 400, 50, 20, 150, 45
    step = (width - left - right) / (len(SNRS) - 1)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
             'font-family="sans-serif" font-size="13">',
             f'<rect width="{width}" height="{height}" fill="white"/>']
    for value in range(0, 101, 20):
        y = height - bottom - (height - top - bottom) * value / 100
        parts += [f'<line x1="{left}" x2="{width - right}" y1="{y}" y2="{y}" stroke="#ddd"/>',
                  f'<text x="{left - 8}" y="{y + 4}" text-anchor="end">{value}</text>']
    for i, snr in enumerate(SNRS):
        parts.append(f'<text x="{left + i * step}" y="{height - bottom + 20}" '
                     f'text-anchor="middle">{snr_name(snr)}</text>')
    parts.append(f'<text x="{left}" y="{height - 6}">{measure}, mean F1 per song in %, '
                 'over voice to accompaniment</text>')
    ends = []
    for colour, (system, row) in zip(COLOURS, scores.items()):
        points = [(left + i * step, height - bottom - (height - top - bottom) * row[snr])
                  for i, snr in enumerate(SNRS)]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" '
                     'stroke-width="2.5"/>')
        y = points[-1][1]
        while any(abs(y - other) < 15 for other in ends):
            y += 15
        ends.append(y)
        parts.append(f'<text x="{width - right + 8}" y="{y + 4:.1f}" fill="{colour}">'
                     f'{system}</text>')
    pathlib.Path(path).write_text("\n".join(parts + ["</svg>", ""]), encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("list")
    parser.add_argument("-m", "--model", required=True)
    parser.add_argument("-o", "--output", help="a plot, .svg")
    parser.add_argument("--also", action="append", default=[], metavar="[NAME=]MODEL",
                        help="a model file, or built-in")
    parser.add_argument("--music", help="folder; default: made accompaniment")
    parser.add_argument("--late", type=float, default=0.0, help="seconds")
    parser.add_argument("--songs", type=int, default=0, help="only the first ones")
    parser.add_argument("--measure", default="COn", choices=MEASURES, help="that is plotted")
    args = parser.parse_args()
    pipeline = avsvt.Pipeline(args.model)
    if args.output and len(args.also) > len(COLOURS) - 3:
        parser.error(f"a plot has colours for {len(COLOURS) - 3} --also at most")
    others = {}
    for also in args.also:
        name, _, path = also.rpartition("=")
        others[name or path] = avsvt.Pipeline(None if path == "built-in" else path)
    sums = {}

    def add(system, snr, reference, found):
        scores = avsvt.evaluate.notes(reference, found)
        row = np.array([getattr(scores, field).f1 for field in MEASURES.values()])
        sums[system, snr] = sums.get((system, snr), 0) + row

    count = 0
    for sound, notes, video in songs(args.list, args.songs):
        reference, pictures = avsvt.read_notes(notes), np.load(video)
        clean, _ = avsvt.read_audio(sound, RATE)
        music = under(args.music, len(clean), zlib.crc32(sound.stem.encode()))
        seen = pipeline.notes(None, video=pictures, video_start=args.late)
        count += 1
        for snr in SNRS:
            heard = clean if snr is None else avsvt.mix(clean, music, snr)
            add("sound", snr, reference, pipeline.notes(heard, RATE))
            add("sight", snr, reference, seen)
            add("both", snr, reference,
                pipeline.notes(heard, RATE, video=pictures, video_start=args.late))
            for name, other in others.items():
                add(name, snr, reference, other.notes(heard, RATE))
        tell(f"{count} songs")
    if not count:
        raise SystemExit(f"{args.list}: no songs")
    tell("")
    print(f"{count} songs")
    systems = list(dict.fromkeys(system for system, _ in sums))
    for i, measure in enumerate(MEASURES):
        print(f"\n{measure:16}" + "".join(f"{snr_name(snr):>8}" for snr in SNRS))
        for system in systems:
            print(f"{system:16}" + "".join(f"{100 * sums[system, snr][i] / count:8.1f}"
                                           for snr in SNRS))
    if args.output:
        place = list(MEASURES).index(args.measure)
        svg(args.output, {system: {snr: sums[system, snr][place] / count for snr in SNRS}
                          for system in systems}, args.measure)


if __name__ == "__main__":
    main()
