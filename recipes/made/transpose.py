# SPDX-License-Identifier: MIT
"""Recorded songs in other voices: higher, lower, with another body, by WORLD.

    transpose.py SONGS OUT [--seed 41] [--times 1] [--casual | --trained | --florid]

SONGS holds SONG.flac (16 kHz) and SONG.txt. OUT gets SONG-N.flac and notes at
the new pitch, at the same times: singing as people sing, from basses to
children, with the vocoder's traces that re-sung speech has too. --casual sings
them faster, with wandering pitch and uneven level too; --trained slower, with the
vibrato of somebody who learnt to sing; --florid with several notes on many a vowel,
at other pitches or at the same one.
"""
import argparse
from multiprocessing import Pool
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter1d

from melody import TRAINED_DEPTH, glide, unsteady
from resing import ONSET_LATE_S
from songs import read_song, songs_in, write_song
from voice import RATE, STEP_S, analyse, reshape, synthesize

LOWEST, HIGHEST = 38, 79 # MIDI number that the middle of a song is moved between
FARTHEST = 12            # semitones
FASTEST = 2.6            # times the tempo
SLOWEST = 0.45
VIBRATO_HZ = (4.5, 7)
HIGHEST_HZ = 1000
PIECE_S = 0.12           # shortest note on a vowel of several


def moved(rng, frames, pitch):
    """Samples of the song in another voice, and by how many semitones."""
    f0, envelope, noise = frames
    shift = rng.uniform(max(-FARTHEST, LOWEST - pitch), min(FARTHEST, HIGHEST - pitch))
    formants = float(np.exp(rng.normal(0, 0.07) + 0.014 * shift))
    envelope, noise = reshape(envelope, noise, formants, rng.uniform(0.6, 1.3))
    f0 = np.clip(f0 * 2 ** (shift / 12), 0, HIGHEST_HZ)
    made = synthesize(f0, envelope, noise)[:round(len(f0) * STEP_S * RATE)]
    return made * (rng.uniform(0.3, 0.9) / np.abs(made).max()), shift


