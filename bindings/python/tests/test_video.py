# SPDX-License-Identifier: MIT
"""Video: arrays in and out, rates, files where the media module is."""
import io

import numpy as np
import pytest

import avsvt
from avsvt.landmarks import main as find_landmarks

FRAMES = np.random.default_rng(1).integers(0, 256, (6, 7, 9), np.uint8)


@pytest.fixture
def clip(data):
    path = data / "data/video/talking_face.mp4"
    if not path.exists():
        pytest.skip("left out: no talking_face.mp4")
    try:
        with avsvt.Video(path):
            return path
    except avsvt.Error as error:
        if "media module" in str(error):
            pytest.skip("left out: the media module was not built")
        raise


def test_a_file_object_is_a_video(tmp_path):
    frames = np.arange(3 * 4 * 5, dtype=np.uint8).reshape(3, 4, 5)
    file = io.BytesIO()
    np.save(file, frames)
    with avsvt.Video(file, array_rate=50) as video:
        assert np.array_equal(video.frames(), frames) and video.info().rate_hz == 50

    class Failing(io.BytesIO):
        failing = False

        def read(self, count=-1):
            if self.failing:
                raise ZeroDivisionError("mine")
            return super().read(count)

    file = Failing(file.getvalue())
    with avsvt.Video(file, array_rate=50) as video:
        file.failing = True
        with pytest.raises(ZeroDivisionError, match="mine"):
            video.frames()
    with pytest.raises(ZeroDivisionError, match="mine"):
        avsvt.Video(file)


def test_a_mouth_is_cut_out_of_a_file_object(clip):
    with open(clip, "rb") as file, avsvt.Video(file, pixels="rgb") as video:
        with video.mouth(np.full((200, 68, 2), np.nan), whole_picture=True) as mouth:
            del video
            assert mouth.read(2).shape == (2, 96, 96)


def test_frames_come_back():
    assert np.array_equal(avsvt.Video(FRAMES).frames(), FRAMES)
    assert np.array_equal(np.stack(list(avsvt.Video(FRAMES))), FRAMES)
    video = avsvt.Video(FRAMES[:, ::-1])  # another order in memory
    assert np.array_equal(video.read(2), FRAMES[:2, ::-1])
    assert len(video.read(10)) == 4 and len(video.read(10)) == 0


