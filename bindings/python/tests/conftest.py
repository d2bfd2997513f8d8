# SPDX-License-Identifier: MIT
import os
import pathlib
import signal

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]


@pytest.fixture
def ctrl_c():
    """Python's own handler, also where the tests were started in the background: there
    the shell has the signal ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def root():
    """The repository."""
    return ROOT


@pytest.fixture(scope="session")
def data():
    """The shared test data, or the test is left out."""
    folder = pathlib.Path(os.environ.get("AVSVT_TEST_DATA", ROOT.parent / "shared"))
    if not folder.is_dir():
        pytest.skip(f"left out: no test data at {folder}")
    return folder


@pytest.fixture(scope="session")
def command():
    """The avsvt command beside the library, or the test is left out."""
    path = pathlib.Path(os.environ.get("AVSVT_LIBRARY", "")).parent / "examples/avsvt"
    if not path.exists():
        pytest.skip("left out: the command is not beside the library")
    return path


@pytest.fixture(scope="session")
def model_path():
    return ROOT / "lib" / "models" / "notes-default.pt"


@pytest.fixture(scope="session")
def song(data):
    """A sung melody: path and reference notes."""
    import numpy as np
    path = data / "data/singing/dev/100144.flac"
    if not path.exists():
        pytest.skip(f"left out: {path} is missing")
    return path, np.loadtxt(path.with_suffix(".txt"), ndmin=2)[:, :3]


@pytest.fixture(scope="session")
def melody(root):
    """The sung melody of the quick start."""
    return root / "examples" / "data" / "melody.flac"
