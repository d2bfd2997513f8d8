# SPDX-License-Identifier: MIT
"""Speech in its own time, some phrases on the notes of a melody, some as spoken.

    intone.py VOICES OUT [--songs 200] [--seed 61] [--sung 0.6] [--only SPEAKER ...]
        [--without SPEAKER ...]

VOICES is a folder of voices.py, of people rather than of synthesisers, who speak
on steady pitches anyhow. OUT gets SONG.flac and SONG.txt. Rhythm, sounds and
accents are those of speech everywhere; only a steady pitch tells what is sung,
syllable for syllable. What is spoken goes through the same vocoder, mostly, with
a pitch that moves as it did.
"""
import numpy as np
import soundfile

from melody import Note, draw_style, pitch_curve, pitches, unsteady
from resing import OFFSET_EARLY_S, rows_of
from singers import make_songs, songs_parser
from songs import write_song
from voice import RATE, STEP_S, analyse, reshape, syllables_of, synthesize

AS_SPOKEN = 0.3         # share of the spoken ones that no vocoder touches
PHRASE_S = (1.2, 4.5)
PAUSE_S = (0.05, 0.6)
SLOWEST = 2.0           # times as long
JOINED_S = 0.03         # a shorter gap between two syllables is none
LOWEST, HIGHEST = 40, 76 # MIDI number that the middle of a phrase is kept between


def phrase_of(rng, files):
    wanted, parts, heard = rng.uniform(*PHRASE_S) * RATE, [], 0
    while heard < wanted:
        samples, _ = soundfile.read(files[rng.integers(len(files))], frames=5 * RATE)
        parts.append(samples)
        heard += len(samples)
    return np.concatenate(parts)[:5 * RATE]


def slowed(rng, frames, syllables):
    """The phrase longer: all of it a little, some vowels more. Frames, and the
    syllables' beginnings of vowels and ends in them."""
    pace = np.full(len(frames[0]), rng.uniform(1.1, SLOWEST ** 0.8))
    for s in syllables:
        if rng.random() < 0.6:
            pace[s.vowel:s.end] *= rng.uniform(1, SLOWEST)
    at = np.concatenate([[0], np.cumsum(pace)])
    picked = np.searchsorted(at, np.arange(int(at[-1])), side="right") - 1
    picked = np.clip(picked, 0, len(pace) - 1)
    return tuple(each[picked] for each in frames), [(int(at[s.vowel]), int(at[s.end]), s.joined)
                                                    for s in syllables]


def melody_on(rng, style, centre, spans):
    """A note on each syllable."""
    tune = pitches(rng, len(spans), style.repeat)
    notes = []
    for i, ((begin, end, _), degree) in enumerate(zip(spans, tune)):
        after = spans[i + 1][0] if i + 1 < len(spans) else None
        gap = (after - end) * STEP_S if after else 1.0
        joined = gap < JOINED_S or (after is not None and spans[i + 1][2])
        note = Note(begin * STEP_S, (after - begin if joined else end - begin) * STEP_S,
                    centre + style.drift + degree + rng.normal(0, style.loose), i,
                    rest=0.0 if joined else gap, first=not notes or notes[-1].rest > 0)
        note.onset = note.start
        note.offset = note.start + note.length
        notes.append(note)
    return notes


def sung(rng, frames, shift):
    """Frames of the phrase with a melody's pitch, and rows of notes."""
    f0 = frames[0]
    syllables = syllables_of(f0, frames[1])
    if len(syllables) < 2:
        return None, []
    style = draw_style(rng, "casual")
    frames, spans = slowed(rng, frames, syllables)
    f0, envelope, noise = frames
    spoken = 69 + 12 * np.log2(np.median(f0[f0 > 0]) / 440)
    notes = melody_on(rng, style, np.clip(spoken + shift + rng.normal(1, 2), LOWEST, HIGHEST),
                      spans)
    count = len(f0)
    curve = pitch_curve(rng, style, notes, lambda n: n.rest == 0 and not n.first,
                        np.arange(count) * STEP_S)
    curve += unsteady(rng, count, 1 / STEP_S)
    pitch = np.where(f0 > 0, np.clip(440 * 2 ** ((curve - 69) / 12), 0, 1000), 0)
    rows = [row for row in rows_of(notes, curve) if row[1] - row[0] > 2 * OFFSET_EARLY_S]
    return (pitch, envelope, noise), rows


def spoken(rng, frames, shift):
    """Frames of the phrase as spoken, as long as if it were sung, with another pitch."""
    f0, envelope, noise = slowed(rng, frames, syllables_of(frames[0], frames[1]))[0]
    voiced = f0 > 0
    pitch = np.log2(f0[voiced])
    f0 = f0.copy()
    lively = rng.uniform(0.9, 1.7)
    pitch = pitch.mean() + (pitch - pitch.mean()) * lively + shift / 12
    f0[voiced] = np.clip(2 ** pitch, 60, 1000)
    return f0, envelope, noise


def song(job):
    speaker, files, seed, out, seconds, share = job
    rng = np.random.default_rng(seed)
    shift = rng.normal(2, 3.5)      # one voice through the song
    formants = float(np.exp(rng.normal(0, 0.07) + 0.008 * shift))
    breath = rng.uniform(0.5, 1.0)
    parts, rows = [np.zeros(int(rng.uniform(0.1, 0.8) * RATE))], []
    while (at := sum(map(len, parts)) / RATE) < seconds:
        samples, notes = phrase_of(rng, files), []
        frames = analyse(samples, 500)
        if (frames[0] > 0).sum() >= 20 and rng.random() >= (1 - share) * AS_SPOKEN:
            frames = frames[0], *reshape(frames[1], frames[2], formants, breath)
            if rng.random() < share:
                frames, notes = sung(rng, frames, shift)
            else:
                frames = spoken(rng, frames, shift)
            if frames is None:
                continue
            samples = synthesize(*frames)
        samples = samples / max(np.abs(samples).max(), 1e-6) * 10 ** (rng.uniform(-8, 0) / 20)
        rows += [(a + at, b + at, p) for a, b, p in notes]
        parts += [samples, np.zeros(int(rng.uniform(*PAUSE_S) * RATE))]
    samples = np.concatenate(parts) * rng.uniform(0.3, 0.9)
    write_song(out, f"{speaker}-{seed}", samples, rows)
    return len(rows), len(samples) / RATE


def main():
    parser = songs_parser(__doc__, songs=200, seed=61)
    parser.add_argument("--sung", type=float, default=0.6, help="share of the phrases")
    args = parser.parse_args()
    make_songs(song, args, args.sung)


if __name__ == "__main__":
    main()
