# SPDX-License-Identifier: MIT
"""What the tests of speech encoders share."""
import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import torch
from avsvt.export.__main__ import main as export


def run(folder, jobs, **arrays):
    """Results of jobs, see without_torch.py, by name."""
    (folder / "jobs.json").write_text(json.dumps(jobs))
    np.savez(folder / "in.npz", **arrays)
    here = pathlib.Path(__file__).parent
    paths = [str(here.parent), os.environ.get("PYTHONPATH", "")]
    done = subprocess.run(
        [sys.executable, here / "without_torch.py", folder / "jobs.json", folder / "in.npz",
         folder / "out.npz"], env={**os.environ, "PYTHONPATH": os.pathsep.join(paths),
                                   "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive"},
        capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    assert not done.stderr  # the library prints nothing, and libtorch in it neither
    with np.load(folder / "out.npz") as results:
        return {name: results[name] for name in results.files}


def made(*arguments) -> str:
    """Runs the exporter, which must succeed."""
    assert export([str(each) for each in arguments]) == 0
    return str(arguments[-1])


def song(folder, config, encoder, head, *options, name="song"):
    """Exports an AV_SVT checkpoint made of these weights; gives the stem."""
    checkpoint = folder / f"CKPT+{name}"
    checkpoint.mkdir()
    torch.save(encoder, checkpoint / "wav2vec2.ckpt")
    torch.save(head, checkpoint / "model.ckpt")
    (checkpoint / "config.json").write_text(json.dumps(config))
    made("svt-audio", checkpoint, "--config", checkpoint / "config.json", *options,
         "-o", folder / f"{name}.yaml")
    return str(folder / name)
