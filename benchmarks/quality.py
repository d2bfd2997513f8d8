# SPDX-License-Identifier: MIT
"""How good a note model is, on singing of several kinds.

    quality.py AVSVT DATA [--model MODEL.pt] [--made FOLDER] [--music FOLDER]

AVSVT is the command, DATA holds singing/dev and karaoke/. MADE is the folder
in which recipes/made/README.md's commands were run: `held` in it is re-sung
speech of speakers that no training hears, `held_trained` the same with vibrato,
`dev_trained` dev with vibrato, `dev_florid` dev with several notes on many a vowel,
`between_held` songs of dev with such speakers talking between phrases, `voices` speech
as it is, measured in one piece a speaker, in pieces of 8 s, and each prompt by itself.
MUSIC holds recordings without a voice, made by other means than the training's
accompaniment; they are also mixed under singing/dev and that speech. What isn't given
is left out and said so; --made needs ffmpeg. Mean F1 per song in %; notes a minute where none should be.
"""
import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

HELD = ["asterisk_ru_RU_f_IvrvoiceRU", "klettres_nl_alpha", "klettres_nl_syllab",
        "klettres_cs_alpha", "ktuberling_gl", "ktuberling_en", "flite_slt", "espeak_sv"]
SOUNDS = (".flac", ".wav", ".ogg", ".opus", ".mp3")
MEASURES = ("COnPOff", "COnP", "COn", "COff")


def sounds(folder):
    found = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SOUNDS)
    if not found:
        sys.exit(f"{folder}: has no sounds ({', '.join(SOUNDS)})")
    return found


def place(folder, file, ending):
    """A new name in `folder` for what is made of `file`; sounds of several folders may
    have one name."""
    made, count = folder / (file.stem + ending), 1
    while made.exists():
        count += 1
        made = folder / f"{file.stem}-{count}{ending}"
    return made


class Judge:
    def __init__(self, avsvt, model, scratch):
        self.avsvt, self.scratch = avsvt, scratch
        self.model = ["-m", str(model)] if model else []

    def run(self, *arguments):
        done = subprocess.run([self.avsvt, *map(str, arguments)], capture_output=True, text=True,
                              check=False)
        if done.returncode:
            sys.exit(done.stderr or f"{arguments[0]} failed")
        return done.stdout

    def transcribe(self, files, name):
        out = self.scratch / name
        out.mkdir()
        for file in files:
            self.run("transcribe", file, *self.model, "-q", "-o", place(out, file, ".csv"))
        return out

    def scores(self, reference, files, name):
        return self.compare(reference, self.transcribe(files, name), name)

    def compare(self, reference, found, name):
        mean = json.loads(self.run("evaluate", "notes", reference, found, "--json"))["mean"]
        result = " / ".join(f"{100 * mean[m]['f1']:.1f}" for m in MEASURES)
        print(f"{name:28}", result, flush=True)
        return result

    def notes_a_minute(self, files, name):
        seconds = sum(json.loads(self.run("info", f, "--json"))["duration_s"] for f in files)
        found = self.transcribe(files, name)
        notes = sum(len(f.read_text().splitlines()) - 1 for f in found.iterdir())
        result = f"{60 * notes / seconds:.1f}"
        print(f"{name:28} {result} notes a minute in {seconds / 60:.1f} min", flush=True)
        return result

    def mixed(self, songs, music, snr):
        out = Path(tempfile.mkdtemp(dir=self.scratch))
        for i, song in enumerate(songs):
            self.run("mix", song, music[i % len(music)], "--snr", snr, "-o",
                     out / (song.stem + ".wav"))
        return sounds(out)


def joined(folder, speaker, scratch):
    """One long recording of all that a speaker says, with pauses."""
    listing = scratch / f"{speaker}.list"
    files = sorted((folder / speaker).glob("*.flac"))[:60]
    listing.write_text("".join(f"file '{f.resolve()}'\n" for f in files))
    out = scratch / f"{speaker}.flac"
    subprocess.run(["ffmpeg", "-v", "error", "-f", "concat", "-safe", "0", "-i", listing, out],
                   check=True)
    return out


def pieces(files, seconds, scratch):
    """Recordings cut into pieces of a length; what is left over is a piece too."""
    out = scratch / f"pieces{seconds}"
    out.mkdir()
    for file in files:
        subprocess.run(["ffmpeg", "-v", "error", "-i", file, "-f", "segment", "-segment_time",
                        str(seconds), out / f"{file.stem}-%04d.wav"], check=True)
    return sounds(out)


def measure(judge, data, made=None, music=None, snr=0):
    """Prints every score, and returns them by their names."""
    found = {}
    print(" " * 28, " / ".join(MEASURES))
    dev = data / "singing/dev"
    songs = sounds(dev)
    found["sight-singing"] = judge.scores(dev, songs, "sight-singing")
    if music:
        tracks = sounds(music)
        found["with music"] = judge.scores(dev, judge.mixed(songs, tracks, snr),
                                           f"with music at {snr:g} dB")
        found["music alone"] = judge.notes_a_minute(tracks, "music alone")
    else:
        print("left out: no --music")
    if made:
        for kind, what in (("held", "re-sung speech"), ("dev_trained", "sung with vibrato"),
                           ("held_trained", "re-sung with vibrato"),
                           ("dev_florid", "several notes a vowel"),
                           ("between_held", "talk between phrases")):
            found[what] = judge.scores(made / kind, sounds(made / kind), what)
        speech = [joined(made / "voices", s, judge.scratch) for s in HELD
                  if (made / "voices" / s).is_dir()]
        if not speech:
            sys.exit(f"{made / 'voices'}: has none of the speakers that are held back")
        found["speech"] = judge.notes_a_minute(speech, "speech")
        judge.notes_a_minute(pieces(speech, 8, judge.scratch), "speech in pieces of 8 s")
        judge.notes_a_minute([f for s in HELD if (made / "voices" / s).is_dir()
                              for f in sounds(made / "voices" / s)], "speech, prompt by prompt")
        if music:
            judge.notes_a_minute(judge.mixed(speech, tracks, snr),
                                 f"speech with music at {snr:g} dB")
    else:
        print("left out: no --made")
    found["karaoke"] = karaoke(judge, data / "karaoke")
    return found


def karaoke(judge, folder):
    """Prints the scores against the charts, and returns COn and COnP of their mean."""
    pop = [next(iter(sounds(p))) for p in sorted(folder.iterdir()) if p.is_dir()]
    out = judge.scratch / "pop"
    out.mkdir()
    for file in pop:
        judge.run("transcribe", file, *judge.model, "-q", "-o", out / f"{file.parent.name}.csv")
    table = subprocess.run([sys.executable, folder / "score.py",
                            *[f.parent for f in pop], "--", out],
                           capture_output=True, text=True, check=False)
    print((table.stdout or table.stderr).strip(), flush=True)
    words = table.stdout.split()
    return f"{words[words.index('COn100') + 1]}, {words[words.index('COnP100') + 1]}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("avsvt")
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--made", type=Path)
    parser.add_argument("--music", type=Path)
    parser.add_argument("--snr", type=float, default=0)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        measure(Judge(args.avsvt, args.model, Path(name)), args.data, args.made, args.music,
                args.snr)


if __name__ == "__main__":
    main()
