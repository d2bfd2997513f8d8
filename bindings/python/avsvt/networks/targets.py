# SPDX-License-Identifier: MIT
"""Frame targets for :meth:`NoteNetwork.loss` from a list of notes."""
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

FRAME_S = 0.02
Targets = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32],
                NDArray[np.float32]]


def frame_targets(notes: Iterable[Iterable[float]], frames: int,
                  start_s: float = 0.0) -> Targets:
    """Targets ``(onset, silence, pitch, offset)``, float32 of ``frames`` each.

    ``notes`` are rows of onset, offset (seconds) and MIDI number, or
    :class:`avsvt.Notes`; ``start_s`` is the time of frame 0. Onsets and offsets
    are soft triangles two and two and a half frames wide, so that a time between
    two frames is told.
    """
    onset = np.zeros(frames, np.float32)
    offset = np.zeros(frames, np.float32)
    silence = np.ones(frames, np.float32)
    pitch = np.full(frames, -1, np.float32)
    index = np.arange(frames)
    time = index * FRAME_S + start_s
    for begin, end, midi, *_ in notes:
        away = np.abs(index - (begin - start_s) / FRAME_S)
        # Flat-topped near the centre: the nearest frame is an onset whatever
        # the fraction.
        onset = np.maximum(onset, np.where(away > 0.5, np.maximum(0, 1 - away / 2),
                                           1 - 0.2 * away))
        away = np.abs(index - (end - start_s) / FRAME_S)
        offset = np.maximum(offset, np.maximum(0, 1 - away / 2.5))
        sung = (time >= begin) & (time < end)
        silence[sung] = 0
        pitch[sung] = midi
    return (onset.astype(np.float32), silence, pitch, offset.astype(np.float32))