def middle_of(curve, note):
    """What a curve is in the middle of a note, where its pitch is measured."""
    begin, end = (int(t / STEP_S) for t in note[:2])
    inside = curve[begin + (end - begin) // 5:end - (end - begin) // 7]
    return np.median(inside) if len(inside) else 0


def loosened(rng, frames, notes):
    """The frames of a song sung faster, on a wandering pitch, some notes louder
    than others; and its notes."""
    tempo = float(np.exp(rng.uniform(0, np.log(FASTEST))))
    (f0, envelope, noise), notes = at_tempo(frames, notes, tempo)
    count = len(f0)
    wander = unsteady(rng, count, 1 / STEP_S)
    level = np.zeros(count)
    spread = rng.uniform(0, 6) # dB
    for note in notes:
        begin, end = (int(t / STEP_S) for t in note[:2])
        level[begin:end] = rng.normal(0, spread)
        note[2] += middle_of(wander, note)
    envelope = envelope * 10 ** (gaussian_filter1d(level, 4)[:, None] / 10)
    return (f0 * 2 ** (wander / 12), envelope, noise), notes


def at_tempo(frames, notes, tempo):
    """The frames of a song, and its notes, at another tempo."""
    picked = np.round(np.arange(0, len(frames[0]) - 1, tempo)).astype(int)
    notes = notes.copy()
    notes[:, :2] /= tempo
    return tuple(each[picked] for each in frames), notes


def shaken(rng, count, notes, depth):
    """A vibrato on long notes, in pitch and a little in level, of a song of so many frames."""
    rate, swell = rng.uniform(*VIBRATO_HZ), rng.uniform(0, 2)
    pitch, level = np.zeros(count), np.zeros(count)
    for onset, offset, _ in notes:
        if offset - onset < 0.25 or rng.random() < 0.1:
            continue
        inside = slice(int(onset / STEP_S), int(offset / STEP_S))
        since = np.arange(len(pitch[inside])) * STEP_S
        fade = np.clip((since - rng.uniform(0, 0.3)) / 0.15, 0, 1)
        phase = 2 * np.pi * rate * rng.uniform(0.95, 1.05) * since + rng.uniform(0, 2 * np.pi)
        pitch[inside] = depth * rng.uniform(0.7, 1) * fade * np.sin(phase)
        level[inside] = swell * fade * np.sin(phase + rng.uniform(0, 2 * np.pi))
    return pitch, level


def cultivated(rng, frames, notes):
    """The frames of a song sung slower, with a vibrato on long notes; and its notes."""
    (f0, envelope, noise), notes = at_tempo(frames, notes, rng.uniform(SLOWEST, 1))
    pitch, level = shaken(rng, len(f0), notes, rng.uniform(*TRAINED_DEPTH))
    return (f0 * 2 ** (pitch / 12), envelope * 10 ** (level[:, None] / 10), noise), notes


def cut(rng, onset, offset):
    """Where the notes of a vowel begin that is sung over several."""
    most = min(4, int((offset - onset) / PIECE_S))
    count = int(rng.integers(2, most + 1))
    spare = (offset - onset - count * PIECE_S) * rng.dirichlet(np.ones(count) * 2)
    return onset + np.concatenate([[0], np.cumsum(spare + PIECE_S)[:-1]])


def step_within(rng, pitch, lowest, highest):
    """A step to the next note of a vowel, in semitones; 0: the same pitch once more."""
    by = int(rng.choice([-5, -4, -3, -2, -2, -1, -1, 0, 1, 1, 2, 2, 3, 4, 5]))
    return next((each for each in (by, -by) if lowest <= pitch + each <= highest), 0)


def embellished(rng, frames, notes):
    """The frames of a song with several notes on some of its vowels, joined by glides,
    or parted by no more than a weaker moment where they have one pitch; and its notes.
    Some songs have vibrato and a wandering pitch too, which make no notes."""
    (f0, envelope, noise), notes = at_tempo(frames, notes, float(np.exp(rng.uniform(-0.5, 0.4))))
    times = np.arange(len(f0)) * STEP_S
    pitch, level, rows = np.zeros(len(f0)), np.zeros(len(f0)), []
    lowest, highest = notes[:, 2].min(), notes[:, 2].max()
    share, longest = rng.uniform(0.3, 0.8), rng.uniform(0.05, 0.2)

    def goes(time, by, room):
        pitch[:] += glide(times, time, min(rng.uniform(0.03, longest), 0.5 * room) / 4.4, by)

    for i, (onset, offset, midi) in enumerate(notes):
        if offset - onset < 2.2 * PIECE_S or rng.random() > share:
            rows.append([onset, offset, midi])
            continue
        begins, away = cut(rng, onset, offset), 0
        ends = np.append(begins[1:], offset)
        rows.append([onset, ends[0], midi])
        for begin, end, before in zip(begins[1:], ends[1:], begins):
            by = step_within(rng, midi + away, lowest, highest)
            if by:
                goes(begin, by, min(end - begin, begin - before))
            if by == 0 or rng.random() < 0.4:
                weak = rng.uniform(6, 15) if by == 0 else rng.uniform(0, 4)
                level -= weak * np.exp(-((times - begin + 0.02) / rng.uniform(0.015, 0.03)) ** 2)
            away += by
            rows[-1][1] = begin + ONSET_LATE_S
            rows.append([begin + ONSET_LATE_S, end, midi + away])
        if away: # back to what the song sings next
            rest = notes[i + 1, 0] - offset if i + 1 < len(notes) else 1.0
            goes(offset + min(max(rest, 0), 0.4) / 2, -away, 0.12)
    if rng.random() < 0.4:
        vibrato, swell = shaken(rng, len(f0), rows, rng.uniform(0.2, TRAINED_DEPTH[1]))
        pitch += vibrato
        level += swell
    if rng.random() < 0.5:
        wander = unsteady(rng, len(f0), 1 / STEP_S)
        pitch += wander
        for row in rows:
            row[2] += middle_of(wander, row)
    envelope = envelope * 10 ** (level[:, None] / 10)
    return (f0 * 2 ** (pitch / 12), envelope, noise), np.array(rows)


def transpose(job):
    song, out, seed, number, manner = job
    rng = np.random.default_rng(seed)
    samples, notes = read_song(song)
    frames = analyse(samples, HIGHEST_HZ)
    if manner:
        frames, notes = manner(rng, frames, notes)
    samples, shift = moved(rng, frames, float(np.median(notes[:, 2])))
    # A label that was wrong before may lie beyond what a MIDI number can be.
    rows = [(onset, offset, min(midi + shift, 127)) for onset, offset, midi in notes]
    write_song(out, f"{song.stem}-{number}", samples, rows)
    return len(samples) / RATE


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("songs", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=41)
    parser.add_argument("--times", type=int, default=1, help="voices for each song")
    parser.add_argument("--processes", type=int, default=2)
    manner = parser.add_mutually_exclusive_group()
    manner.add_argument("--casual", dest="manner", action="store_const", const=loosened,
                        help="faster, looser, uneven")
    manner.add_argument("--trained", dest="manner", action="store_const", const=cultivated,
                        help="slower, with vibrato")
    manner.add_argument("--florid", dest="manner", action="store_const", const=embellished,
                        help="with several notes on many a vowel")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    songs = songs_in(args.songs)
    jobs = [(song, args.out, args.seed * 100003 + number * len(songs) + i, number, args.manner)
            for number in range(args.times) for i, song in enumerate(songs)]
    with Pool(args.processes) as pool:
        seconds = sum(pool.imap_unordered(transpose, jobs))
    print(f"{len(jobs)} songs, {seconds / 60:.1f} minutes")


if __name__ == "__main__":
    main()
