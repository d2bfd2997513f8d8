# SPDX-License-Identifier: MIT
"""A voice, taken apart by WORLD, cut into syllables, and put together again."""
from dataclasses import dataclass

import numpy as np
import pyworld
from scipy.ndimage import gaussian_filter1d, minimum_filter1d

RATE = 16000
STEP_S = 0.005 # of the analysis
BINS = 513     # of its spectra
DIP_DB = 4     # a syllable ends where the level falls by this much between two vowels


@dataclass
class Syllable:
    begin: int    # analysis frame where its consonant begins
    vowel: int    # where the vowel begins: the steepest rise of level
    end: int      # where the voice ends
    joined: bool  # voiced throughout from the syllable before


@dataclass
class Voice:
    pitch: float            # median, MIDI number
    envelope: np.ndarray    # [frames, BINS] power
    noise: np.ndarray       # [frames, BINS] aperiodicity, 0..1
    level: np.ndarray       # [frames] dB
    syllables: list


def level_of(envelope, low, high):
    hertz = np.arange(BINS) * RATE / (2 * (BINS - 1))
    return 10 * np.log10(envelope[:, (hertz > low) & (hertz < high)].sum(1) + 1e-12)


def cuts(level):
    """Where a voiced stretch falls apart into syllables: its dips."""
    lowest = np.flatnonzero(level == minimum_filter1d(level, 13))
    ends = [0]
    for frame in lowest:
        if frame - ends[-1] <= 10 or len(level) - frame <= 10:
            continue
        before, after = level[ends[-1]:frame].max(), level[frame:frame + 40].max()
        if min(before, after) - level[frame] > DIP_DB:
            ends.append(int(frame))
    return ends + [len(level)]


def syllables_of(f0, envelope):
    level = gaussian_filter1d(level_of(envelope, 250, 4000), 2.0)
    loud = np.percentile(level, 97)
    voiced = np.concatenate([[False], (f0 > 0) & (level > loud - 32), [False]])
    edges = np.flatnonzero(np.diff(voiced.astype(int)))
    found, last = [], 0
    for begin, end in zip(edges[::2], edges[1::2]):
        if end - begin < 10:
            continue
        places = cuts(level[begin:end])
        for a, b in zip(places, places[1:]):
            a, b = begin + a, begin + b
            if level[a:b].max() < loud - 22:
                continue
            if a == begin:
                found.append(Syllable(max(last, a - 30), a, b, False))
            else:
                rise = np.diff(level[a:a + 16])
                vowel = a + int(np.argmax(rise)) + 1 if len(rise) else a
                found.append(Syllable(a, min(vowel, b - 8), b, True))
        last = end
    return [s for s in found if s.end - s.vowel >= 8]


def analyse(samples, highest=450):
    """F0 up to so many hertz, envelope and aperiodicity."""
    samples = samples.astype(np.float64)
    f0, times = pyworld.dio(samples, RATE, f0_floor=65, f0_ceil=highest,
                            frame_period=1000 * STEP_S)
    f0 = pyworld.stonemask(samples, f0, times, RATE)
    return (f0, pyworld.cheaptrick(samples, f0, times, RATE),
            pyworld.d4c(samples, f0, times, RATE))


def listen(utterances):
    """One voice out of several utterances; None if too little is voiced."""
    parts, syllables, shift = [], [], 0
    for samples in utterances:
        part = analyse(samples)
        for s in syllables_of(part[0], part[1]):
            syllables.append(Syllable(s.begin + shift, s.vowel + shift, s.end + shift, s.joined))
        shift += len(part[0])
        parts.append(part)
    if len(syllables) < 5:
        return None
    f0, envelope, noise = (np.concatenate(each) for each in zip(*parts))
    pitch = 69 + 12 * np.log2(np.median(f0[f0 > 0]) / 440)
    return Voice(pitch, envelope, noise, level_of(envelope, 20, 4060), syllables)


def reshape(envelope, noise, formants, breathiness):
    """The same voice with formants moved by a factor and less or more breath."""
    place = np.clip(np.arange(BINS) / formants, 0, BINS - 1)
    low = np.minimum(place.astype(int), BINS - 2)
    part = place - low
    envelope, noise = (old[:, low] * (1 - part) + old[:, low + 1] * part
                       for old in (envelope, noise))
    return envelope, noise ** breathiness


def synthesize(f0, envelope, noise):
    """Samples, for F0 in hertz of each frame (0: unvoiced)."""
    return pyworld.synthesize(f0, np.ascontiguousarray(envelope), np.ascontiguousarray(noise),
                              RATE, 1000 * STEP_S)
