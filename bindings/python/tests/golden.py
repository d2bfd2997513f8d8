# SPDX-License-Identifier: MIT
"""Golden cases of the reference systems: arrays, and weights that are made of
their names."""
import importlib.util
import json
import os

import numpy as np
import pytest
import torch


def module(path):
    """A Python file of the test data as a module; without it the test is left out."""
    if not path.exists():
        pytest.skip(f"left out: {path} is missing")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def full_size_only() -> None:
    """Networks of their full size take long: they are run when asked for."""
    if not os.environ.get("AVSVT_TEST_FULL"):
        pytest.skip("left out: full size; AVSVT_TEST_FULL=1 runs it")


class Case:
    """One case: ``arrays[name]``, ``about`` (its JSON), ``weights()``."""

    def __init__(self, reference, system: str, name: str):
        self.fill = module(reference / "fill.py")
        self.base = reference / system / "golden"
        self.about = json.loads((self.base / f"{name}.json").read_text())
        self.arrays = np.load(self.base / f"{name}.npz")

    def weights(self, file=None) -> dict:
        """Name -> tensor, in the checkpoint's own names."""
        gain = self.about.get("gain", {})
        made = self.fill.build(str(self.base / (file or self.about["weights"])))
        return {name: torch.from_numpy(value) * gain.get(name, 1.0)
                for name, value in made.items()}

    def input(self, name: str) -> np.ndarray:
        """A stored input, or one made by the rule that the case tells."""
        told = (self.about.get("inputs") or {}).get(name)
        if told is None:
            return self.arrays[name]
        values = self.fill.fill(told["name"], told["shape"])
        # Rules differ in how they round 1 / sqrt(3).
        factor = 0.577 if "0.577" in self.about["inputs"].get("rule", "0.577") else 1 / 1.7320508
        scale = np.sqrt(values.size / values.shape[0]) * factor
        return (values * np.float32(scale)).astype(np.float32)


@pytest.fixture(scope="session")
def reference(data):
    folder = data / "reference"
    if not folder.is_dir():
        pytest.skip(f"left out: no golden cases at {folder}")
    return folder
