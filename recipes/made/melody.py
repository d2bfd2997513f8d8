# SPDX-License-Identifier: MIT
"""Melodies to sing: notes with lengths, pitches, joins and breaths."""
from dataclasses import dataclass, field

import numpy as np
from scipy.ndimage import gaussian_filter1d

STYLES = ("sheet", "lyrical", "casual", "trained")
TRAINED_DEPTH = (0.4, 1.5) # semitones to each side
SCALES = [(0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 2, 4, 7, 9), tuple(range(12))]


@dataclass
class Note:
    start: float            # seconds, where the vowel begins
    length: float           # seconds, to the next note or the rest
    pitch: float            # MIDI number
    syllable: int           # which of the voice's syllables
    melisma: bool = False   # goes on in the vowel of the note before
    rest: float = 0.0       # seconds of silence after it; 0: joined to the next
    first: bool = False     # after a rest
    onset: float = field(default=0.0, init=False)   # as it sounds, set by the singer
    offset: float = field(default=0.0, init=False)


@dataclass
class Style:
    """How a singer sings one song; drawn once."""
    beat: float         # seconds
    rest_chance: float  # of a short rest after a note inside a phrase
    melisma: float      # chance of a syllable over several notes
    repeat: float       # chance of the same pitch again
    drift: float        # semitones, tuning of the whole song
    loose: float        # semitones, spread of each note about its pitch
    vibrato: float      # chance of vibrato on a long note
    vibrato_depth: float
    slides: float       # chance of a scoop or fall
    glide: tuple        # seconds, shortest and longest way between two pitches
    phrase: tuple       # notes, shortest and longest phrase
    shortest: float = 0.12      # seconds, of a note
    above: tuple = (7, 6)       # semitones over the speaking voice: mean and spread
    level_kept: float = 0.25    # share of the syllables' differences in level
    sinking: float = 0.0        # dB that the level falls over a phrase
    release: float = 0.12       # seconds, longest fade of a phrase's last note
    restless: float = 0.0       # semitones a second that pitch may rise or fall in a note


def draw_style(rng, kind: str) -> Style:
    """One of STYLES. sheet: from careful to free, slow to fast, as a song is sung
    from a sheet. lyrical: short joined notes, loose pitch, wide glides, as pop is
    sung. casual: near the speaking voice, with speech's accents, quick notes and
    weak ends, as people sing to themselves. trained: high, slow and joined, nearly
    every long note with a vibrato, of up to a semitone and a half to each side."""
    if kind == "trained":
        return Style(beat=float(np.exp(rng.uniform(np.log(0.22), np.log(0.8)))),
                     rest_chance=rng.uniform(0, 0.2), melisma=rng.choice([0.05, 0.2, 0.4]),
                     repeat=rng.uniform(0.05, 0.3), drift=rng.uniform(-0.5, 0.5), loose=0.1,
                     vibrato=rng.uniform(0.7, 1), vibrato_depth=rng.uniform(*TRAINED_DEPTH),
                     slides=rng.uniform(0, 0.5), glide=(0.04, 0.25), phrase=(4, 12),
                     above=(10, 6), release=rng.uniform(0.1, 0.35))
    if kind == "casual":
        return Style(beat=float(np.exp(rng.uniform(np.log(0.13), np.log(0.5)))),
                     rest_chance=rng.uniform(0, 0.3), melisma=rng.choice([0, 0.08, 0.2]),
                     repeat=rng.uniform(0.1, 0.55), drift=rng.uniform(-0.5, 0.5), loose=0.18,
                     vibrato=rng.choice([0, 0.2, 0.5]), vibrato_depth=rng.uniform(0.15, 0.6),
                     slides=rng.uniform(0, 0.9), glide=(0.03, 0.2), phrase=(3, 13),
                     shortest=0.075, above=(2.5, 4), level_kept=rng.uniform(0.25, 1.1),
                     sinking=rng.uniform(0, 9), release=rng.uniform(0.1, 0.35),
                     restless=rng.uniform(0, 4))
    if kind == "lyrical":
        return Style(beat=rng.uniform(0.13, 0.34), rest_chance=rng.uniform(0, 0.12),
                     melisma=rng.choice([0.03, 0.12, 0.3]), repeat=rng.uniform(0.1, 0.45),
                     drift=rng.uniform(-0.5, 0.5), loose=0.25,
                     vibrato=rng.choice([0, 0.3, 0.8]), vibrato_depth=rng.uniform(0.15, 0.9),
                     slides=rng.uniform(0, 0.5), glide=(0.04, 0.2), phrase=(6, 18))
    return Style(beat=float(np.exp(rng.uniform(np.log(0.18), np.log(0.65)))),
                 rest_chance=rng.choice([0.03, 0.15, 0.4, 0.8], p=[0.5, 0.25, 0.15, 0.1]),
                 melisma=rng.choice([0, 0.1, 0.3]), repeat=rng.uniform(0.05, 0.35),
                 drift=rng.uniform(-0.5, 0.5), loose=0.12,
                 vibrato=rng.choice([0, 0.3, 0.8]), vibrato_depth=rng.uniform(0.15, 0.9),
                 slides=rng.uniform(0, 0.5), glide=(0.02, 0.13), phrase=(4, 11))


