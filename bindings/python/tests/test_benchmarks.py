# SPDX-License-Identifier: MIT
"""The benchmarks that README and cards name go on running: each in its cheapest way, on the
quick start's melody; and options that are named, of the command and the exporter too, are
there."""
import contextlib
import importlib
import io
import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

import avsvt
import numpy as np
from conftest import ROOT

FOLDER = ROOT / "benchmarks"
NAMES = sorted(path.stem for path in FOLDER.glob("*.py"))
TEXTS = [ROOT / "README.md", ROOT / "bindings/python/README.md",
         *sorted((ROOT / "lib/models").glob("*.md")), *sorted((ROOT / "recipes").rglob("*.md")),
         *sorted((ROOT / "recipes").glob("*.yaml")), *sorted(FOLDER.glob("*.py"))]
REST = r"((?:\\\n|[^`#\n|;)─])*)"
MODEL = str(ROOT / "lib/models/notes-default.pt")


@pytest.fixture(autouse=True)
def beside_each_other(monkeypatch):
    """They import each other, and start themselves; here are modules of the same names."""
    mine = {name: sys.modules.pop(name) for name in NAMES if name in sys.modules}
    monkeypatch.syspath_prepend(str(FOLDER))
    places = [str(ROOT / "bindings/python"), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, places)))
    yield
    for name in NAMES:
        sys.modules.pop(name, None)
    sys.modules.update(mine)


def opened(name):
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as missing:
        if (FOLDER / f"{missing.name}.py").exists() or missing.name.split(".")[0] == "avsvt":
            raise
        pytest.skip(f"left out: {missing.name} is not installed")


def ran(monkeypatch, name, *arguments):
    """What it prints; it must come to its end."""
    module = opened(name)
    monkeypatch.setattr(sys, "argv", [str(FOLDER / f"{name}.py"), *map(str, arguments)])
    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        module.main()
    return told.getvalue()


@pytest.fixture
def torch_module():
    pytest.importorskip("torch", reason="left out: PyTorch is not installed")
    if not list(pathlib.Path(os.environ.get("AVSVT_LIBRARY", "")).parent.glob("avsvt/*torch*")):
        pytest.skip("left out: the torch module was not built")


@pytest.fixture
def songs(tmp_path, melody):
    """Two songs, and their notes."""
    folder = tmp_path / "singing" / "dev"
    folder.mkdir(parents=True)
    notes = avsvt.read_notes(str(melody.with_suffix(".csv"))).to_array()
    for name in ("a", "b"):
        shutil.copy(melody, folder / f"{name}.flac")
        (folder / f"{name}.txt").write_text("".join(f"{a}\t{b}\t{p}\n" for a, b, p in notes))
    return folder


def exported(*arguments):
    from avsvt.export.__main__ import main
    assert main([str(each) for each in arguments]) == 0


def options_of(monkeypatch, name):
    """Those that --help tells, of its sub-commands too."""
    module = opened(name)
    unread, found = [[]], set()
    while unread:
        before = unread.pop()
        monkeypatch.setattr(sys, "argv", [name, *before, "--help"])
        told = io.StringIO()
        with contextlib.redirect_stdout(told), pytest.raises(SystemExit):
            module.main()
        found |= told_by(told.getvalue())
        commands = re.search(r"^  \{(.*)\}", told.getvalue(), re.M)
        unread += [[each] for each in commands[1].split(",")] if commands and not before else []
    return found


def check_named(call, known):
    """That options behind this call are known, wherever it is written."""
    for path in TEXTS:
        for match in re.finditer(call + r"\b" + REST, path.read_text(encoding="utf-8")):
            asked = set(re.findall(r"(?<![\w-])--?[a-z][a-z0-9-]*", match[1]))
            assert asked <= known, f"{path.relative_to(ROOT)}: {match[0].strip()}"


def told_by(text):
    return set(re.findall(r"--[a-z][a-z0-9-]*|(?<![\w-])-[a-z]\b", text))


