# SPDX-License-Identifier: MIT
"""How much running long sound in chunks changes the notes.

    AVSVT_LIBRARY=build/libavsvt.so.0 PYTHONPATH=bindings/python \\
        python3 benchmarks/chunks.py FOLDER_OF_SOUND [LENGTH,CONTEXT ...]

Joins the sounds of the folder to pieces of 560 s, transcribes each in one piece
(a chunk of 600 s), then in chunks of LENGTH s with CONTEXT s behind them, and
counts the notes (onset and offset to 1 ms) that are in one result and not in
both. The chunk section of the compiled-in model's manifest is rewritten for
this; nothing else of it changes."""
import argparse
import glob
import os
import re
import tempfile
import zipfile

import numpy as np

import avsvt

MODEL = os.path.join(os.path.dirname(__file__), "..", "lib", "models", "notes-default.pt")
PIECE_S = 560


def with_chunks(length, context, path):
    section = b"chunk: {length_s: %g, context_s: %g}" % (length, context)
    with zipfile.ZipFile(MODEL) as source, zipfile.ZipFile(path, "w") as copy:
        for name in source.namelist():
            data = source.read(name)
            if name.endswith("avsvt.yaml"):
                data, found = re.subn(rb"chunk: \{.*?\}", section, data)
                assert found == 1
            copy.writestr(name, data)
    return path


def joined(folder, rate=16000):
    files = sorted(f for end in ("flac", "wav") for f in glob.glob(f"{folder}/*.{end}"))
    if not files:
        raise SystemExit(f"{folder}: has no .flac or .wav")
    sound = np.concatenate([avsvt.read_audio(f, rate)[0] for f in files])
    return [sound[i:i + PIECE_S * rate] for i in range(0, len(sound), PIECE_S * rate)]


def setting(text):
    length, context = map(float, text.split(","))
    return length, context


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", help="of sound")
    parser.add_argument("settings", nargs="*", type=setting, metavar="LENGTH,CONTEXT",
                        default=[(40, 10), (20, 20), (60, 20), (120, 40)])
    options = parser.parse_args()
    pieces = joined(options.folder)
    with tempfile.TemporaryDirectory() as folder:
        def notes(length, context):
            model = with_chunks(length, context, os.path.join(folder, "model.pt"))
            found = [avsvt.transcribe(p, 16000, model=model) for p in pieces]
            return [set(zip(np.round(n.onset, 3), np.round(n.offset, 3))) for n in found]

        whole = notes(600, 0)
        print(f"{sum(map(len, whole))} notes in {sum(map(len, pieces)) / 16000 / 60:.1f} minutes")
        for length, context in options.settings:
            differ = sum(len(a ^ b) for a, b in zip(whole, notes(length, context)))
            print(f"{length:g} s with {context:g} s: {differ} differ", flush=True)


if __name__ == "__main__":
    main()
