# SPDX-License-Identifier: MIT
"""Sound and sight to notes: the published songs, and whole pipelines."""
import json
import os
import pathlib
import subprocess
import wave

import avsvt
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from golden import Case, reference  # noqa: E402, F401
from avsvt.export import __main__ as exporter  # noqa: E402
from avsvt.export import parts  # noqa: E402


def rows(notes):
    return np.stack([notes.onset, notes.offset, notes.pitch], 1)


def test_the_published_song_of_features_gives_its_notes(reference, tmp_path):  # noqa: F811
    case = Case(reference, "svt", "case15_av_song")
    torch.save(case.weights(), tmp_path / "model.ckpt")
    config = case.about["config"]
    assert exporter.main(["svt-av", str(tmp_path), "-o", str(tmp_path / "av.yaml"),
                          "--heads", str(config["nhead"]), "--own", str(config["alpha"])]) == 0
    np.savez(tmp_path / "song.npz", audio=case.arrays["audio_feats"],
             video=case.arrays["video_feats"])
    audio, video = (avsvt.Tensor.read(tmp_path / "song.npz", name)
                    for name in ("audio", "video"))
    assert audio.dtype == np.float32  # the file has half precision
    with avsvt.Pipeline(tmp_path / "av.yaml") as pipeline:
        activations = pipeline.features(audio, video)
        with pytest.raises(ValueError, match="it takes features"):
            pipeline.notes(np.zeros(16000, np.float32), 16000)
        with pytest.raises(ValueError, match="audio features have 3 values"):
            pipeline.features(np.zeros((5, 3)), None)
        alone = pipeline.features(audio)
        assert np.allclose(alone.logits, pipeline.features(audio, np.zeros((881, 32))).logits,
                           atol=1e-5)
        assert pipeline.features(None, video).logits.shape == (877, 20)
    assert np.abs(activations.logits - case.arrays["logits"]).max() < 1e-4
    notes = activations.notes()
    expected = case.arrays["notes"]
    assert np.array_equal(rows(notes)[:, 2], expected[:, 2])
    assert np.abs(rows(notes) - expected).max() < 1e-9


class Ear(torch.nn.Module):
    """A small encoder of sound with the frames of wav2vec 2.0."""

    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv1d(1, 16, 400, 320)

    def forward(self, samples: torch.Tensor) -> torch.Tensor:
        return torch.tanh(self.conv(samples[:, None]) * 5.0).transpose(1, 2)


