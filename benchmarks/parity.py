# SPDX-License-Identifier: MIT
"""How far the native backend is from libtorch, and whether the notes are the same:

    python3 benchmarks/parity.py SONG.flac... [--model FILE]

Needs the avsvt package, libavsvt and its torch module.
"""
import argparse

import avsvt
import numpy as np


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("songs", nargs="+")
    parser.add_argument("--model", help="default: the built-in one")
    options = parser.parse_args()
    pipelines = [avsvt.Pipeline(options.model, context=avsvt.Context(backend=backend))
                 for backend in ("native", "torch")]
    worst = {"logits": 0.0, "fine": 0.0}
    notes = others = 0
    for song in options.songs:
        native, torch = (pipeline.activations(song) for pipeline in pipelines)
        for name in worst:
            apart = np.abs(getattr(native, name) - getattr(torch, name)).max()
            worst[name] = max(worst[name], float(apart))
        lists = [[(round(n.onset, 3), round(n.offset, 3), round(n.pitch)) for n in a.notes()]
                 for a in (native, torch)]
        notes += len(lists[0])
        if lists[0] != lists[1]:
            others += 1
            print(f"{song}: other notes")
    print(f"{len(options.songs)} songs, {notes} notes; furthest apart: logits "
          f"{worst['logits']:.2g}, fine pitch {worst['fine']:.2g}; songs with other notes: {others}")


if __name__ == "__main__":
    main()
