# SPDX-License-Identifier: MIT
"""Writes decoder.npz: frames and the notes that AV_SVT's rule gives for them.

The rule is written here as its description says, in the plainest way and with
Python's own set, so that the C code is checked against another hand's.
"""
import numpy as np


def decode(logits, onset_threshold, offset_threshold, rate, window):
    onset = 1 / (1 + np.exp(-logits[:, 0].astype(np.float32)))
    offset = 1 / (1 + np.exp(-logits[:, 1].astype(np.float32)))
    octave, name = logits[:, 2:7].argmax(1), logits[:, 7:20].argmax(1)
    n, notes, start, pitches = len(logits), [], None, []

    def emit(end):
        if start is not None and pitches:
            pitch = max(set(pitches), key=pitches.count)
            notes.append((start, end, pitch + 36))

    for i in range(n):
        t = i * (1 / rate)
        around = onset[max(0, i - window):min(i + window + 1, n - 1)]
        if len(around) and onset[i] >= np.float32(onset_threshold) and onset[i] == around.max():
            emit(t)
            start, pitches = t, []
        elif offset[i] >= np.float32(offset_threshold):
            emit(t)
            start = None
        if start is not None and octave[i] != 4 and name[i] != 12:
            pitches.append(int(octave[i] * 12 + name[i]))
    if n:
        emit((n - 1) * (1 / rate))
    return np.array(notes, np.float64).reshape(-1, 3)


def frames(rng, n, busy):
    """Logits in steps of a quarter, so that equal values are common."""
    logits = np.round(rng.normal(0, 1.5, (n, 20)) * 4) / 4
    logits[:, 0] -= 1
    logits[:, 1] -= 1.5
    i = 0
    while i < n:
        length = int(rng.integers(3, 20))
        logits[i, 0] += 3
        logits[i:i + length, 2 + rng.integers(0, 4)] += 3 - busy
        logits[i:i + length, 7 + rng.integers(0, 12)] += 3 - busy
        i += length
    return logits.astype(np.float32)


def main():
    rng = np.random.default_rng(5)
    arrays = {}
    cases = [(150, 0, .4, .5, 49.8, 3), (150, 1, .4, .5, 50, 3), (150, 2, .3, .6, 50, 5),
             (120, 3, .4, .95, 49.8, 2), (120, 3, .5, .97, 31.25, 1), (3, 1, .1, .9, 50, 3),
             (2, 1, .01, .9, 50, 3), (0, 1, .4, .5, 50, 3)]
    for k, (n, busy, on, off, rate, window) in enumerate(cases):
        x = frames(rng, n, busy)
        if n == 2:
            x[:, :2], x[:, 2], x[:, 7] = [2, -2], 9, 9
        arrays[f"c{k}_logits"] = x
        arrays[f"c{k}_settings"] = np.array([on, off, rate, window], np.float64)
        arrays[f"c{k}_notes"] = decode(x, on, off, rate, window)
        print(k, n, len(arrays[f"c{k}_notes"]))
    np.savez_compressed("decoder.npz", **arrays)


if __name__ == "__main__":
    main()