class Eye(torch.nn.Module):
    """A small encoder of pictures, each for itself."""

    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(64, 16)

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        return torch.tanh(self.linear(frames.flatten(2)))


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Model files of both encoders, fusions, a head, and what joins them."""
    folder = tmp_path_factory.mktemp("av")
    torch.manual_seed(3)
    sound = {"kind": "audio", "sample_rate": 16000, "hop": 320, "window": 400,
             "min_samples": 400}
    sight = {"kind": "video", "width": 8, "height": 8, "mean": 0.5, "deviation": 0.25,
             "frame_rate": 50}
    write(folder / "ear.pt", Ear(), "extractor", sound, [parts.noise(1, 4000)],
          output={"width": 16, "start_s": 0.0125})
    write(folder / "eye.pt", Eye(), "extractor", sight, [parts.noise(1, 7, 8, 8)],
          output={"width": 16, "frame_rate": 50})
    from avsvt.networks.fusion import Addition, Concatenation
    both = {"kind": "features", "audio_width": 16, "video_width": 16}
    inputs = [parts.noise(1, 9, 16), parts.noise(1, 9, 16)]
    write(folder / "add.pt", Addition(), "fusion", both, inputs)
    write(folder / "concat.pt", Concatenation(16), "fusion", both, inputs)
    weight, bias = torch.randn(20, 16) * 2, torch.randn(20) - 1
    parts.write_note_head(str(folder / "head.pt"), "head", weight, bias, "MIT", "head")
    for name, keys in {"av": "audio: ear.pt\nvideo: eye.pt\nfusion: add.pt",
                       "concat": "audio: ear.pt\nvideo: eye.pt\nfusion: concat.pt",
                       "a": "audio: ear.pt", "v": "video: eye.pt"}.items():
        for mode in ("overlap", "whole", "published"):
            (folder / f"{name}-{mode}.yaml").write_text(
                f"avsvt: 1\ntask: notes\n{keys}\nhead: head.pt\n"
                f"chunk: {{mode: {mode}, context_s: 1}}\n")
    return folder


def write(path, network, role, told, inputs, **more):
    network.eval()
    parts.write_model(str(path), network, {"avsvt": 1, "name": path.stem, "role": role,
                                           "input": told, **more},
                      network, [tuple(inputs)], path.stem)


def media(seconds, seed=0):
    random = np.random.default_rng(seed)
    samples = (random.standard_normal(int(seconds * 16000)) * 0.2).astype(np.float32)
    crops = random.integers(0, 256, (int(round(seconds * 50)), 10, 12), dtype=np.uint8)
    return samples, crops


def by_hand(files, samples, crops):
    """Logits of the whole, joined frame by frame."""
    with avsvt.Extractor(files / "ear.pt") as ear, avsvt.Extractor(files / "eye.pt") as eye, \
            avsvt.Head(files / "head.pt") as head:
        heard = ear(samples)
        seen = np.zeros_like(heard)
        if crops is not None:
            there = eye(crops=crops)[:len(heard)]
            seen[:len(there)] = there
        return head(heard + seen, 50).logits


@pytest.mark.parametrize("mode", ["overlap", "whole"])
@pytest.mark.parametrize("seconds", [0.5, 23.0, 61.7])
def test_sound_and_pictures_are_joined_by_time(files, mode, seconds):
    samples, crops = media(seconds)
    with avsvt.Pipeline(files / f"av-{mode}.yaml") as pipeline:
        got = pipeline.activations(samples, 16000, video=crops)
        assert np.abs(got.logits - by_hand(files, samples, crops)).max() < 1e-4
        assert abs(got.frame_rate - 50) < 1e-9
        again = pipeline.activations(samples, 16000, video=crops.astype(np.float32))
        assert np.array_equal(again.logits, got.logits)


@pytest.mark.parametrize("name", ["av-overlap", "av-whole", "av-published", "v-overlap", "v-whole",
                                  "v-published"])
def test_a_video_read_piece_by_piece_gives_what_the_array_gives(files, tmp_path, name):
    samples, crops = media(33.3)
    np.save(tmp_path / "crops.npy", crops)
    with avsvt.Pipeline(files / f"{name}.yaml") as pipeline:
        for sound in (samples, samples[:-160000], None):
            for count, start, rate in ((len(crops), 0, 50), (800, 1.7, 50), (len(crops), -6.31, 50),
                                       (700, 0.31, 25), (len(crops), -2, 59.94)):
                heard = () if sound is None else (sound, 16000)
                given = {"video_start": start}
                wanted = pipeline.activations(*heard, video=crops[:count], video_rate=rate, **given)
                with avsvt.Video(crops[:count], array_rate=rate) as video:
                    got = pipeline.activations(*heard, video=video, **given)
                assert np.array_equal(got.logits, wanted.logits)
                assert got.start == wanted.start
        wanted = pipeline.activations(samples, 16000, video=crops)
        got = pipeline.activations(samples, 16000, video=tmp_path / "crops.npy")
        assert np.array_equal(got.logits, wanted.logits)
        with avsvt.Video(crops) as video, pytest.raises(ValueError, match="its own rate"):
            pipeline.notes(samples, 16000, video=video, video_rate=25)


class Joint(torch.nn.Module):
    """A small encoder of sound and pictures together, a frame a picture; of
    zeros it makes zeros."""

    def __init__(self):
        super().__init__()
        self.hear = torch.nn.Linear(320, 16, bias=False)
        self.see = torch.nn.Linear(64, 16, bias=False)

    def forward(self, samples: torch.Tensor, frames: torch.Tensor) -> torch.Tensor:
        count = frames.shape[1]
        short = count * 320 - samples.shape[1]
        sound = torch.nn.functional.pad(samples, [0, short]).reshape(samples.shape[0], count, 320)
        return torch.tanh(self.hear(sound) * 2.0 + self.see(frames.flatten(2)))


def test_one_encoder_may_hear_and_see(files):
    torch.manual_seed(4)
    write(files / "joint.pt", Joint(), "extractor",
          {"kind": "audio-video", "sample_rate": 16000, "hop": 320, "width": 8, "height": 8,
           "mean": 0.5, "deviation": 0.25, "frame_rate": 50},
          [parts.noise(1, 3100), parts.noise(1, 10, 8, 8)], output={"width": 16, "frame_rate": 50})
    samples, crops = media(33.3)
    with avsvt.Extractor(files / "joint.pt") as both, avsvt.Head(files / "head.pt") as head:
        wanted = head(both(samples, crops), 50).logits
        deaf = head(both(samples * 0, crops), 50).logits
        seen = np.full(crops.shape, 127.5, np.float32)  # zeros, once normalised
        blind = head(both(samples, seen), 50).logits
        late = head(both(samples, np.concatenate([seen[:25], crops[:-25]])), 50).logits
    for mode in ("overlap", "whole"):
        path = files / f"joint-{mode}.yaml"
        path.write_text("avsvt: 1\ntask: notes\naudio-video: joint.pt\nhead: head.pt\n"
                        f"chunk: {{mode: {mode}, length_s: 10, context_s: 1}}\n")
        with avsvt.Pipeline(path) as pipeline:
            got = pipeline.activations(samples, 16000, video=crops)
            assert np.abs(got.logits - wanted).max() < 1e-4
            assert got.frame_rate == 50 and got.start == 0.01
            for sound, pictures, expected in ((None, crops, deaf), (samples, None, blind)):
                given = () if sound is None else (sound, 16000)
                alone = pipeline.activations(*given, video=pictures)
                assert np.abs(alone.logits - expected).max() < 1e-4
            with avsvt.Video(crops) as video:
                moved = pipeline.activations(samples, 16000, video=video, video_start=0.5)
            assert np.abs(moved.logits - late).max() < 1e-4


def test_either_may_be_missing(files, caplog):
    samples, crops = media(12.0)
    with avsvt.Context() as context, caplog.at_level("WARNING", "avsvt"):
        pipeline = avsvt.Pipeline(files / "av-overlap.yaml", context)
        heard = pipeline.activations(samples, 16000)
        assert np.abs(heard.logits - by_hand(files, samples, None)).max() < 1e-4
        seen = pipeline.activations(video=crops)
        assert caplog.text == ""
        with avsvt.Extractor(files / "eye.pt") as eye, avsvt.Head(files / "head.pt") as head:
            assert np.abs(seen.logits - head(eye(crops=crops), 50).logits).max() < 1e-4
        with pytest.raises(ValueError, match="sound or pictures"):
            pipeline.notes()


def test_a_video_of_another_length_or_start_is_told(files, caplog):
    samples, crops = media(12.0)
    with avsvt.Context() as context, caplog.at_level("WARNING", "avsvt"):
        pipeline = avsvt.Pipeline(files / "av-overlap.yaml", context)
        short = pipeline.activations(samples, 16000, video=crops[:500])
        assert "2.00 s of the sound have no picture" in caplog.text
        assert np.abs(short.logits - by_hand(files, samples, crops[:500])).max() < 1e-4
        caplog.clear()
        longer = np.concatenate([crops, crops[:100]])
        cut = pipeline.activations(samples, 16000, video=longer)
        assert "the video goes on for 2.00 s after the sound" in caplog.text
        assert np.abs(cut.logits - by_hand(files, samples, crops)).max() < 1e-4
        caplog.clear()
        late = pipeline.activations(samples, 16000, video=crops[:-25], video_start=0.5)
        assert "0.50 s of the sound have no picture" in caplog.text
        with avsvt.Extractor(files / "ear.pt") as ear, avsvt.Extractor(files / "eye.pt") as eye, \
                avsvt.Head(files / "head.pt") as head:
            both = ear(samples)
            both = np.concatenate([both[:25], both[25:] + eye(crops=crops)[:len(both) - 25]])
            assert np.abs(late.logits - head(both, 50).logits).max() < 1e-4
        caplog.clear()
        pipeline.activations(samples, 16000, video=crops[:-10])  # as quiet as published
        assert caplog.text == ""


def test_pictures_of_another_rate_are_taken_by_time(files):
    samples, crops = media(12.0)
    with avsvt.Pipeline(files / "av-overlap.yaml") as pipeline:
        half = pipeline.activations(samples, 16000, video=crops[::2], video_rate=25)
        assert np.abs(half.logits - by_hand(files, samples, crops[::2].repeat(2, 0))).max() < 1e-4
        for wrong in (-1, 2000, float("nan")):
            with pytest.raises(ValueError, match="crops_rate_hz"):
                pipeline.notes(samples, 16000, video=crops, video_rate=wrong)
        with pytest.raises(ValueError, match="crops_start_s"):
            pipeline.notes(samples, 16000, video=crops, video_start=float("inf"))


def test_pictures_alone(files, tmp_path):
    _, crops = media(27.0)
    np.save(tmp_path / "crops.npy", crops)
    with avsvt.Extractor(files / "eye.pt") as eye, avsvt.Head(files / "head.pt") as head:
        expected = head(eye(crops=crops), 50).logits
    for mode in ("overlap", "whole", "published"):
        with avsvt.Pipeline(files / f"v-{mode}.yaml") as pipeline:
            got = pipeline.activations(video=tmp_path / "crops.npy")
            assert np.abs(got.logits - expected).max() < 1e-4
            assert got.frame_rate == 50
            notes = pipeline.notes(video=crops)
            later = pipeline.notes(np.zeros(100, np.float32), 16000, video=crops, video_start=2)
            assert len(notes.onset) and np.allclose(later.onset, notes.onset + 2)
            with pytest.raises(ValueError, match="crops is needed"):
                pipeline.notes(np.zeros(16000, np.float32), 16000)
    assert np.array_equal(avsvt.transcribe(model=files / "v-overlap.yaml", video=crops).onset,
                          avsvt.Pipeline(files / "v-overlap.yaml").notes(video=crops).onset)


@pytest.mark.parametrize("seconds", [1.0, 12.5, 17.5, 21.3])
def test_the_published_way_cuts_both_streams_by_counting(files, seconds):
    samples, crops = media(seconds)
    with avsvt.Extractor(files / "ear.pt") as ear, avsvt.Extractor(files / "eye.pt") as eye, \
            avsvt.Head(files / "head.pt") as head:
        count = max(1, round(seconds / 5))
        borders = [80000 * k for k in range(count)] + [len(samples)]
        heard = np.concatenate([ear(samples[a:b]) for a, b in zip(borders, borders[1:])])
        seen = eye(crops=crops)
        count = max(1, round(len(heard) / 49.8 / 5))
        expected = []
        for k in range(count):
            last = k == count - 1
            audio = heard[249 * k:None if last else 249 * (k + 1)]
            video = seen[250 * k:None if last else 250 * (k + 1)][:len(audio)]
            fitted = np.zeros_like(audio)
            fitted[:len(video)] = video
            expected.append(head(audio + fitted, 49.8).logits)
    with avsvt.Pipeline(files / "av-published.yaml") as pipeline:
        got = pipeline.activations(samples, 16000, video=crops)
        assert np.abs(got.logits - np.concatenate(expected)).max() < 1e-4
        assert got.frame_rate == 49.8
        kept = pipeline.features(heard, seen)
        assert np.abs(kept.logits - got.logits).max() < 1e-4


def command(*arguments):
    """The command beside the library under test, where it was built."""
    build = pathlib.Path(os.environ.get("AVSVT_LIBRARY", "")).parent
    program = build / "examples" / "cli" / "avsvt"
    if not program.exists():
        program = build / "examples" / "avsvt"
    if not program.exists():
        pytest.skip("left out: the command is not beside AVSVT_LIBRARY")
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False)


def test_the_command_takes_a_video(files, tmp_path):
    samples, crops = media(4.0)
    np.save(tmp_path / "lips.npy", crops)
    sound = tmp_path / "song.wav"
    with wave.open(str(sound), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", None))
        file.writeframes((samples.clip(-1, 0.99) * 32768).astype("<i2").tobytes())
    for model, arguments, expected in (
            ("av", (sound, "--video", tmp_path / "lips.npy"),
             lambda p: p.notes(sound, video=crops)),
            ("av", (sound, "--video", tmp_path / "lips.npy", "--video-start", "0.5",
                    "--video-rate", "25"),
             lambda p: p.notes(sound, video=crops, video_rate=25, video_start=0.5)),
            ("v", (tmp_path / "lips.npy",), lambda p: p.notes(video=crops))):
        yaml = files / f"{model}-overlap.yaml"
        done = command("transcribe", *arguments, "-m", yaml, "-f", "csv")
        assert done.returncode == 0, done.stderr
        with avsvt.Pipeline(yaml) as pipeline:
            notes = expected(pipeline)
        got = np.loadtxt(done.stdout.splitlines(), delimiter=",", skiprows=1, ndmin=2)
        assert len(got) == len(notes.onset) > 0
        assert np.abs(got - rows(notes)).max() < 1e-3


def test_a_model_of_half_the_rate_takes_every_second_picture_wherever_they_come_from(files, tmp_path):
    samples, crops = media(4.0)
    np.save(tmp_path / "lips.npy", crops)
    write(tmp_path / "eye.pt", Eye(), "extractor",
          {"kind": "video", "width": 8, "height": 8, "frame_rate": 25}, [parts.noise(1, 7, 8, 8)],
          output={"width": 16, "frame_rate": 25})
    (tmp_path / "v.yaml").write_text(f"avsvt: 1\ntask: notes\nvideo: eye.pt\nhead: {files}/head.pt\n"
                                     "chunk: {mode: whole}\n")
    with avsvt.Pipeline(tmp_path / "v.yaml") as pipeline:
        wanted = pipeline.activations(video=crops[::2]).logits
        notes = rows(pipeline.notes(video=crops[::2]))
        for video, more in ((crops, {"video_rate": 50}), (tmp_path / "lips.npy", {}),
                            (avsvt.Video(tmp_path / "lips.npy"), {}),
                            (avsvt.Video(tmp_path / "lips.npy", rate=25), {}),
                            (tmp_path / "lips.npy", {"video_rate": 50})):
            assert np.array_equal(pipeline.activations(video=video, **more).logits, wanted)
        at_that_rate = pipeline.activations(video=tmp_path / "lips.npy", video_rate=25).logits
        assert np.array_equal(at_that_rate, pipeline.activations(video=crops).logits)
    with avsvt.Extractor(tmp_path / "eye.pt") as eye:
        pieces = eye.pieces(crops=tmp_path / "lips.npy", chunks="whole")
        assert np.array_equal(np.concatenate(list(pieces)), eye(crops=crops[::2]))
    done = command("transcribe", tmp_path / "lips.npy", "-m", tmp_path / "v.yaml", "-f", "csv")
    got = np.loadtxt(done.stdout.splitlines(), delimiter=",", skiprows=1, ndmin=2)
    assert len(got) == len(notes) > 0 and np.abs(got - notes).max() < 1e-3


def test_the_command_tells_of_the_sense_that_is_missing(files, tmp_path):
    samples, crops = media(4.0)
    lips, sound, yaml = tmp_path / "lips.npy", tmp_path / "song.wav", files / "av-overlap.yaml"
    np.save(lips, crops)
    with wave.open(str(sound), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", None))
        file.writeframes((samples.clip(-1, 0.99) * 32768).astype("<i2").tobytes())
    with avsvt.Pipeline(yaml) as pipeline:
        seen, heard = pipeline.notes(video=crops), pipeline.notes(sound)
    for arguments, told, notes in (
            ((lips,), "has no sound", seen), ((lips, "--video", lips), "has no sound", seen),
            ((sound,), "without --video", heard)):
        done = command("transcribe", *arguments, "-m", yaml, "-f", "csv")
        assert done.returncode == 0 and told in done.stderr
        got = np.loadtxt(done.stdout.splitlines(), delimiter=",", skiprows=1, ndmin=2)
        assert len(got) == len(notes.onset) > 0
        assert np.abs(got - rows(notes)).max() < 1e-3
        assert command("transcribe", *arguments, "-q", "-m", yaml).stderr == ""
    for model in ("av", "a"):
        done = command("transcribe", sound, "-m", files / f"{model}-overlap.yaml",
                       "--landmarks", "lm.npy")
        assert done.returncode == 2 and "no --video" in done.stderr


@pytest.mark.parametrize("name, sound, sight", [("a", 16000, None), ("v", None, 50),
                                                ("av", 16000, 50)])
def test_the_command_says_what_a_pipeline_takes(files, name, sound, sight):
    path = str(files / f"{name}-overlap.yaml")
    told = json.loads(command("info", path, "--json").stdout)
    assert (told["sample_rate"], told["frame_rate"]) == (sound, sight)
    words = command("info", path).stdout.split("\n\n")[0]
    assert ("sample_rate" in words) == bool(sound) and ("frame_rate" in words) == bool(sight)


def test_pictures_go_only_where_they_are_taken(files):
    samples, crops = media(2.0)
    with avsvt.Pipeline(files / "a-overlap.yaml") as pipeline:
        with pytest.raises(ValueError, match="takes no pictures"):
            pipeline.notes(samples, 16000, video=crops)
        with pytest.raises(ValueError, match="features of sound"):
            pipeline.features(np.zeros((5, 16)), np.zeros((5, 16)))
    with pytest.raises(ValueError, match="takes no pictures"):
        avsvt.transcribe(samples, 16000, video=crops)
    with avsvt.Pipeline(files / "av-overlap.yaml") as pipeline:
        with pytest.raises(ValueError, match="6 wide and 10 high"):
            pipeline.notes(samples, 16000, video=crops[:, :, :6])
        with pytest.raises(ValueError, match="4 axes"):
            pipeline.notes(samples, 16000, video=crops[..., None])


@pytest.mark.parametrize("keys, told", [
    ("audio: ear.pt\nvideo: eye.pt", "need 'fusion: FILE.pt'"),
    ("video: ear.pt", "pictures alone"), ("audio: eye.pt", "sound alone"),
    ("", "'audio: FILE.pt' is missing"), ("fusion: head.pt", "role"),
])
def test_parts_that_do_not_fit_are_named(files, keys, told):
    path = files / "wrong.yaml"
    path.write_text(f"avsvt: 1\ntask: notes\n{keys}\nhead: head.pt\n")
    with pytest.raises((ValueError, avsvt.Error), match=told):
        avsvt.Pipeline(path)


class Mouth(Eye):
    """An encoder of pictures as large as AV-HuBERT's."""

    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(88 * 88, 16)


