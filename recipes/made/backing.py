# SPDX-License-Identifier: MIT
"""Accompaniment without a voice: random bands, played by FluidSynth.

    backing.py OUT --songs 120 --seed 1 [--soundfont FILE.sf2]

Each song has a key, a chord progression and up to five players: two that
accompany, a bass, drums and a melody instrument. OUT gets FLAC files, mono at
16 kHz: a folder for the step `mix` of an augmentation chain.
"""
import argparse
import subprocess
from multiprocessing import Pool
from pathlib import Path

import mido
import numpy as np
import soundfile

RATE = 16000
TICKS = 480
SOUNDFONT = "/usr/share/sounds/sf2/FluidR3_GM.sf2"

# General MIDI programs.
CHORDAL = [0, 1, 2, 4, 5, 6, 7, 11, 16, 18, 19, 21, 24, 25, 26, 27, 28, 29, 30, 45, 46, 48, 49,
           50, 61, 62, 63, 80, 81, 88, 89, 90, 92]
BASSES = [32, 33, 34, 35, 36, 38, 39, 43]
LEADS = [0, 11, 22, 26, 27, 29, 30, 40, 41, 42, 56, 57, 60, 64, 65, 66, 68, 71, 73, 74, 75, 79,
         80, 81, 104, 105]
KITS = [0, 8, 16, 24, 25, 32, 40]
KICK, SNARE, RIM, CLAP, CLOSED, OPEN, CRASH = 36, 38, 37, 39, 42, 46, 49
TOMS = [50, 48, 45, 41]
DRUMS = 9 # the channel

# Roots of four bars, in semitones above the key.
PROGRESSIONS = [(0, 7, 9, 5), (0, 9, 5, 7), (9, 5, 0, 7), (0, 5, 7, 5), (2, 7, 0, 9),
                (0, 4, 5, 7), (9, 7, 5, 4), (0, 10, 5, 0), (0, 3, 10, 5), (5, 7, 4, 9)]
MAJOR, MINOR = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10)

# How a chord is played in one beat: (when, how long, which of its notes; None: all).
COMPING = [
    lambda beat: [(0, 3.9, None)] if beat == 0 else [],
    lambda beat: [(0, 0.9, None)],
    lambda beat: [(0, 0.4, None), (0.5, 0.4, None)],
    lambda beat: [(h / 2, 0.6, beat * 2 + h) for h in range(2)],
    lambda beat: [(0.5, 0.35, None)],
    lambda beat: [(h / 4, 0.3, beat * 4 + h) for h in range(4)],
]
WALKING = [
    lambda beat, rng: [(0, 1.8, 0)] if beat % 2 == 0 else [],
    lambda beat, rng: [(0, 0.9, 7 if beat == 2 else 0)],
    lambda beat, rng: [(0, 0.45, 0), (0.5, 0.45, 0)],
    lambda beat, rng: [(rng.choice([0, 0.5]), 0.5, int(rng.choice([0, 0, 7, 12, 10])))],
]


class Band:
    """Players drawn at random, and what they have played so far."""

    def __init__(self, rng):
        self.rng = rng
        self.events = []
        self.swing = rng.choice([0, 0, 0.08, 0.16])
        self.untidy = rng.uniform(0, 0.02)

    def play(self, beat, length, channel, pitch, velocity):
        if not 20 < pitch < 108:
            return
        if 0.4 < beat % 1 < 0.6:
            beat += self.swing
        beat = max(0.0, beat + self.rng.normal(0, self.untidy))
        velocity = int(np.clip(velocity + self.rng.normal(0, 8), 20, 127))
        self.events.append((beat, 1, channel, int(pitch), velocity))
        self.events.append((beat + length, 0, channel, int(pitch), 0))


def chord_at(rng, key, degree, minor, inversion):
    third = 4 if degree in (0, 5, 7, 10) else 3
    if minor:
        third = 7 - third
    tones = [0, third, 7]
    if rng.random() < 0.25:
        tones.append(10 if third == 3 or degree == 7 else 11)
    low = 48 + inversion
    notes = sorted(low + (key + degree + tone - low) % 12 for tone in tones)
    return [note + 12 if note < 52 else note for note in notes]


def drum_beat(band, time, beat, bar, style, velocity):
    rng = band.rng
    if style != 5:
        for part in (0, 0.25, 0.5, 0.75) if style == 1 else (0, 0.5):
            band.play(time + part, 0.1, DRUMS, CLOSED if rng.random() < 0.9 else OPEN, velocity - 25)
    if style == 3 or (beat in (0, 2) and style in (0, 1, 2)):
        band.play(time, 0.1, DRUMS, KICK, velocity)
    if style == 2 and rng.random() < 0.4:
        band.play(time + 0.5, 0.1, DRUMS, KICK, velocity)
    if beat in (1, 3) and style != 4:
        band.play(time, 0.1, DRUMS, CLAP if style == 5 else rng.choice([SNARE, RIM]), velocity)
    if bar % 4 == 0 and beat == 0:
        band.play(time, 0.1, DRUMS, CRASH, velocity - 10)
    if bar % 4 == 3 and beat == 3:
        for i, tom in enumerate(TOMS):
            band.play(time + i / 4, 0.1, DRUMS, tom, velocity)


