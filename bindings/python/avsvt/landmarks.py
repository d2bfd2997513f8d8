# SPDX-License-Identifier: MIT
"""The 68 landmarks of a face in each picture of a video, by MediaPipe.

``python -m avsvt.landmarks clip.mp4 -o clip.npy`` writes float32 [frames, 68, 2]
(x, y in pixels; NaN where there is no face), as ``avsvt crop`` reads them.

MediaPipe's models and code are under the Apache licence 2.0; its packages up to
0.10.21 bring the models along (``pip install "mediapipe<=0.10.21"``). Any other
detector will do: only the array matters. (dlib's and OpenFace's 68-point models
were trained on iBUG 300-W, which forbids commercial use.)
"""
from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Union

import numpy as np
from numpy.typing import NDArray

from ._types import Doubles, Floats, Pictures
from ._whole import whole
from .errors import Error
from .video import Video

#: Points of MediaPipe's face mesh that lie where the 68 of the iBUG scheme do.
MESH_TO_68 = np.array([
    # jaw, from the left of the picture to the right
    127, 234, 93, 58, 172, 136, 149, 148, 152, 377, 378, 365, 397, 288, 323, 454, 356,
    70, 63, 105, 66, 107, 336, 296, 334, 293, 300,           # brows
    168, 197, 5, 4, 75, 97, 2, 326, 305,                     # nose
    33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380,  # eyes
    61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181,     # outer lips
    78, 82, 13, 312, 308, 317, 14, 87])                      # inner lips


Face = Union[Floats, Doubles]


def _size(face: Face) -> float:
    return float(np.prod(np.ptp(face, axis=0)))


def choose(faces: Sequence[Face], before: Face | None) -> Face | None:
    """The face that goes on from `before`: the nearest to it, if it moved by less
    than half its width; else the largest. None of none."""
    if not faces:
        return None
    if before is not None:
        moved = [float(np.linalg.norm(face.mean(0) - before.mean(0))) for face in faces]
        nearest = int(np.argmin(moved))
        if moved[nearest] < float(np.ptp(before[:, 0])) / 2:
            return faces[nearest]
    return max(faces, key=_size)


def track(pictures: Iterable[Pictures],
          find: Callable[[Pictures], Sequence[Face]]) -> Floats:
    """Landmarks float32 [frames, 68, 2] of RGB `pictures`; ``find(picture)`` gives
    all faces of one as a list of arrays [68, 2]. NaN where there is none."""
    found, before = [], None
    for picture in pictures:
        face = choose(find(picture), before)
        before = before if face is None else face
        found.append(np.full((68, 2), np.nan) if face is None else face)
    return np.asarray(found, np.float32).reshape(-1, 68, 2)


def _mediapipe(most_faces: int = 4) -> Callable[[Pictures], list[Doubles]]:
    """A function that finds faces with MediaPipe."""
    try:
        from mediapipe.python.solutions import face_mesh
    except ImportError as error:
        raise SystemExit("avsvt.landmarks: this needs MediaPipe with its models: pip install "
                         f'"mediapipe<=0.10.21" ({error})') from None
    mesh = face_mesh.FaceMesh(max_num_faces=most_faces)

    def find(picture: Pictures) -> list[Doubles]:
        scale = np.array([picture.shape[1], picture.shape[0]])
        faces = mesh.process(np.ascontiguousarray(picture)).multi_face_landmarks or []
        return [np.array([(p.x, p.y) for p in face.landmark])[MESH_TO_68] * scale
                for face in faces]

    return find


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m avsvt.landmarks",
        description="Find the 68 landmarks of a face in each picture of a video.")
    parser.add_argument("video")
    parser.add_argument("-o", "--output", required=True, help="the .npy file to write")
    parser.add_argument("--rate", type=float, help="pictures a second (default: each picture "
                        "of the video, once); give avsvt crop the same")
    options = parser.parse_args(arguments)
    if not options.output.endswith(".npy"):
        parser.error(f"{options.output}: the output's name must end in .npy")
    if os.path.exists(options.output) and os.path.exists(options.video) and \
            os.path.samefile(options.output, options.video):
        parser.error(f"{options.output}: is the video; choose another name")
    folder = os.path.dirname(os.path.abspath(options.output))
    if not os.path.isdir(folder):
        parser.error(f"{options.output}: there is no folder {folder}")
    try:
        with Video(options.video, rate=options.rate, pixels="rgb") as video:
            landmarks = track(video, _mediapipe())
        with whole(options.output) as beside, open(beside, "wb") as file:
            np.save(file, landmarks)
    except (Error, OSError) as error:
        print(f"avsvt.landmarks: {error}", file=sys.stderr)
        return 1
    faces = int(np.isfinite(landmarks).all((1, 2)).sum())
    print(f"{options.video}: a face in {faces} of {len(landmarks)} pictures -> "
          f"{options.output}", file=sys.stderr)
    return 0 if faces else 1


if __name__ == "__main__":
    sys.exit(main())