def test_the_command_finds_the_mouth_of_a_face(files, tmp_path):
    network = Mouth().eval()
    write(files / "mouth.pt", network, "extractor",
          {"kind": "video", "width": 88, "height": 88, "mean": 0.421, "deviation": 0.165,
           "frame_rate": 50}, [parts.noise(1, 7, 88, 88)], output={"width": 16, "frame_rate": 50})
    for name, keys in (("face-av", "audio: ear.pt\nvideo: mouth.pt\nfusion: add.pt"),
                       ("face-v", "video: mouth.pt")):
        (files / f"{name}.yaml").write_text(f"avsvt: 1\ntask: notes\n{keys}\nhead: head.pt\n"
                                            "chunk: {context_s: 1}\n")
    random = np.random.default_rng(5)
    pictures = random.integers(0, 256, (75, 200, 240), dtype=np.uint8)  # 3 s at 25 Hz
    face = np.zeros((75, 68, 2))
    face[:, :] = [120, 120]
    for point, at in zip((33, 36, 39, 42, 45), ((120, 130), (70, 80), (100, 80), (140, 80),
                                                (170, 80))):
        face[:, point] = at
    face += np.linspace(0, 8, 75)[:, None, None]
    np.save(tmp_path / "clip.npy", pictures)
    np.save(tmp_path / "face.npy", face)
    samples, _ = media(3.0)
    sound = tmp_path / "song.wav"
    with wave.open(str(sound), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", None))
        file.writeframes((samples.clip(-1, 0.99) * 32768).astype("<i2").tobytes())
    crops = avsvt.Video(tmp_path / "clip.npy", pixels="rgb", array_rate=25).mouth(face).frames()
    assert crops.shape == (75, 96, 96)
    landmarks = ("--video-rate", "25", "--landmarks", tmp_path / "face.npy")
    for model, arguments in (("face-av", (sound, "--video", tmp_path / "clip.npy")),
                             ("face-v", (tmp_path / "clip.npy",))):
        yaml = files / f"{model}.yaml"
        done = command("transcribe", *arguments, *landmarks, "-m", yaml, "-f", "csv")
        assert done.returncode == 0, done.stderr
        with avsvt.Pipeline(yaml) as pipeline:
            notes = pipeline.notes(sound if model == "face-av" else None, video=crops,
                                   video_rate=25)
        got = np.loadtxt(done.stdout.splitlines(), delimiter=",", skiprows=1, ndmin=2)
        assert len(got) == len(notes.onset) > 0
        assert np.abs(got - rows(notes)).max() < 1e-3
    done = command("transcribe", sound, "--video", tmp_path / "clip.npy", "--face-model",
                   tmp_path / "none.dat", "-m", files / "face-av.yaml")
    assert done.returncode == 1 and "none.dat" in done.stderr and not done.stdout
    done = command("transcribe", sound, "--video", tmp_path / "clip.npy", "-q", *landmarks, "-m",
                   files / "a-overlap.yaml")
    assert done.returncode == 1 and "takes no pictures" in done.stderr