def test_every_option_of_the_command_that_is_named_is_there(command):
    def told(*arguments):
        return subprocess.run([command, *arguments], capture_output=True, text=True,
                              check=True).stdout

    for name in re.findall(r"^  (\w+)  ", told("help"), re.M):
        check_named(f"avsvt {name}", told_by(told(name, "--help")))


def test_every_option_of_the_exporter_that_is_named_is_there(capsys):
    pytest.importorskip("torch", reason="left out: PyTorch is not installed")
    from avsvt.export.__main__ import main
    main(["--list"])
    kinds = [line.split("\t")[0] for line in capsys.readouterr().out.splitlines()]
    assert len(kinds) > 10
    for kind in kinds:
        with pytest.raises(SystemExit):
            main([kind, "--help"])
        check_named(f"avsvt.export {kind}(?!-)", told_by(capsys.readouterr().out))


@pytest.mark.parametrize("name", [name for name in NAMES if name != "peers"]) # it has none
def test_every_option_that_is_named_is_there(monkeypatch, name):
    known = options_of(monkeypatch, name)
    check_named(rf"benchmarks/{name}\.py", known)
    usage = (importlib.import_module(name).__doc__ or "").split("\n\n")[1]
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z0-9-]*", usage)) <= known


def test_every_benchmark_that_is_named_is_there():
    for path in TEXTS:
        for name in re.findall(r"benchmarks/(\w+\.(?:py|c|sh|yaml))", path.read_text("utf-8")):
            assert (FOLDER / name).exists(), f"{path.relative_to(ROOT)}: benchmarks/{name}"


def test_chunks(monkeypatch, songs):
    assert "38 notes" in ran(monkeypatch, "chunks", songs, "20,20")


def test_noise(monkeypatch, songs, tmp_path, command):
    (tmp_path / "list.csv").write_text("".join(
        ["sound,notes\n", f"{songs / 'a.flac'},{songs / 'a.txt'}\n"]))
    ran(monkeypatch, "noise", tmp_path / "list.csv", tmp_path / "out", "--white")
    done = subprocess.run([command, "evaluate", "n20emv2", tmp_path / "out"],
                          capture_output=True, text=True, check=True)
    assert re.search(r"white +audio .* 100.00\n", done.stdout)


def test_levels(monkeypatch, songs, command):
    if not shutil.which("ffmpeg"):
        pytest.skip("left out: ffmpeg is not installed")
    told = ran(monkeypatch, "levels", command, songs.parents[1], "--live", "--gains=-10",
               "--empty", songs)
    assert "songs, -10 dB" in told and "notes a minute" in told


def test_quality(monkeypatch, songs, command, data, melody):
    score = data / "data/karaoke/score.py"
    if not score.exists():
        pytest.skip(f"left out: {score} is missing")
    place = songs.parents[1] / "karaoke" / "song"
    place.mkdir(parents=True)
    shutil.copy(score, place.parent)
    shutil.copy(melody, place / "audio.flac")
    avsvt.read_notes(str(songs / "a.txt")).write(str(place / "song.txt"), format="ultrastar")
    told = ran(monkeypatch, "quality", command, songs.parents[1], "--music", songs, "--snr", 20)
    assert "sight-singing                100.0" in told and "COn100 100.0" in told


def test_vocadito(monkeypatch, songs, command, tmp_path):
    monkeypatch.setattr(opened("vocadito"), "swift_f0", None)  # which takes long
    notes = tmp_path / "Annotations" / "Notes"
    notes.mkdir(parents=True)
    shutil.copytree(songs, tmp_path / "Audio")
    samples, rate = avsvt.read_audio(str(songs / "a.flac"))
    avsvt.write_audio(str(tmp_path / "Audio" / "a.wav"), samples, rate)
    rows = avsvt.read_notes(str(songs / "a.txt")).to_array()
    for who in ("A1", "A2"):
        (notes / f"a_notes{who}.csv").write_text("".join(
            f"{on},{440 * 2 ** ((pitch - 69) / 12)},{off - on}\n" for on, off, pitch in rows))
    told = ran(monkeypatch, "vocadito", command, tmp_path)
    assert "avsvt against A1             100.0" in told and "A2 against A1" in told


