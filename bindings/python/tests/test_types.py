# SPDX-License-Identifier: MIT
"""The package tells its types, and they are right by mypy --strict."""
import importlib.metadata
import inspect
import os
import re
import subprocess
import sys
import typing

import pytest

import avsvt


def numbers(version):
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])


@pytest.fixture(scope="module")
def check(root, tmp_path_factory):
    """A function that runs mypy on what it is given; gives what mypy tells."""
    try:
        version = importlib.metadata.version("mypy")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("left out: mypy is not installed")
    if numbers(version) < (1, 11):
        pytest.skip(f"left out: mypy {version} is there, and 1.11 is needed")
    package = root / "bindings" / "python"
    options = ["--config-file", str(package / "pyproject.toml"),
               "--cache-dir", str(tmp_path_factory.mktemp("mypy"))]

    def run(*arguments):
        done = subprocess.run([sys.executable, "-m", "mypy", *options, *arguments], cwd=package,
                              env={**os.environ, "MYPYPATH": str(package)},
                              capture_output=True, text=True)
        return done.stdout + done.stderr

    return run


def test_the_package_is_strictly_typed(check):
    pytest.importorskip("torch", reason="left out: PyTorch, whose types it needs, is not there")
    told = check("--python-version", "3.10")  # the oldest that it runs with
    assert told.startswith("Success: "), told


def test_users_are_told_the_types(check, root):
    told = check(str(root / "bindings" / "python" / "tests" / "typed.py"))
    assert told.startswith("Success: "), told


@pytest.mark.skipif(sys.version_info < (3, 11), reason="left out: typing has no Unpack yet")
def test_programs_can_ask_for_the_types():
    asked = [avsvt.transcribe, avsvt.sing, avsvt.evaluate.notes]
    for each in map(avsvt.__dict__.get, avsvt.__all__):
        if isinstance(each, type):
            asked += [f for f in vars(each).values() if inspect.isfunction(f)]
    for function in asked:
        typing.get_type_hints(function)


def test_the_package_says_that_it_is_typed(root):
    folder = root / "bindings" / "python"
    assert (folder / "avsvt" / "py.typed").is_file()
    assert '\navsvt = ["py.typed", ' in (folder / "pyproject.toml").read_text()
