# SPDX-License-Identifier: MIT
"""Songs with words, sung by Sinsy: notes as they sound, not as the score has them.

    sinsy.py OUT [--songs 120] [--seed 71] [--style lyrical]

Sinsy (pysinsy) sings made melodies in Japanese syllables with the voice NIT SONG070
F001, whose pitch, timing and joins were learnt from a singer. OUT gets SONG.flac
(16 kHz) and SONG.txt as resing.py makes them, labelled by the same rules; a phrase in
which a note cannot be found in the sound is left out. transpose.py gives songs other
voices.
"""
import argparse
import tempfile
from dataclasses import dataclass

import numpy as np
import pysinsy
from scipy.ndimage import gaussian_filter1d
from scipy.signal import resample_poly

from melody import STYLES, compose, draw_style
from singers import add_songs, make_all, seeds
from songs import write_song
from voice import RATE, STEP_S, analyse, level_of

NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
DIVISIONS = 480              # of a quarter note
MEASURE = 4 * DIVISIONS
LOWEST, HIGHEST = 60, 79     # what the voice sings well, MIDI numbers
OPEN = "あいうえお"           # no consonant
UNVOICED = "かきくけこさしすせそたちつてとはひふへほぱぴぷぺぽ"
VOICED = "なにぬねのまみむめもらりるれろがぎぐげござじずぜぞだでどばびぶべぼ"
LONG = "ー"                  # the vowel goes on
SYLLABLES = OPEN + UNVOICED + VOICED
HIGHEST_HZ = 1000
EARLIEST_S, LATEST_S = -0.06, 0.22 # of an onset, about the score's
SOFTEST_DB = 35.0            # of the voice, below the loudest
GAP = 4                      # frames without a voice that end a note
DIP_DB = 3.0                 # between two vowels at least
STEP = 0.8                   # semitones, of a glide that tells two notes apart
OFFSET_EARLY_S = 0.010       # people set an offset a little before the voice ends
LEAD_S, LAST_FADES_S = 0.08, 0.25 # before and after a phrase
SHORTEST = 8                 # frames, of a note


def cut_in_measures(notes):
    """Notes (MIDI number or None, quarters, syllable) as (pitch, divisions, syllable,
    whether it goes on, whether it went on) in measures; what lies on a bar line is tied."""
    measures, left = [[]], MEASURE
    for pitch, quarters, syllable in notes:
        rest, tied = round(quarters * DIVISIONS), False
        while rest > 0:
            part = min(rest, left)
            rest, left = rest - part, left - part
            measures[-1].append((pitch, part, syllable, rest > 0, tied))
            tied = True
            if left == 0:
                measures.append([])
                left = MEASURE
    if left < MEASURE:
        measures[-1].append((None, left, None, False, False))
    return [measure for measure in measures if measure]


def note_xml(pitch, divisions, syllable, goes_on, tied):
    what, lyric = "<rest/>", ""
    if pitch is not None:
        name = NAMES[pitch % 12]
        what = (f"<pitch><step>{name[0]}</step><alter>{len(name) - 1}</alter>"
                f"<octave>{pitch // 12 - 1}</octave></pitch>")
        if not tied:
            lyric = f"<lyric><syllabic>single</syllabic><text>{syllable}</text></lyric>"
    ties = "".join(f'<tie type="{kind}"/>' for kind, there in (("stop", tied), ("start", goes_on))
                   if there and pitch is not None)
    return f"<note>{what}<duration>{divisions}</duration>{ties}<voice>1</voice>{lyric}</note>"


def music_xml(notes, tempo):
    rows = []
    for number, measure in enumerate(cut_in_measures(notes), 1):
        rows.append(f'<measure number="{number}">')
        if number == 1:
            rows.append(f"<attributes><divisions>{DIVISIONS}</divisions><time><beats>4</beats>"
                        "<beat-type>4</beat-type></time></attributes>"
                        f'<direction><sound tempo="{tempo}"/></direction>')
        rows += [note_xml(*note) for note in measure]
        rows.append("</measure>")
    return ('<?xml version="1.0" encoding="UTF-8"?><score-partwise version="2.0"><part-list>'
            '<score-part id="P1"><part-name>voice</part-name></score-part></part-list>'
            '<part id="P1">' + "".join(rows) + "</part></score-partwise>")


def sing(notes, tempo):
    """Samples and their rate of notes (MIDI number or None, quarters, syllable)."""
    sinsy = pysinsy.Sinsy()
    assert sinsy.setLanguages("j", pysinsy.get_default_dic_dir())
    assert sinsy.loadVoices(pysinsy.get_default_htsvoice())
    with tempfile.NamedTemporaryFile("w", suffix=".xml", encoding="utf-8") as file:
        file.write(music_xml(notes, tempo))
        file.flush()
        assert sinsy.loadScoreFromMusicXML(file.name)
        wave, rate = sinsy.synthesize()
    wave = np.asarray(wave, float)
    return wave / np.abs(wave).max() * 0.7, rate


@dataclass
class Sung:
    start: float        # seconds, by the score
    end: float
    syllable: str
    first: bool         # after a rest
    pitch: float = 0.0  # as it sounds, MIDI number
    onset: int = 0      # frames
    offset: int = 0


