# SPDX-License-Identifier: MIT
"""What a mouth does while a voice sings: from the clean sound alone.

No label is looked at. How far the mouth opens follows the level of the voice
and the height of its first formant; how round or wide it is, the second. On
the way much of it is lost or blurred, as in life: lips are slow, they move a
little before or after the sound, many consonants (k, n, l) are made behind
them, and a singer breathes, wets the lips and smiles between phrases.
"""
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d, label, maximum_filter1d

RATE = 16000
HOP = 80            # samples: 5 ms
PICTURES_HZ = 50


@dataclass
class Motion:
    """One value a picture each; 0 is at rest, 1 as far as a mouth goes."""

    opening: np.ndarray
    width: np.ndarray      # -1 rounded .. 1 spread
    rounding: np.ndarray   # 0 .. 1: pushed forward
    teeth: np.ndarray      # 0 .. 1: how much of them is seen


def bands(samples):
    """Levels in dB every 5 ms: voice, vowels, open against close ones, front
    against back ones, hiss."""
    window = np.hanning(512).astype(np.float32)
    padded = np.pad(samples.astype(np.float32), (256, 512))
    count = len(samples) // HOP + 1
    frames = np.lib.stride_tricks.sliding_window_view(padded, 512)[::HOP][:count]
    power = np.abs(np.fft.rfft(frames * window, axis=1)) ** 2
    hertz = np.fft.rfftfreq(512, 1 / RATE)

    def level(low, high):
        return 10 * np.log10(power[:, (hertz >= low) & (hertz < high)].sum(1) + 1e-9)

    return (level(150, 4000), level(500, 4000), level(550, 1100) - level(180, 480),
            level(1700, 3000) - level(550, 1300), level(4500, 8000))


def wander(rng, count, seconds, step_s=HOP / RATE):
    """Smooth noise of about unit size, as slow as told."""
    size = max(1.0, seconds / step_s)
    noise = gaussian_filter1d(rng.normal(0, 1, count + 2), size, mode="wrap")[:count]
    return noise * np.sqrt(2 * np.sqrt(np.pi) * size)


def consonants(rng, vowels):
    """0 to 1: how far the mouth closes between two vowels, where the level
    above 500 Hz falls. Lips shut for p, b and m and half for f or s; what is
    said behind them (k, n, l) is seen less."""
    smooth = gaussian_filter1d(vowels, 2)
    around = np.minimum(maximum_filter1d(smooth, 40, origin=19),
                        maximum_filter1d(smooth, 40, origin=-20))   # 0.2 s to each side
    closed = 1 / (1 + np.exp(-(around - smooth - 4.0) / 1.5)) - 1 / (1 + np.exp(4.0 / 1.5))
    places, count = label(closed > 0.15)
    seen = np.where(rng.random(count + 1) < 0.8, rng.uniform(0.6, 1.0, count + 1),
                    rng.uniform(0.1, 0.5, count + 1))
    seen[0] = 1.0
    return np.clip(closed, 0, 1) * gaussian_filter1d(seen[places], 2)


def rests(rng, opening, quiet):
    """What is done in pauses: a breath before the next phrase, lips that stay
    ajar, are pressed together or wetted."""
    places, count = label(quiet)
    ajar = rng.uniform(0, 0.22)
    for i in range(1, count + 1):
        where = np.flatnonzero(places == i)
        length = len(where)
        if length < 30:
            continue
        opening[where] = np.maximum(opening[where], ajar * np.hanning(length) ** 0.3)
        draw = rng.random()
        if draw < 0.55:                                    # a breath
            take = int(min(length * 0.9, rng.uniform(25, 80)))
            end = where[-1] + 1 - int(rng.uniform(0, 10))
            begin = max(where[0], end - take)
            opening[begin:end] = np.maximum(opening[begin:end],
                rng.uniform(0.15, 0.6) * np.hanning(2 * (end - begin) + 1)[:end - begin] ** 0.5)
        elif draw < 0.8:                                   # lips move for no sound
            middle, wide = rng.choice(where), rng.uniform(10, 30)
            away = (np.arange(len(opening)) - middle) / wide
            opening += rng.uniform(-0.1, 0.35) * np.exp(-0.5 * away ** 2)
    return opening


def follow(rng, samples) -> Motion:
    level, vowels, height, front, hiss = bands(samples)
    count = len(level)
    smooth = gaussian_filter1d(level, 2)
    loud = np.percentile(smooth, 95)
    voice = 1 / (1 + np.exp(-(smooth - loud + rng.uniform(16, 22)) / 4.0))
    vowel = 1 / (1 + np.exp(-gaussian_filter1d(height, 6) / 5.0))
    effort = rng.uniform(0.65, 1.1)          # some sing with a small mouth
    opening = voice * (0.5 + 0.5 * vowel) * effort
    opening = opening * (1 - consonants(rng, vowels))
    quiet = gaussian_filter1d(voice, 3) < 0.1
    opening = rests(rng, opening, quiet)
    spread = np.tanh(gaussian_filter1d(front - np.median(front), 8) / 9.0) * voice
    hissing = np.clip((hiss - loud + 24) / 12, 0, 1) * (1 - voice)

    # Lips are slow, early or late, and never quite the same.
    slow = rng.uniform(2, 4.5)
    opening = gaussian_filter1d(opening, slow)
    spread = gaussian_filter1d(spread, 1.6 * slow)
    opening = opening * (1 + 0.1 * wander(rng, count, 0.3)) + 0.012 * wander(rng, count, 0.1)
    spread = spread + 0.12 * wander(rng, count, 0.8)
    early_s = rng.uniform(-0.01, 0.03) + 0.008 * wander(rng, count, 0.2)

    # A camera of 25, 30 or 50 pictures a second, delivered at 50.
    pictures = int(np.ceil(len(samples) * PICTURES_HZ / RATE))
    camera = rng.choice([25, 30, 50], p=[0.2, 0.2, 0.6])
    shown = np.floor(np.arange(pictures) / PICTURES_HZ * camera + 1e-6) / camera + 0.5 / camera
    at = np.clip(shown / (HOP / RATE), 0, count - 1)
    moved = np.clip(at + np.interp(at, np.arange(count), early_s) * RATE / HOP, 0, count - 1)

    def take(track, where=moved):
        return np.interp(where, np.arange(count), track).astype(np.float32)

    rounded = np.clip(-spread, 0, 1)
    return Motion(opening=np.clip(take(opening), 0, 1.1), width=take(np.clip(spread, -1, 1)),
                  rounding=take(gaussian_filter1d(rounded, slow), np.clip(moved + 6, 0, count - 1)),
                  teeth=take(np.clip(0.4 + 0.4 * spread + 0.5 * hissing, 0, 1)))
