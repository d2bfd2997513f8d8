# SPDX-License-Identifier: MIT
"""Songs with somebody talking between their phrases: notes where it is sung,
none where it is spoken.

    between.py VOICES SONGS OUT [--seed 31] [--most 90] [--vocoded 0.5]
        [--only SPEAKER ...] [--without SPEAKER ...]

VOICES is a folder of voices.py, SONGS one of resing.py or of recorded songs
(SONG.flac, SONG.txt). OUT gets songs of the same names, cut in their rests. A
network that hears only speech, or only song, for as long as it looks learns to
tell recordings apart; here it must tell moments apart. Part of the speech goes
through the vocoder that re-sings, so that its traces tell nothing either.
"""
import argparse
from pathlib import Path

import numpy as np
import soundfile

from singers import add_speakers, speakers_in
from songs import read_song, songs_in, write_song
from voice import RATE, analyse, reshape, synthesize

REST_S = 0.12        # shortest rest to cut in
SUNG_S = (1.5, 5.0)  # between two cuts at least
SPOKEN_S = (0.8, 3.0)
FADE_S = 0.02


def through_vocoder(rng, samples):
    """As spoken, with another pitch, liveliness and body, by WORLD."""
    f0, envelope, noise = analyse(samples)
    voiced = f0 > 0
    if voiced.sum() < 20:
        return samples
    shift = rng.normal(2, 4)
    formants = float(np.exp(rng.normal(0, 0.07) + 0.006 * shift))
    envelope, noise = reshape(envelope, noise, formants, rng.uniform(0.5, 1.0))
    pitch = np.log2(f0[voiced])
    pitch = pitch.mean() + (pitch - pitch.mean()) * rng.uniform(0.8, 1.6) + shift / 12
    f0 = f0.copy()
    f0[voiced] = np.clip(2 ** pitch, 60, 1000)
    return synthesize(f0, envelope, noise)


def speech(rng, files, vocoded):
    """A stretch of speech by one speaker, full level 1."""
    wanted, parts, heard = rng.uniform(*SPOKEN_S) * RATE, [], 0
    while heard < wanted:
        samples, _ = soundfile.read(files[rng.integers(len(files))], frames=4 * RATE)
        parts.append(samples)
        heard += len(samples)
    samples = np.concatenate(parts)[:int(wanted)]
    if rng.random() < vocoded:
        samples = through_vocoder(rng, samples)
    ramp = np.linspace(0, 1, int(FADE_S * RATE))
    samples[:len(ramp)] *= ramp
    samples[-len(ramp):] *= ramp[::-1]
    return samples / max(np.abs(samples).max(), 1e-6)


def rests(notes, length):
    """Middles of the rests of a song, and its ends."""
    ends = np.maximum.accumulate(notes[:, 1])
    gaps = np.flatnonzero(notes[1:, 0] - ends[:-1] >= REST_S)
    return [0.0, *((ends[gaps] + notes[gaps + 1, 0]) / 2), length]


def talk_between(rng, samples, notes, voices, own, vocoded):
    """The song and its notes with speech in some of its rests."""
    loud = np.abs(samples).max()
    parts, rows, at, cut = [], [], 0.0, 0.0
    sung = rng.uniform(*SUNG_S)
    places = rests(notes, len(samples) / RATE)
    for place in places[1:]:
        if place - cut < sung and place != places[-1]:
            continue
        part = samples[int(cut * RATE):int(place * RATE)]
        inside = notes[(notes[:, 0] >= cut) & (notes[:, 0] < place)]
        rows.append(inside + [at - cut, at - cut, 0])
        files = voices[own] if own in voices and rng.random() < 0.7 \
            else voices[list(voices)[rng.integers(len(voices))]]
        spoken = speech(rng, files, vocoded) * loud * 10 ** (rng.uniform(-10, 2) / 20)
        parts += [part, spoken]
        at += (len(part) + len(spoken)) / RATE
        cut, sung = place, rng.uniform(*SUNG_S)
    return np.concatenate(parts), np.concatenate(rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("voices", type=Path)
    parser.add_argument("songs", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=31)
    parser.add_argument("--most", type=int, default=90, help="songs at most")
    parser.add_argument("--vocoded", type=float, default=0.5, help="share of speech through WORLD")
    add_speakers(parser)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(args.seed)
    voices = speakers_in(args.voices, args.only, args.without)
    songs = songs_in(args.songs)
    seconds = 0.0
    for index in sorted(rng.permutation(len(songs))[:args.most]):
        song = songs[index]
        samples, notes = read_song(song)
        own = song.stem.rsplit("-", 1)[0]
        samples, notes = talk_between(rng, samples, notes, voices, own, args.vocoded)
        write_song(args.out, song.stem, samples, notes)
        seconds += len(samples) / RATE
    print(f"{min(args.most, len(songs))} songs, {seconds / 60:.1f} minutes")


if __name__ == "__main__":
    main()