class Heard:
    """What tells where notes begin and end, each 5 ms."""

    def __init__(self, samples):
        f0, envelope, _ = analyse(samples, HIGHEST_HZ)
        self.level = gaussian_filter1d(level_of(envelope, 250, 4000), 1.5)
        voiced = (f0 > 0) & (self.level > np.percentile(self.level, 97) - SOFTEST_DB)
        self.pitch = np.full(len(f0), np.nan)
        self.pitch[voiced] = 69 + 12 * np.log2(f0[voiced] / 440)

    def voiced(self, begin, end):
        return ~np.isnan(self.pitch[begin:end])

    def median(self, begin, end):
        pitch = self.pitch[begin:end]
        pitch = pitch[~np.isnan(pitch)]
        return float(np.median(pitch)) if len(pitch) else np.nan

    def voice_starts(self, begin, end):
        """The last frame where the voice comes back; None: it doesn't."""
        voiced = self.voiced(begin, end)
        edges = np.flatnonzero(voiced[1:] & ~voiced[:-1])
        return begin + 1 + int(edges[-1]) if len(edges) else None

    def voice_ends(self, begin, end):
        """The first frame of a gap in the voice; None: it goes through."""
        gaps = np.flatnonzero(np.convolve(~self.voiced(begin, end), np.ones(GAP), "valid") == GAP)
        return begin + int(gaps[0]) if len(gaps) else None

    def rise(self, begin, end):
        """Frame of the steepest rise of level after its dip; None: there is no dip."""
        level = self.level[begin:end]
        bottom = int(np.argmin(level[:-8]))
        after = level[bottom:bottom + 30]
        if min(after.max(), level[:bottom + 1].max()) - level[bottom] < DIP_DB:
            return None
        return begin + bottom + int(np.argmax(np.diff(after))) + 1

    def glide(self, begin, end, before, pitch):
        """Frame where the pitch is half way between two notes; None: nowhere."""
        if not abs(pitch - before) >= STEP:
            return None
        after = (self.pitch[begin:end] - (before + pitch) / 2) * np.sign(pitch - before) > 0
        crossed = np.flatnonzero(after[1:] & ~after[:-1])
        return begin + 1 + int(crossed[0]) if len(crossed) else None


def onset_of(heard, note, before):
    begin, end = (int((note.start + s) / STEP_S) for s in (EARLIEST_S, LATEST_S))
    end = min(end, int(note.end / STEP_S))
    if note.first or note.syllable in UNVOICED:
        return heard.voice_starts(begin, end)
    frame = heard.rise(begin, end) if note.syllable in VOICED else None
    return heard.glide(begin, end, before.pitch, note.pitch) if frame is None else frame


def place(heard, notes):
    """Onsets, offsets and pitches of a phrase as they sound; whether all were found."""
    for note in notes:
        begin = note.start + min(0.1, 0.4 * (note.end - note.start))
        note.pitch = heard.median(int(begin / STEP_S), int((note.end - 0.02) / STEP_S))
    for before, note in zip([None, *notes], notes):
        note.onset = onset_of(heard, note, before)
    if any(note.onset is None for note in notes):
        return False
    for note, after in zip(notes, [*notes[1:], None]):
        end = after.onset if after else int((note.end + LAST_FADES_S) / STEP_S)
        if end - note.onset < SHORTEST:
            return False
        gap = heard.voice_ends(note.onset + GAP, end)
        note.offset = (end if after else end - GAP) if gap is None else gap
        middle = (note.offset - note.onset) // 5
        note.pitch = heard.median(note.onset + middle, note.offset - middle)
    return all(note.offset - note.onset >= SHORTEST and note.pitch == note.pitch
               for note in notes)


def written(rng, style, seconds):
    """A melody as notes with their syllables, and as Sinsy's score and its tempo."""
    tempo = int(rng.integers(70, 160))
    bar = 4 * 60 / tempo
    notes, score = [], []
    for note in compose(rng, style, rng.uniform(66, 72), len(SYLLABLES), seconds):
        pitch = int(round(note.pitch))
        pitch += 12 * ((pitch < LOWEST) - (pitch > HIGHEST))
        syllable = LONG if note.melisma else SYLLABLES[note.syllable]
        notes.append(Sung(bar + note.start, bar + note.start + note.length, syllable, note.first))
        score += [(pitch, note.length, syllable), (None, note.rest, None)]
    score = [(None, notes[0].start, None), *score, (None, bar, None)]
    return notes, [(midi, length * tempo / 60, syllable) for midi, length, syllable in score], tempo


def phrases(notes):
    starts = [i for i, note in enumerate(notes) if note.first] + [len(notes)]
    return [notes[a:b] for a, b in zip(starts, starts[1:])]


def song(job):
    seed, out, seconds, kind = job
    rng = np.random.default_rng(seed)
    notes, score, tempo = written(rng, draw_style(rng, kind), seconds)
    samples, rate = sing(score, tempo)
    samples = resample_poly(samples, RATE, rate)
    heard, parts, rows, at = Heard(samples), [], [], 0.0
    for phrase in phrases(notes):
        begin, end = phrase[0].start - LEAD_S, phrase[-1].end + LAST_FADES_S
        if not place(heard, phrase):
            continue
        for note, after in zip(phrase, [*phrase[1:], None]):
            early = 0 if after and note.offset == after.onset else OFFSET_EARLY_S
            rows.append((note.onset * STEP_S - begin + at,
                         note.offset * STEP_S - early - begin + at, note.pitch))
        parts.append(samples[int(begin * RATE):int(end * RATE)])
        parts.append(np.zeros(int(rng.uniform(0, 0.6) * RATE)))
        at += sum(map(len, parts[-2:])) / RATE
    if rows:
        samples = np.concatenate(parts)
        samples *= rng.uniform(0.3, 0.9) / np.abs(samples).max()
        write_song(out, f"sinsy-{kind}-{seed}", samples, rows)
    return len(rows), at


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_songs(parser, songs=120, seed=71)
    parser.add_argument("--style", choices=STYLES, default="sheet", help="how it is sung")
    args = parser.parse_args()
    make_all(song, args, [(seed, args.out, args.seconds, args.style) for seed in seeds(args)])


if __name__ == "__main__":
    main()