def test_the_ablation_finds_every_kind_in_its_recipe():
    ablation = opened("ablation")
    text = (FOLDER / "ablation.yaml").read_text(encoding="utf-8")

    def without(name):
        return ablation.recipe_without(ablation.yaml.safe_load(text), name,
                                       pathlib.Path("data"), pathlib.Path("made"))

    everything = without(ablation.ALL)
    for name, folders in ablation.DATA.items():
        kept = len(without(name)["data"]["train"])
        assert kept == len(everything["data"]["train"]) - len(folders), name
    for name in ablation.STEPS:
        assert without(name) != everything, name


def test_parity(monkeypatch, melody, torch_module):
    assert "songs with other notes: 0" in ran(monkeypatch, "parity", melody)


def test_adapt(monkeypatch, songs, torch_module):
    told = ran(monkeypatch, "adapt", songs, "--minutes", 0.1, "--epochs", 1, "--degrade",
               FOLDER / "adapt.yaml")
    assert "adapted on 1 songs" in told and "after" in told


@pytest.mark.parametrize("side", ["avsvt", "pytorch"])
def test_train(monkeypatch, songs, torch_module, side):
    if side == "pytorch":
        pytest.importorskip("soundfile", reason="left out: soundfile is not installed")
    avsvt.read_notes(str(songs / "b.txt")).write(str(songs / "b.csv"))
    (songs / "b.txt").unlink() # notes may have either form
    monkeypatch.setattr(opened("train"), "BATCH_S", 12.0)
    told = ran(monkeypatch, "train", MODEL, songs, "--steps", 4, "--only", side)
    assert len(told.split(",")) == 3


def test_train_says_that_there_are_too_few_songs(monkeypatch, songs, torch_module):
    pytest.importorskip("soundfile", reason="left out: soundfile is not installed")
    with pytest.raises(SystemExit, match="has 4 pieces of 6 s in its .flac files"):
        ran(monkeypatch, "train", MODEL, songs, "--steps", 4, "--only", "pytorch")


def test_processes(monkeypatch, songs, torch_module):
    monkeypatch.setattr(opened("train"), "BATCH_S", 12.0)
    assert '"apart"' in ran(monkeypatch, "processes", MODEL, songs, "--processes", 1, "--steps",
                            4, "--json")


def test_encoders(monkeypatch, tmp_path, melody, torch_module):
    opened("encoders").write_small(tmp_path)
    assert "notes differ" in ran(monkeypatch, "encoders", "chunks", tmp_path / "a.yaml", melody)
    assert "3000 frames" in ran(monkeypatch, "encoders", "memory", "--minutes", 1, "--ways",
                                "features of sight")


def test_int8_notes(monkeypatch, tmp_path, songs, torch_module):
    pytest.importorskip("transformers", reason="left out: transformers is not installed")
    (songs / "b.flac").unlink()
    ran(monkeypatch, "int8_notes", "new", tmp_path / "new")
    exported("svt-audio-whole", tmp_path / "new", "--each-alone", "-o", tmp_path / "start.pt")
    assert "1 songs" in ran(monkeypatch, "int8_notes", "compare", tmp_path / "start.pt", songs)


def test_sight(monkeypatch, tmp_path, songs, torch_module):
    exported("sight", MODEL, "-o", tmp_path / "start.pt")
    exported("sight", tmp_path / "start.pt", "-o", tmp_path / "sight.yaml")
    np.save(songs / "a.npy", np.zeros((530, 88, 88), np.uint8))
    (songs / "list.csv").write_text("sound,notes,video\na.flac,a.txt,a.npy\n")
    told = ran(monkeypatch, "sight", songs / "list.csv", "-m", tmp_path / "sight.yaml", "--also",
               "built-in", "--music", songs, "-o", tmp_path / "sight.svg")
    assert "1 songs" in told and "built-in" in (tmp_path / "sight.svg").read_text()
