# SPDX-License-Identifier: MIT
"""Runs models through the library in a process that has no torch of its own,
so that any libtorch may serve: ``without_torch.py JOBS.json IN.npz OUT.npz``.

A job is {"as": result, "do": what, "model": path, "input": array, ...}.
"""
import json
import resource
import sys

import avsvt
import numpy as np

ARRAYS = {}


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


def outputs(job, sound):
    context = avsvt.Context(threads=1, **job["options"])
    with avsvt.Model(job["model"], context=context) as opened:
        return dict(zip("0123456789", opened.run(sound)))


def train(job, _):
    """Steps on a batch that stays the same; the arrays are named by the job. Of each
    the pages of memory that the system had to give."""
    reports, faults = [], []
    context = avsvt.Context(threads=job.get("threads", 1))
    with avsvt.Trainer(model=avsvt.Model(job["model"], context=context),
                       settings=job["settings"]) as trainer:
        try:
            for _ in range(job["steps"]):
                before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
                reports.append(trainer.step(**{name: ARRAYS[name] for name in job["names"]}))
                faults.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
        except avsvt.Error as error:
            return {".error": np.array(str(error))}
        trainer.write(job["output"])
    return {".faults": np.array(faults)} | {
        f".{name}": np.array([each[name] for each in reports])
        for name in ("loss", "grad_norm", "lr", "step")}


def train_recipe(job, _):
    """A recipe to its end."""
    with avsvt.Trainer(job["recipe"], context=avsvt.Context(threads=1)) as trainer:
        return {f".{name}": np.array(value) for name, value in trainer.run().items()}


def train_refused(job, _):
    try:
        avsvt.Trainer(model=avsvt.Model(job["model"]), settings=job["settings"])
    except avsvt.Error as error:
        return {".error": np.array(str(error))}
    raise AssertionError("these settings must be refused")


def main(jobs, arrays, output):
    with open(jobs, encoding="utf-8") as file:
        jobs = json.load(file)
    ARRAYS.update(np.load(arrays))
    results = {}
    for job in jobs:
        made = globals()[job["do"]](job, ARRAYS[job["input"]])
        results.update((job["as"] + name, value) for name, value in made.items())
    np.savez(output, **results)
    assert "torch" not in sys.modules


if __name__ == "__main__":
    main(*sys.argv[1:])
