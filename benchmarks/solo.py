# SPDX-License-Identifier: MIT
"""How much of solo singing becomes notes, without annotations.

    solo.py AVSVT SOUND... [--model MODEL.pt] [--sung-share X]

AVSVT is the command. Needs librosa, whose pYIN follows the voice; where it stays
within a semitone for 120 ms somebody sings a pitch, and a note of that pitch, give
or take 0.8 semitones, ought to be there. Prints for each sound the notes, and the
percentage of that time that lies in a right note and in any note. What is written
where nobody sings it does not see: quality.py does.
"""
import argparse
import csv
import io
import subprocess
import sys

import librosa
import numpy as np

RATE, HOP = 22050, 220
AROUND = 6          # frames to each side
STEADY, NEAR = 1.0, 0.8 # semitones


def pitch_track(path):
    samples, _ = librosa.load(path, sr=RATE)
    f0, _, _ = librosa.pyin(samples, fmin=65, fmax=1000, sr=RATE, frame_length=2048, hop_length=HOP)
    return librosa.times_like(f0, sr=RATE, hop_length=HOP), librosa.hz_to_midi(f0)


def steady(pitch):
    windows = np.lib.stride_tricks.sliding_window_view(pitch, 2 * AROUND + 1)
    still = np.isfinite(windows).all(1)
    still[still] = np.ptp(windows[still], axis=1) < STEADY
    return np.pad(still, AROUND)


def notes(command, path):
    done = subprocess.run([*command, path, "-q", "-f", "csv", "-o", "-"], capture_output=True,
                          text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    return [[float(row[k]) for k in ("onset", "offset", "pitch")]
            for row in csv.DictReader(io.StringIO(done.stdout))]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("avsvt")
    parser.add_argument("sounds", nargs="+")
    parser.add_argument("--model")
    parser.add_argument("--sung-share", help="as the command has it")
    args = parser.parse_args()
    command = [args.avsvt, "transcribe", *(["-m", args.model] if args.model else []),
               *(["--sung-share", args.sung_share] if args.sung_share else [])]
    for path in args.sounds:
        times, pitch = pitch_track(path)
        sung, right, any_note = steady(pitch), np.zeros(len(times), bool), np.zeros(len(times), bool)
        found = notes(command, path)
        for onset, offset, midi in found:
            inside = (times >= onset) & (times < offset)
            any_note |= inside
            right |= inside & (np.abs(pitch - midi) < NEAR)
        share = [100 * mask[sung].mean() if sung.any() else 0 for mask in (right, any_note)]
        print(f"{path}: {len(found)} notes; {share[0]:.0f} % of what is sung steadily in a right "
              f"note, {share[1]:.0f} % in any", flush=True)


if __name__ == "__main__":
    main()
