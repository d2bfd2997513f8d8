# SPDX-License-Identifier: MIT
"""Whether it matters how loud a recording is.

    levels.py AVSVT DATA [--model MODEL.pt] [--live] [--empty FOLDER]... [--gains=DB,...]

AVSVT is the command, DATA holds singing/dev. The songs are made quieter with ffmpeg
(floating point, so that nothing is lost) and transcribed; --live takes `avsvt listen
--fast` for it. --empty names recordings without singing: notes a minute in them.
Gains that begin with one below 0 need the "=": --gains=-10,-20. Mean F1 per song in %.
"""
import argparse
import subprocess
import tempfile
from pathlib import Path

from quality import MEASURES, Judge, place, sounds


class Listener(Judge):
    def transcribe(self, files, name):
        out = self.scratch / name
        out.mkdir()
        for file in files:
            self.run("listen", file, *self.model, "--fast", "-q", "-o", place(out, file, ".csv"))
        return out


def quieter(files, gain, folder):
    folder.mkdir()
    for file in files:
        subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-i", file, "-af",
                        f"volume={gain}dB", "-c:a", "pcm_f32le", place(folder, file, ".wav")],
                       check=True)
    return sounds(folder)


def gains(text):
    return [float(each) for each in text.split(",")]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("avsvt")
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--live", action="store_true")
    parser.add_argument("--empty", type=Path, action="append", default=[])
    parser.add_argument("--gains", type=gains, default="0,-10,-20,-30,-40,-50", metavar="DB,...")
    args = parser.parse_args()
    dev = args.data / "singing/dev"
    print(" " * 28, " / ".join(MEASURES))
    for gain in args.gains:
        with tempfile.TemporaryDirectory() as name:
            scratch = Path(name)
            judge = (Listener if args.live else Judge)(args.avsvt, args.model, scratch)
            judge.scores(dev, quieter(sounds(dev), gain, scratch / "in"), f"songs, {gain:g} dB")
            for i, folder in enumerate(args.empty):
                files = quieter(sounds(folder), gain, scratch / f"in{i}")
                judge.notes_a_minute(files, f"{folder.name}, {gain:g} dB")


if __name__ == "__main__":
    main()