def test_colours():
    rgb = np.stack([FRAMES, FRAMES[::-1], FRAMES // 2], -1)
    assert np.array_equal(avsvt.Video(rgb, pixels="rgb").frames(), rgb)
    grey = (rgb.astype(int) @ [9798, 19235, 3735] + 16384) >> 15
    assert np.array_equal(avsvt.Video(rgb).frames(), grey)


def test_a_rate(tmp_path):
    np.save(tmp_path / "v.npy", FRAMES)
    assert np.array_equal(avsvt.Video(tmp_path / "v.npy", rate=100).frames(), FRAMES.repeat(2, 0))
    np.savez_compressed(tmp_path / "v.npz", lips=FRAMES, other=FRAMES[0])
    twice = avsvt.Video(tmp_path / "v.npz", rate=50, array_rate=25, array="lips")
    assert np.array_equal(twice.frames(), FRAMES.repeat(2, 0))
    assert twice.info().duration_s == 6 / 25


def test_what_is_refused(tmp_path):
    with pytest.raises(ValueError, match="uint8"):
        avsvt.Video(FRAMES.astype(float))
    with pytest.raises(ValueError, match="pixels"):
        avsvt.Video(FRAMES, pixels="cmyk")
    with pytest.raises(avsvt.Error, match=r"\[7, 9\]"):
        avsvt.Video(FRAMES[0])
    with pytest.raises(avsvt.Error):
        avsvt.Video(tmp_path / "none.mp4")
    video = avsvt.Video(FRAMES)
    video.close()
    with pytest.raises(ValueError, match="closed"):
        video.read(1)


def test_a_file(clip):
    with avsvt.Video(clip, rate=50) as video:
        info, frames = video.info(), video.frames()
    assert (info.width, info.height, info.rate_hz, info.has_sound) == (512, 512, 25, 1)
    assert frames.shape == (400, 512, 512)
    assert np.array_equal(frames[::2], frames[1::2])
    samples, rate = avsvt.read_audio(clip)
    assert (samples.size, rate) == (128000, 16000)


def a_face(x, y):
    face = np.full((68, 2), (x, y + 30), float)
    face[[33, 36, 39, 42, 45]] = (np.array([[0, 0], [-48, -51], [-20, -50], [20, -50], [48, -51]])
                                  * 60 / 96 + (x, y))
    return face


def test_the_mouth_is_cut_out(tmp_path, caplog):
    frames = np.zeros((4, 200, 220, 3), np.uint8)
    frames[:, 120:140, 100:120] = 200  # where the mouth is
    landmarks = np.stack([a_face(110, 100)] * 4)
    landmarks[1] = np.nan
    with avsvt.Context() as context, caplog.at_level("WARNING", "avsvt"):
        video = avsvt.Video(frames, pixels="rgb", context=context)
        crops = video.mouth(landmarks).frames()
    assert "1 of 4 sets of landmarks have no face" in caplog.text
    assert crops.shape == (4, 96, 96) and (crops == crops[0]).all()
    assert crops[0, 40:56, 40:56].min() > 190 and crops[0, :20].max() == 0
    with pytest.raises(ValueError, match="closed"):
        video.read(1)
    np.save(tmp_path / "l.npy", landmarks)
    again = avsvt.Video(frames, pixels="rgb").mouth(tmp_path / "l.npy", size=88, pixels="rgb")
    assert np.array_equal(again.frames()[..., 0], crops[:, 4:92, 4:92])
    usual = avsvt.Video(frames, pixels="rgb").mouth(landmarks, size=0)  # C's default
    assert np.array_equal(usual.read(9), crops)
    with pytest.raises(avsvt.Error, match="no face"):
        avsvt.Video(frames).mouth(landmarks * np.nan)


def test_landmarks_of_a_video_that_is_not_there(tmp_path, capsys):
    arguments = [str(tmp_path / "none.mp4"), "-o", str(tmp_path / "l.npy")]
    assert find_landmarks(arguments) == 1
    told = capsys.readouterr().err
    assert told.startswith("avsvt.landmarks: ") and "none.mp4" in told


@pytest.mark.parametrize("name, told", [
    ("l", "must end in .npy"), ("clip.npy", "is the video"),
    ("none/l.npy", "there is no folder")])  # before faces are looked for
def test_landmarks_go_into_a_file_of_their_own(tmp_path, monkeypatch, capsys, name, told):
    monkeypatch.chdir(tmp_path)
    np.save("clip.npy", np.zeros((1, 8, 8), np.uint8))
    before = (tmp_path / "clip.npy").read_bytes()
    with pytest.raises(SystemExit) as stopped:
        find_landmarks([str(tmp_path / "clip.npy"), "-o", name])
    assert stopped.value.code == 2 and told in capsys.readouterr().err
    assert (tmp_path / "clip.npy").read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["clip.npy"]


def test_landmarks_that_are_not_written_to_the_end_leave_what_was_there(tmp_path, monkeypatch):
    clip, output = tmp_path / "clip.npy", tmp_path / "l.npy"
    np.save(clip, np.zeros((1, 8, 8), np.uint8))
    np.save(output, np.zeros(3))
    before = output.read_bytes()

    def full(file, _array):
        with open(file, "wb") if isinstance(file, str) else file as to:
            to.write(b"half of")
            raise OSError("no space is left")

    monkeypatch.setattr("avsvt.landmarks._mediapipe", lambda: lambda picture: [])
    monkeypatch.setattr("numpy.save", full)
    assert find_landmarks([str(clip), "-o", str(output)]) == 1
    assert output.read_bytes() == before
    assert sorted(each.name for each in tmp_path.iterdir()) == ["clip.npy", "l.npy"]


def test_landmarks_are_read(tmp_path):
    text = str([None, a_face(3, 4).tolist()]).replace("None", "null")
    (tmp_path / "l.json").write_text(text)
    landmarks = avsvt.read_landmarks(tmp_path / "l.json")
    assert np.isnan(landmarks[0]).all() and np.array_equal(landmarks[1], a_face(3, 4))


def test_the_face_that_goes_on_is_chosen():
    from avsvt.landmarks import MESH_TO_68, choose, track
    assert len(set(MESH_TO_68)) == 68
    small, large = a_face(50, 50), a_face(150, 60) * 1.5
    assert choose([small, large], None) is large
    assert choose([small, large], small + 3) is small
    assert choose([], small) is None
    found = iter([[small], [large, small + 2], [], [small + 4, large]])
    landmarks = track(range(4), lambda picture: next(found))
    assert np.allclose(landmarks[[0, 1, 3]], [small, small + 2, small + 4])
    assert np.isnan(landmarks[2]).all()
