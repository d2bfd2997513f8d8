# SPDX-License-Identifier: MIT
"""What `avsvt train` made of encoder and head as one network, as parts and in int8."""
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from avsvt.export import svt_trained  # noqa: E402
from avsvt.export.__main__ import main as export  # noqa: E402
from avsvt.networks import SpeechEncoder, SpeechNotes  # noqa: E402
from encoders import made, run  # noqa: E402
from test_encoders import KINDS, TINY, save, sounds  # noqa: E402
from test_speech_notes import RECIPE, songs, svt_audio_whole_manifest  # noqa: E402
from test_training import exported  # noqa: E402

CASES = {**{kind: {**options, "mix": None} for kind, options in KINDS.items()},
         "hubert": {"projection_norm": False, "norm_first": True, "epsilon": 1e-3}}


def whole(path, norms=True, **options):
    """A file of this shape, weights made up."""
    torch.manual_seed(3)
    network = SpeechNotes(SpeechEncoder(**{**TINY, **options}), 16, norms, norms)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    exported(network.eval(), path, svt_audio_whole_manifest())
    return network


def refused(capsys, *arguments):
    assert export([str(each) for each in arguments]) == 1
    return capsys.readouterr().err


@pytest.mark.parametrize("kind", CASES)
@pytest.mark.parametrize("norms", [True, False])
def test_the_parts_give_what_the_whole_gave(kind, norms, tmp_path):
    network = whole(tmp_path / "whole.pt", norms, **CASES[kind])
    options = svt_trained.Trained(str(tmp_path / "whole.pt")).options
    for name, value in {**TINY, **CASES[kind], "input_epsilon": 1e-5 if norms else 0.0,
                        "output_norm": norms}.items():
        assert options.get(name) == value, name
    made("svt-audio", tmp_path / "whole.pt", "-o", tmp_path / "parts.yaml")
    encoder, head = (torch.jit.load(tmp_path / f"parts-{part}.pt") for part in ("encoder", "head"))
    with torch.inference_mode():
        want, given = network(sounds()[:1]), head(encoder(sounds()[:1]))
    assert torch.allclose(given, want, atol=1e-5)


def test_what_was_trained_transcribes_in_parts_and_in_int8(tmp_path, capsys):
    found = songs(tmp_path)
    save(tmp_path / "encoder", hidden_size=64, intermediate_size=256)
    made("svt-audio-whole", tmp_path / "encoder", "--licence", "CC BY 4.0", "--each-alone",
         "-o", tmp_path / "start.pt")
    (tmp_path / "r.yaml").write_text(
        RECIPE.format(model="start.pt", output="out").replace("epochs: 4", "epochs: 3"))
    sound = found["kept"][0].numpy()
    run(tmp_path, [{"as": "r", "do": "train_recipe", "recipe": str(tmp_path / "r.yaml"),
                    "input": "kept"}], kept=sound)
    trained = tmp_path / "out" / "last.pt"
    made("svt-audio", trained, "-o", tmp_path / "float.yaml")
    made("svt-audio", trained, "--int8", "-o", tmp_path / "int8.yaml")
    told = capsys.readouterr().out
    assert "differs from last.pt by at most" in told
    assert 0 < float(told.split("those by ")[1].split()[0]) < 0.1
    for name in ("float", "int8"):
        for part in ("encoder", "head"):
            extra = {"avsvt.yaml": ""}
            torch.jit.load(tmp_path / f"{name}-{part}.pt", _extra_files=extra)
            assert b'licence: "CC BY 4.0"' in extra["avsvt.yaml"]
    size = [(tmp_path / f"{name}-encoder.pt").stat().st_size for name in ("float", "int8")]
    assert size[1] < 0.6 * size[0]
    result = run(tmp_path, [
        {"as": name, "do": "notes", "model": str(model), "input": "kept"}
        for name, model in (("whole", trained), ("float", tmp_path / "float.yaml"),
                            ("int8", tmp_path / "int8.yaml"))], kept=sound)
    want = result["whole.logits"]
    assert np.abs(result["float.logits"] - want).max() < 1e-4
    assert result["float.rate"] == result["int8.rate"] == result["whole.rate"] == 49.8
    away = np.linalg.norm(result["int8.logits"] - want) / np.linalg.norm(want)
    assert 1e-5 < away < 0.1


def test_what_it_can_not_take_apart_is_told(tmp_path, capsys):
    out = ("-o", tmp_path / "out.yaml")
    whole(tmp_path / "whole.pt")
    assert "says itself what --config" in refused(
        capsys, "svt-audio", tmp_path / "whole.pt", "--config", tmp_path, *out)
    assert "no such file" in refused(capsys, "svt-audio", tmp_path / "none.pt", *out)
    torch.save({"w.weight": torch.zeros(20, 4)}, tmp_path / "model.ckpt")
    assert "one file must be what `avsvt train` made" in refused(
        capsys, "svt-audio", tmp_path / "model.ckpt", *out)
    exported(torch.nn.Linear(4, 20), tmp_path / "other.pt", "avsvt: 1\nname: other\n")
    assert "not an encoder and its head in one network" in refused(
        capsys, "svt-audio", tmp_path / "other.pt", *out)
    save(tmp_path / "encoder")
    assert "svt-audio TRAINED.pt --int8" in refused(
        capsys, "svt-audio-whole", tmp_path / "encoder", "--int8", "-o", tmp_path / "out.pt")
    assert not list(tmp_path.glob("out*"))
