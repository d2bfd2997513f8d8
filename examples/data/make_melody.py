# SPDX-License-Identifier: MIT
"""Sings the melody of the quick start and writes down its notes.

    pip install "setuptools<70" "numpy<2" pysinsy pyworld scipy soundfile
    python make_melody.py

Makes melody.flac and melody.csv beside itself. The melody is ours. It is sung
by Sinsy (pysinsy) with the voice NIT SONG070 F001 of the Nagoya Institute of
Technology, CC BY 3.0. melody.csv is taken from what sounds, not from the
score: a note begins where the voice reaches its vowel, ends where the voice
falls silent or the next note's consonant closes, and has the middle
fundamental frequency of what lies between.
"""
import csv
import os
import sys

import numpy as np
import pyworld
import soundfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "recipes", "made"))
from sinsy import sing
TEMPO = 100
TRANSPOSE = 2 # into the voice's good range
RATE = 22050
NOISE_DB = -75
# name, quarter notes, syllable; no syllable: a rest
MELODY = """
E4 1 ら, G4 .5 り, A4 .5 ら, C5 1.5 ろ, R .5
B4 .5 な, A4 .5 の, G4 1 ま, A4 1 よ, R 1
D4 .5 ま, E4 .5 み, G4 1 で, G4 .5 で, F4 .5 も, E4 1 な
R .5, A4 .5 る, G4 .5 ら, E4 .5 り, D4 .5 ら, C4 1.5 ろ
"""
STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


def score():
    """Notes as (MIDI number or None, quarters, syllable), with a bar of rest to both sides."""
    def note(text):
        name, quarters, *syllable = text.split()
        if name == "R":
            return None, float(quarters), None
        return TRANSPOSE + 12 * (int(name[1]) + 1) + STEPS[name[0]], float(quarters), syllable[0]
    rest = (None, 4.0, None)
    return [rest, *(note(part) for line in MELODY.strip().splitlines()
                    for part in line.split(",")), rest]


def level_db(wave, rate, hop_s=0.002, window_s=0.02):
    """Loudness every hop_s, frame i centred on i * hop_s."""
    hop, half = round(rate * hop_s), round(rate * window_s / 2)
    sums = np.concatenate([[0], np.cumsum(wave ** 2)])
    centre = np.arange(0, len(wave), hop)
    low, high = np.maximum(centre - half, 0), np.minimum(centre + half, len(wave))
    return 10 * np.log10((sums[high] - sums[low]) / (high - low) + 1e-9)


def sounding(melody, wave, rate):
    """[(onset, offset, pitch)] of what is heard."""
    level, hop = level_db(wave, rate), 0.002
    f0, times = pyworld.harvest(wave, rate, f0_floor=150, f0_ceil=800, frame_period=5)
    times = np.asarray(times)
    at, wanted = 0, []
    for pitch, quarters, _ in melody[:-1]:
        if pitch is not None:
            wanted.append((at, at + quarters * 60 / TEMPO, pitch))
        at += quarters * 60 / TEMPO
    onsets, dips = [], []
    for start, _, pitch in wanted:
        # The consonant is a dip; the vowel begins half way up from it, in dB.
        first = round((start - 0.06) / hop)
        span = level[first:first + round(0.25 / hop)]
        bottom = int(np.argmin(span[:round(0.2 / hop)]))
        top = span[bottom:].max()
        middle = (span[bottom] + top) / 2 if span[bottom] > top - 40 else top - 15
        dips.append((first + bottom) * hop)
        onsets.append((first + bottom + int(np.argmax(span[bottom:] >= middle))) * hop)
    notes = []
    for i, (start, end, pitch) in enumerate(wanted):
        after = dips[i + 1] if i + 1 < len(dips) else at + 1
        loud = level[round(onsets[i] / hop):round(after / hop)]
        quiet = np.flatnonzero(loud[round(0.08 / hop):] < loud.max() - 15)
        stop = onsets[i] + 0.08 + quiet[0] * hop if len(quiet) else after
        inside = (times > onsets[i] + 0.05) & (times < stop - 0.03) & (f0 > 0)
        heard = 69 + 12 * np.log2(np.median(f0[inside]) / 440)
        notes.append((onsets[i], stop, heard))
        print(f"score {start:.3f} {pitch}  heard {onsets[i]:.3f}..{stop:.3f} {heard:.2f}")
    return notes


def tune(melody, wave, rate):
    """The voice sings some notes up to a semitone off: move each to its place
    but for a tenth of the fault, with its vibrato and slides kept."""
    wave = np.ascontiguousarray(wave)
    f0, times = pyworld.harvest(wave, rate, f0_floor=150, f0_ceil=800, frame_period=5)
    spectrum = pyworld.cheaptrick(wave, f0, times, rate)
    breath = pyworld.d4c(wave, f0, times, rate)
    wanted = [pitch for pitch, _, _ in melody if pitch is not None]
    shift = np.zeros(len(f0))
    for (start, _, heard), pitch in zip(sounding(melody, wave, rate), wanted):
        shift[times >= start - 0.03] = 0.9 * (pitch - heard)
    window = np.hanning(15)
    shift = np.convolve(np.pad(shift, 7, mode="edge"), window / window.sum(), mode="valid")
    return pyworld.synthesize(f0 * 2 ** (shift / 12), spectrum, breath, rate, 5)


def main():
    melody = score()
    wave, rate = sing(melody, TEMPO)
    wave = tune(melody, wave, rate)
    notes = sounding(melody, wave, rate)
    cut = notes[0][0] - 0.6  # of the measure of rest before it
    wave = wave[round(cut * rate):round((notes[-1][1] + 0.6) * rate)]
    noise = np.random.default_rng(1).normal(0, 10 ** (NOISE_DB / 20), len(wave))
    soundfile.write(os.path.join(HERE, "melody.wav"), wave + noise, rate, subtype="FLOAT")
    os.system(f"cd {HERE} && ffmpeg -v error -y -i melody.wav -ar {RATE} -sample_fmt s16 "
              "-map_metadata -1 -fflags +bitexact melody.flac && rm melody.wav")
    with open(os.path.join(HERE, "melody.csv"), "w", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["onset", "offset", "pitch"])
        rows.writerows([[f"{a - cut:.3f}", f"{b - cut:.3f}", f"{p:.2f}"] for a, b, p in notes])


if __name__ == "__main__":
    main()
