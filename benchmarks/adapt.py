# SPDX-License-Identifier: MIT
"""Adapting a model to one singer's recordings, and what it brings.

    python3 benchmarks/adapt.py SONGS [--minutes 5] [--epochs 8] [--parameters heads. gru.]
                                [--degrade CHAIN.yaml] [--first N] [--json]

Songs (sound with onset, offset, pitch beside it) are taken by name until there
are so many minutes; the model is adapted to them in memory, as an application
would do it, and scored on all others before and after: mean F1 per song in %.
With --degrade all songs go through a chain of augmentation first, the same
way for both parts: a microphone, a room, a habit of the singer's.
"""
import argparse
import glob
import json
import os

import avsvt
import numpy as np

MEASURES = ("conpoff", "conp", "con", "coff")


def songs(options):
    chain = avsvt.Augment(options.degrade) if options.degrade else None
    for path in sorted(glob.glob(os.path.join(options.songs, "*.flac")))[:options.first]:
        stem = os.path.splitext(path)[0]
        notes = avsvt.read_notes(stem + (".csv" if os.path.exists(stem + ".csv") else ".txt"))
        samples, rate = avsvt.read_audio(path)
        if chain is not None:
            samples, notes = chain(samples, rate, notes=notes, seed=len(samples))
        yield np.asarray(samples), rate, notes


def scores(model, held_out):
    sums = np.zeros(len(MEASURES))
    with avsvt.Pipeline(model) as pipeline:
        for samples, rate, notes in held_out:
            found = avsvt.evaluate.notes(notes, pipeline.notes(samples, rate))
            sums += [getattr(found, name).f1 for name in MEASURES]
    return dict(zip(MEASURES, np.round(100 * sums / len(held_out), 1).tolist(), strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("songs")
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--parameters", nargs="+", default=["heads.", "gru."])
    parser.add_argument("--degrade")
    parser.add_argument("--first", type=int, help="use so many songs at most")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    everything = list(songs(options))
    split, seconds = 0, 0.0
    while split < len(everything) and seconds < 60 * options.minutes:
        seconds += len(everything[split][0]) / everything[split][1]
        split += 1
    if split == len(everything):
        parser.error("there are no songs left to score on")
    model = avsvt.Model()
    settings = {"epochs": options.epochs, "ema": 0.99, "data": {"segment_s": 6},
                "optimizer": {"kind": "adamw", "lr": options.lr},
                "batch": {"duration_s": 36},
                "schedule": {"kind": "cosine", "warmup_steps": 5},
                "groups": [{"parameters": options.parameters}]}
    with avsvt.Trainer(model=model, settings=settings) as trainer:
        for samples, rate, notes in everything[:split]:
            trainer.add(samples, rate, notes)
        trainer.run()
        adapted = trainer.model()
    result = {"adapted_on_s": round(seconds, 1), "held_out": len(everything) - split,
              "before": scores(model, everything[split:]),
              "after": scores(adapted, everything[split:])}
    if options.json:
        print(json.dumps(result))
        return
    print(f"adapted on {split} songs, {seconds / 60:.1f} minutes; {result['held_out']} others:")
    for when in ("before", "after"):
        print(f"{when:7}" + "".join(f"  {name} {result[when][name]:5.1f}" for name in MEASURES))


if __name__ == "__main__":
    main()
