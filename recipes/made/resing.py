# SPDX-License-Identifier: MIT
"""Speech re-sung: spoken syllables on made melodies, with exact labels.

    resing.py VOICES OUT --songs 240 --seed 11 [--style lyrical]

VOICES is a folder of voices.py. OUT gets SONG.flac (16 kHz) and SONG.txt: a
note a line, onset and offset in seconds and pitch as MIDI number, separated by
tabs: what `avsvt train` reads. The same seed gives the same songs.

The labels follow what people annotate: a note begins where its vowel begins
(at a voiced join at the steepest rise of level after the dip; in a melisma in
the middle of the glide) and ends where the voice ends, or at the next onset
where the voice goes through. Its pitch is the median of the middle.
"""
import numpy as np
import soundfile
from scipy.ndimage import gaussian_filter1d

from melody import STYLES, compose, draw_style, pitch_curve, unsteady
from singers import make_songs, songs_parser
from songs import write_song
from voice import BINS, RATE, STEP_S, listen, reshape, synthesize

SILENT_DB = -60.0
# People set an onset a little after the voice begins, an offset a little
# before it ends: measured on annotated song.
ONSET_LATE_S, OFFSET_EARLY_S = 0.010, 0.020
FADE_SHARE, FADE_MOST_S = 0.3, 0.036    # of a fade, after the offset


def frames(seconds):
    return int(round(seconds / STEP_S))


class Score:
    """What each frame of the song is made of."""

    def __init__(self, count):
        self.source = np.full(count, -1)        # frame of the voice, -1: none
        self.gain = np.full(count, SILENT_DB)   # dB
        self.voiced = np.zeros(count, bool)


