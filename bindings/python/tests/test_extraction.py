# SPDX-License-Identifier: MIT
"""Features piece by piece: the same as of the whole, in any cut and batch."""
import avsvt
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from avsvt.export import parts  # noqa: E402


class Ear(torch.nn.Module):
    """Frames like wav2vec 2.0's, of which each sees its own window only."""

    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv1d(1, 6, 400, 320)

    def forward(self, samples: torch.Tensor) -> torch.Tensor:
        return torch.tanh(self.conv(samples[:, None]) * 5.0).transpose(1, 2)


class Eye(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(64, 6)

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        return torch.tanh(self.linear(frames.flatten(2)))


class Both(torch.nn.Module):
    """A picture, and the 640 samples while it is shown (zeros behind the end)."""

    def __init__(self):
        super().__init__()
        self.eye = Eye()
        self.ear = torch.nn.Linear(640, 6)

    def forward(self, samples: torch.Tensor, frames: torch.Tensor) -> torch.Tensor:
        count = frames.shape[1] * 640
        sound = torch.nn.functional.pad(samples, (0, max(0, count - samples.shape[1])))[:, :count]
        return self.eye(frames) + self.ear(sound.reshape(frames.shape[0], frames.shape[1], 640))


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("extraction")
    torch.manual_seed(2)
    sound = {"kind": "audio", "sample_rate": 16000, "hop": 320, "window": 400, "min_samples": 400}
    sight = {"width": 8, "height": 8, "mean": 0.5, "deviation": 0.25}
    for name, network, told, inputs in (
            ("ear", Ear(), sound, [parts.noise(2, 4000)]),
            ("eye", Eye(), {"kind": "video", "frame_rate": 50, **sight}, [parts.noise(1, 7, 8, 8)]),
            ("both", Both(), {"kind": "audio-video", "sample_rate": 16000, "hop": 640,
                              "frame_rate": 25, **sight},
             [parts.noise(1, 4000), parts.noise(1, 7, 8, 8)])):
        parts.write_model(str(folder / f"{name}.pt"), network.eval(), {
            "avsvt": 1, "name": name, "role": "extractor", "input": told,
            "output": {"layout": "features", "width": 6},
            "chunk": {"length_s": 2, "context_s": 1}}, network, [tuple(inputs)], name)
    parts.write_note_head(str(folder / "head.pt"), "head", torch.randn(20, 6) * 2,
                          torch.randn(20), "MIT", "head")
    (folder / "a.yaml").write_text("avsvt: 1\ntask: notes\naudio: ear.pt\nhead: head.pt\n")
    return folder


def noise(count, seed=0):
    return (np.random.default_rng(seed).standard_normal(count) * 0.2).astype(np.float32)


def crops(count, seed=1):
    return np.random.default_rng(seed).integers(0, 256, (count, 10, 12), dtype=np.uint8)


WAYS = [{}, {"batch": 3}, {"batch": 64, "chunk": 1, "context": 0.5}, {"chunk": 3, "context": 0},
        {"chunk": 1, "context": 4, "batch": 5}, {"chunks": "whole"}]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("samples", [100, 32000, 159999, 200000])
def test_pieces_of_sound_are_the_whole(files, way, samples):
    sound = noise(samples)
    with avsvt.Extractor(files / "ear.pt") as extract:
        whole = extract(sound)
        some = list(extract.pieces(sound, 16000, **way))
    assert len(some) == 1 or max(len(each) for each in some) <= 150
    assert np.abs(np.concatenate(some) - whole).max() < 1e-5


def test_sound_of_another_rate_is_resampled(files):
    with avsvt.Extractor(files / "ear.pt") as extract:
        some = np.concatenate(list(extract.pieces(noise(96000), 48000, chunk=1)))
        assert len(some) == (32000 - 400) // 320 + 1


@pytest.mark.parametrize("way", [*WAYS, {"chunks": "published"}])
def test_pieces_of_pictures_are_the_whole(files, way, tmp_path):
    pictures = crops(517)
    np.save(tmp_path / "crops.npy", pictures)
    with avsvt.Extractor(files / "eye.pt") as extract:
        whole = extract(crops=pictures)
        for source in (pictures, tmp_path / "crops.npy"):
            some = np.concatenate(list(extract.pieces(crops=source, **way)))
            assert some.shape == whole.shape and np.abs(some - whole).max() < 1e-5


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("samples", [20000, 640 * 260, 640 * 260 + 999])
def test_sound_and_pictures_go_in_step(files, way, samples):
    sound, pictures = noise(samples), crops(260)
    with avsvt.Extractor(files / "both.pt") as extract:
        whole = extract(sound, pictures)
        some = np.concatenate(list(extract.pieces(sound, 16000, pictures, **way)))
    assert some.shape == whole.shape and np.abs(some - whole).max() < 1e-5


def test_what_does_not_fit_is_told(files):
    with avsvt.Extractor(files / "both.pt") as extract:
        with pytest.raises(ValueError, match="sound and pictures"):
            list(extract.pieces(noise(9999), 16000))
        with pytest.raises(ValueError, match="no utterances"):
            list(extract.pieces(noise(9999), 16000, crops(9), chunks="published"))
        with pytest.raises(ValueError, match="is none of"):
            extract.pieces(noise(9999), 16000, chunks="sliced")
    with avsvt.Extractor(files / "eye.pt") as extract:
        with pytest.raises(ValueError, match="50"):
            list(extract.pieces(crops=avsvt.Video(crops(9), array_rate=25)))


@pytest.mark.parametrize("samples", [20000, 500000, 1234567])
def test_a_pipeline_gives_the_same_in_batches(files, samples):
    sound = noise(samples)
    with avsvt.Pipeline(files / "a.yaml") as pipeline:
        expected = pipeline.activations(sound, 16000)
    for batch in (2, 4):
        with avsvt.Pipeline(files / "a.yaml", batch=batch) as pipeline:
            got = pipeline.activations(sound, 16000)
        assert got.logits.shape == expected.logits.shape
        assert np.abs(got.logits - expected.logits).max() < 1e-4
    with pytest.raises(ValueError, match="batch is 1 to 64"):
        avsvt.Pipeline(files / "a.yaml", batch=65)
