# SPDX-License-Identifier: MIT
"""Runs models through the library in a process that has no torch of its own,
so that any libtorch may serve: ``without_torch.py JOBS.json IN.npz OUT.npz``.

A job is {"as": result, "do": what, "model": path, "input": array, ...}.
"""
import json
import sys

import avsvt
import numpy as np


def features(job, sound):
    with avsvt.Extractor(job["model"]) as extractor:
        return {"": extractor(sound)}


def model(job, sound):
    inputs = [sound] + [np.array(more) for more in job.get("more", [])]
    with avsvt.Model(job["model"]) as opened:
        return {"": opened.run(*inputs)[0]}


def head(job, values):
    with avsvt.Head(job["model"]) as opened:
        return {"": opened(values, frame_rate=49.8).logits}


def notes(job, sound):
    rate = job.get("rate", 16000)
    with avsvt.Pipeline(job["model"], **job.get("options", {})) as pipeline:
        found = pipeline.activations(sound, rate)
        return {"": pipeline.notes(sound, rate).to_array(), ".logits": found.logits,
                ".rate": found.frame_rate, ".start": found.start}


def refused(job, sound):
    try:
        notes(job, sound)
    except (ValueError, avsvt.Error) as error:
        return {"": str(error)}
    raise AssertionError(f"{job} was not refused")


def main(jobs, arrays, output):
    with open(jobs, encoding="utf-8") as file:
        jobs = json.load(file)
    arrays = np.load(arrays)
    results = {}
    for job in jobs:
        made = globals()[job["do"]](job, arrays[job["input"]])
        results.update((job["as"] + name, value) for name, value in made.items())
    np.savez(output, **results)
    assert "torch" not in sys.modules


if __name__ == "__main__":
    main(*sys.argv[1:])