def pitches(rng, count, repeat):
    """Steps and small leaps in a scale, about 0."""
    scale = SCALES[rng.choice(len(SCALES), p=[0.45, 0.3, 0.15, 0.1])]
    degree = int(rng.integers(-3, 4))
    for _ in range(count):
        if rng.random() >= repeat:
            degree += int(rng.choice([-4, -3, -2, -1, -1, -1, 1, 1, 1, 2, 3, 4]))
        degree = int(np.clip(degree, -6, 8))
        yield scale[degree % len(scale)] + 12 * (degree // len(scale))


def compose(rng, style: Style, centre: float, syllables: int, seconds: float):
    """Notes for about so many seconds, about a centre pitch."""
    tune = list(pitches(rng, 400, style.repeat))
    notes, time, syllable = [], rng.uniform(0.2, 1.0), int(rng.integers(syllables))
    left = int(rng.integers(*style.phrase))
    while time < seconds and len(notes) < len(tune):
        factor = rng.choice([0.5, 1, 1.5, 2, 3, 4], p=[0.12, 0.58, 0.08, 0.12, 0.06, 0.04])
        length = float(np.clip(style.beat * factor * np.exp(rng.normal(0, 0.05)),
                               style.shortest, 2.4))
        pitch = centre + style.drift + tune[len(notes)] + rng.normal(0, style.loose)
        first = not notes or notes[-1].rest > 0
        melisma = (not first and rng.random() < style.melisma
                   and abs(pitch - notes[-1].pitch) > 0.7)
        if not melisma:
            syllable = (syllable + 1) % syllables if rng.random() < 0.9 \
                else int(rng.integers(syllables))
        rest, left = 0.0, left - 1
        if left <= 0:
            rest, left = rng.uniform(0.15, 0.9), int(rng.integers(*style.phrase))
            length = min(2.4, length * rng.choice([1, 1.5, 2]))
        elif rng.random() < style.rest_chance:
            rest = rng.uniform(0.05, 0.5) * length
        notes.append(Note(time, length, pitch, syllable, melisma, rest, first))
        time += length + rest
    return notes


def unsteady(rng, frames, frames_per_s):
    """What a pitch does by itself, in semitones: as little as with a trained singer,
    or as much as when people sing to themselves, who move by most of a semitone
    within a note."""
    curve = np.zeros(frames)
    for width_s, most in ((0.015, 0.08), (0.05, 0.4), (0.15, 0.35)):
        width = width_s * frames_per_s
        noise = gaussian_filter1d(rng.normal(0, 1, frames), width)
        curve += rng.uniform(0, most) * noise * (2 * np.pi ** 0.5 * width) ** 0.5
    return curve


def glide(times, middle, way, by):
    """What is added to a pitch that goes up by so many semitones, mostly within 4.4 ways."""
    return by / (1 + np.exp(-np.clip((times - middle) / way, -40, 40)))


def pitch_curve(rng, style: Style, notes, voiced_join, times):
    """What the voice does on the way: glides, vibrato, scoops, falls, drift
    and jitter. MIDI number at each time."""
    curve = np.full(len(times), notes[0].pitch)
    for before, note in zip(notes, notes[1:]):
        way = min(rng.uniform(*style.glide), 0.45 * min(note.length, before.length)) / 4.4
        middle = note.start
        if not note.melisma:
            middle += rng.uniform(-0.05, 0.03) - (0.02 if voiced_join(note) else 0)
        if note.first:
            middle, way = note.start - 0.05, 0.008
        curve += glide(times, middle, way, note.pitch - before.pitch)
    for note in notes:
        inside = (times >= note.start) & (times < note.start + note.length)
        since = times[inside] - note.start
        if note.length > 0.3 and rng.random() < style.vibrato:
            fade = np.clip((since - rng.uniform(0.1, 0.35)) / 0.15, 0, 1)
            curve[inside] += style.vibrato_depth * rng.uniform(0.5, 1) * fade * \
                np.sin(2 * np.pi * rng.uniform(4.6, 6.8) * since + rng.uniform(0, 2 * np.pi))
        short = min(0.06, 0.2 * note.length)
        if (note.first or rng.random() < 0.3) and rng.random() < style.slides:
            curve[inside] -= rng.uniform(0.5, 3) * np.exp(-since / short)
        if note.rest > 0 and rng.random() < 0.05 + 0.2 * style.slides:
            curve[inside] -= rng.uniform(0.5, 3) * np.exp(-(note.length - since) / short)
        if style.restless:
            middle = np.clip(since - note.length / 2, -0.2, 0.2)
            curve[inside] += rng.normal(0, style.restless) * middle
        if note.length > 0.25:
            curve[inside] += rng.normal(0, 0.12) * (since / note.length - 0.5) * 2
    return curve
