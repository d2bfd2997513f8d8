# SPDX-License-Identifier: MIT
"""Writes metrics.npz: lists of notes and what mir_eval says of them.

Times and pitches lie on coarse grids, so that ties and differences equal to
the tolerance are common. Needs mir_eval 0.8.
"""
import warnings

import mir_eval
import numpy as np

# In the order of avsvt_notes_scores.
NAMES = ["Precision", "Recall", "F-measure", "Precision_no_offset", "Recall_no_offset",
         "F-measure_no_offset", "Onset_Precision", "Onset_Recall", "Onset_F-measure",
         "Offset_Precision", "Offset_Recall", "Offset_F-measure"]


def notes(rng, n, spread):
    grid = rng.choice([0.001, 0.01, 0.025, 0.05])
    onset = np.round(rng.uniform(0, max(n, 1) * spread, n) / grid) * grid
    length = np.round(rng.uniform(0.01, 1.2, n) / grid + 1) * grid
    return np.c_[onset, onset + length, np.round(rng.uniform(55, 58, n) * 2) / 2]


def moved(rng, given):
    """The same notes a little elsewhere, some left out, some twice."""
    keep = given[rng.integers(0, 10, len(given)) > 0]
    keep = np.r_[keep, keep[rng.integers(0, 10, len(keep)) == 0]]
    step = rng.choice([-.1, -.05, -.02, 0, .0501, .05, .03], (len(keep), 2))
    out = keep.copy()
    out[:, 0] = np.maximum(out[:, 0] + step[:, 0], 0)
    out[:, 1] = np.maximum(out[:, 1] + step[:, 1], out[:, 0] + .01)
    out[:, 2] += rng.choice([0, 0, 0, .3, .5, .51, 12], len(keep))
    return out


def hz(notes):
    return 440 * 2 ** ((notes[:, 2] - 69) / 12)


def main():
    warnings.simplefilter("ignore")
    rng = np.random.default_rng(9)
    arrays = {}
    sizes = [0, 0, 1, 2, 3, 5, 8] + [20] * 8 + [40] * 5
    for k, n in enumerate(sizes):
        reference = notes(rng, n, rng.choice([.03, .1, .5]))
        estimate = moved(rng, reference) if k % 3 else notes(rng, n + k % 5 - (n > 4), .1)
        if k == 1:
            reference = notes(rng, 4, .3)
            estimate = estimate[:0]
        options = [.05, 50, .2, .05] if k % 4 else [.1, 100, .3, .02]
        arrays[f"m{k}_ref"], arrays[f"m{k}_est"] = reference, estimate
        arrays[f"m{k}_options"] = np.array(options)
        got = mir_eval.transcription.evaluate(
            reference[:, :2], hz(reference), estimate[:, :2], hz(estimate),
            onset_tolerance=options[0], pitch_tolerance=options[1],
            offset_ratio=options[2], offset_min_tolerance=options[3])
        arrays[f"m{k}_scores"] = np.array([got[name] for name in NAMES], np.float64)
        print(k, len(reference), len(estimate), np.round(arrays[f"m{k}_scores"][2::3], 3))
    np.savez_compressed("metrics.npz", **arrays)


if __name__ == "__main__":
    main()