def stretched(rng, syllable, count, melisma, goes_on):
    """Frames of a vowel for a note of so many frames: its beginning and end
    as spoken, its middle drawn out, wandering a little."""
    begin, end = syllable.vowel, syllable.end
    vowel = end - begin
    tail = 0 if goes_on else min(int(0.3 * vowel), 16, count // 3)
    if melisma:
        walk = begin + vowel * 0.5 + np.cumsum(rng.normal(0, 0.7, count - tail))
        path = [np.clip(walk, begin + 0.3 * vowel, begin + 0.7 * vowel)]
        return np.concatenate(path + [end - tail + np.arange(tail)])
    if count <= vowel:
        if rng.random() < 0.5:
            return np.linspace(begin, end - 1, count)
        half = count // 2
        return np.concatenate([begin + np.arange(half), end - (count - half) + np.arange(count - half)])
    head = min(int(0.3 * vowel), 16)
    middle = count - head - tail
    walk = np.linspace(begin + head, end - 1 - max(tail, int(0.3 * vowel)), middle)
    walk = walk + 0.3 * np.cumsum(rng.normal(0, 0.4, middle))
    return np.concatenate([begin + np.arange(head), walk, end - tail + np.arange(tail)])


def consonant_before(note, before, syllable):
    """Frames that the consonant takes before the vowel."""
    if note.melisma:
        return 0
    longest = frames(0.08 if syllable.joined else 0.15)
    count = min(syllable.vowel - syllable.begin, longest)
    if not note.first:
        count = min(count, max(4, int(0.45 * before.length / STEP_S)))
        if not syllable.joined:
            count = max(count, 4) # at least 20 ms between two vowels
    return count


def place(rng, score, voice, style, notes):
    """Lays the syllables out and tells each note when it sounds."""
    sunk = 0
    for i, note in enumerate(notes):
        sunk = 0 if note.first else sunk + 1
        after = notes[i + 1] if i + 1 < len(notes) and note.rest == 0 else None
        syllable = voice.syllables[note.syllable]
        begin = frames(note.start)
        taken = consonant_before(after, note, voice.syllables[after.syllable]) if after else 0
        count = max(10, frames(note.length) - taken)
        goes_on = after is not None and after.melisma
        path = stretched(rng, syllable, count, note.melisma, goes_on)
        end = begin + count
        score.source[begin:end] = np.clip(np.round(path), syllable.vowel, syllable.end - 1)
        score.voiced[begin:end] = True
        gain = rng.normal(0, 2.5) - style.sinking * min(sunk / style.phrase[1], 1) \
            - (1 - style.level_kept) * (voice.level[syllable.vowel:syllable.end].max() + 20)
        score.gain[begin:end] = gain
        lead = consonant_before(note, notes[i - 1] if i else note, syllable)
        if 0 < lead <= begin and syllable.vowel >= lead:
            where = slice(begin - lead, begin)
            score.source[where] = np.arange(syllable.vowel - lead, syllable.vowel)
            score.gain[where] = min(gain + rng.normal(0, 2), 12)
            score.voiced[where] = syllable.joined and not note.first
        note.onset, note.offset = note.start, end * STEP_S
        if after is None:
            fade = min(frames(rng.uniform(0.02, style.release)), count // 3)
            score.gain[end - fade:end] += np.linspace(0, -22, fade)
            note.offset -= min(FADE_SHARE * fade * STEP_S, FADE_MOST_S)
        elif after.melisma or voice.syllables[after.syllable].joined:
            note.offset = after.start


def breathe(rng, envelope, notes):
    """A breath before some phrases; nobody breathes after the last."""
    bins = np.arange(BINS)
    for note in notes[:-1]:
        if note.rest < 0.3 or rng.random() < 0.5:
            continue
        end = frames(note.start + note.length + note.rest) - 12
        begin = max(end - frames(rng.uniform(0.12, 0.4)), frames(note.start + note.length) + 4)
        if end - begin > 8:
            colour = rng.uniform(-62, -48) - 10 * np.abs(np.log2((bins + 8) / rng.uniform(60, 160)))
            envelope[begin:end] = 10 ** (colour / 10) * np.hanning(end - begin)[:, None] + 1e-12


def sing(rng, voice, kind, seconds):
    """One song: samples and rows of onset, offset, pitch."""
    style = draw_style(rng, kind)
    centre = float(np.clip(voice.pitch + rng.normal(*style.above), 41, 74))
    formants = float(np.exp(rng.normal(0, 0.07) + 0.006 * (centre - voice.pitch - 7)))
    timbre, breath = reshape(voice.envelope, voice.noise, formants, rng.uniform(0.5, 1.0))
    notes = compose(rng, style, np.round(centre), len(voice.syllables), seconds)
    count = frames(notes[-1].start + notes[-1].length + 0.5)
    score = Score(count)
    place(rng, score, voice, style, notes)
    curve = pitch_curve(rng, style, notes, lambda n: voice.syllables[n.syllable].joined,
                        np.arange(count) * STEP_S)
    if kind == "casual":
        curve += unsteady(rng, count, 1 / STEP_S)
    else: # quick and small, slow and wider
        curve += 0.19 * gaussian_filter1d(rng.normal(0, 1, count), 3)
        curve += rng.uniform(0.25, 0.84) * gaussian_filter1d(rng.normal(0, 1, count), 20)

    envelope = np.full((count, BINS), 1e-12)
    noise = np.ones((count, BINS))
    used = score.source >= 0
    gain = gaussian_filter1d(np.where(used, score.gain, SILENT_DB), 1.0)
    envelope[used] = timbre[score.source[used]] * 10 ** (gain[used, None] / 10)
    noise[used] = breath[score.source[used]]
    breathe(rng, envelope, notes)
    f0 = np.clip(np.where(score.voiced, 440 * 2 ** ((curve - 69) / 12), 0), 0, 1000)
    samples = synthesize(f0, envelope, noise)
    samples *= rng.uniform(0.3, 0.9) / np.abs(samples).max()
    return samples, rows_of(notes, curve)


def rows_of(notes, curve):
    rows = []
    for i, note in enumerate(notes):
        length = note.offset - note.onset
        middle = curve[frames(note.onset + 0.2 * length):frames(note.onset + 0.85 * length) + 1]
        joined = i + 1 < len(notes) and abs(notes[i + 1].onset - note.offset) < 0.02
        onset = note.onset + ONSET_LATE_S
        offset = notes[i + 1].onset + ONSET_LATE_S if joined else note.offset - OFFSET_EARLY_S
        rows.append((onset, max(offset, onset + 0.04), float(np.median(middle))))
    return rows


def song(job):
    speaker, files, seed, out, seconds, style = job
    rng = np.random.default_rng(seed)
    wanted, heard, utterances = rng.uniform(7, 12), 0.0, []
    for index in rng.permutation(len(files)):
        samples, _ = soundfile.read(files[index], frames=8 * RATE)
        utterances.append(samples)
        heard += len(samples) / RATE
        if heard > wanted:
            break
    voice = listen(utterances)
    if voice is None:
        return 0, 0.0
    samples, rows = sing(rng, voice, style, seconds)
    write_song(out, f"{speaker}-{seed}", samples, rows)
    return len(rows), len(samples) / RATE


def main():
    parser = songs_parser(__doc__, songs=240, seed=11)
    parser.add_argument("--style", choices=STYLES, default="sheet", help="how it is sung")
    args = parser.parse_args()
    make_songs(song, args, args.style)


if __name__ == "__main__":
    main()