def arrange(rng, seconds):
    """Events of one song, its programs by channel and its tempo."""
    band = Band(rng)
    tempo, key = rng.uniform(60, 172), int(rng.integers(12))
    progression = PROGRESSIONS[rng.integers(len(PROGRESSIONS))]
    minor, inversion = rng.random() < 0.35, int(rng.integers(-5, 6))
    scale = MINOR if minor else MAJOR
    programs = {0: rng.choice(CHORDAL), 1: rng.choice(CHORDAL), 2: rng.choice(BASSES),
                3: rng.choice(LEADS), DRUMS: rng.choice(KITS)}
    plays = {0: rng.random() < 0.95, 1: rng.random() < 0.5, 2: rng.random() < 0.85,
             3: rng.random() < 0.4, DRUMS: rng.random() < 0.8}
    loud = {channel: int(rng.integers(55, 110)) for channel in programs}
    comping, walking = rng.choice(COMPING), rng.choice(WALKING)
    drumming, melody = int(rng.integers(6)), 0
    for bar in range(int(seconds * tempo / 240) + 1):
        degree = progression[bar % 4]
        chord = chord_at(rng, key, degree, minor, inversion)
        for beat in range(4):
            time = 4.0 * bar + beat
            if plays[0]:
                for part, length, which in comping(beat):
                    for note in chord if which is None else [chord[which % len(chord)]]:
                        band.play(time + part, length, 0, note, loud[0])
            if plays[1] and beat % 2 == 0:
                for note in chord:
                    band.play(time, 1.95, 1, note + rng.choice([0, 12]), loud[1] - 10)
            if plays[2]:
                root = 28 + (key + degree - 28) % 12
                for part, length, above in walking(beat, rng):
                    band.play(time + part, length, 2, root + above, loud[2])
            if plays[DRUMS]:
                drum_beat(band, time, beat, bar, drumming, loud[DRUMS])
            if plays[3] and (bar // 4) % 2 == key % 2:
                for part in (0, 0.5) if rng.random() < 0.6 else (0,):
                    if rng.random() < 0.7:
                        melody = int(np.clip(melody + rng.integers(-2, 3), -4, 8))
                        band.play(time + part, rng.choice([0.48, 0.48, 0.9]), 3,
                                  60 + key + scale[melody % 7] + 12 * (melody // 7), loud[3])
    return band.events, programs, tempo


def write_midi(path, events, programs, tempo, rng):
    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(tempo))])
    for channel, program in programs.items():
        track.append(mido.Message("program_change", channel=channel, program=int(program)))
        for control, low, high in ((91, 0, 90), (7, 60, 115)): # reverb, volume
            track.append(mido.Message("control_change", channel=channel, control=control,
                                      value=int(rng.integers(low, high))))
    now = 0
    for beat, on, channel, pitch, velocity in sorted(events):
        tick = max(now, int(beat * TICKS))
        track.append(mido.Message("note_on" if on else "note_off", channel=channel, note=pitch,
                                  velocity=velocity, time=tick - now))
        now = tick
    mido.MidiFile(ticks_per_beat=TICKS, tracks=[track]).save(path)


def song(job):
    seed, out, seconds, soundfont = job
    rng = np.random.default_rng(seed)
    score, sound = out / f".{seed}.mid", out / f".{seed}.wav"
    write_midi(score, *arrange(rng, seconds), rng)
    subprocess.run(["fluidsynth", "-ni", "-q", "-F", str(sound), "-r", str(RATE), soundfont,
                    str(score)], check=True, capture_output=True)
    samples, _ = soundfile.read(sound, frames=int(seconds * RATE), always_2d=True)
    score.unlink()
    sound.unlink()
    mono = samples.mean(1)
    peak = np.abs(mono).max()
    if peak < 1e-4: # nobody played
        return 0.0
    soundfile.write(out / f"band-{seed}.flac", mono / peak * 0.8, RATE)
    return len(mono) / RATE


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--songs", type=int, default=120)
    parser.add_argument("--seconds", type=float, default=40.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--soundfont", default=SOUNDFONT)
    parser.add_argument("--processes", type=int, default=2)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    jobs = [(args.seed * 100003 + i, args.out, args.seconds, args.soundfont)
            for i in range(args.songs)]
    with Pool(args.processes) as pool:
        seconds = sum(pool.imap_unordered(song, jobs))
    print(f"{seconds / 60:.1f} min")


if __name__ == "__main__":
    main()
