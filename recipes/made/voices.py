# SPDX-License-Identifier: MIT
"""Gathers spoken voices for resing.py: a folder per speaker, FLAC at 16 kHz.

    voices.py OUT --packages FOLDER   human prompts out of unpacked Debian packages
    voices.py OUT --synthetic 300     espeak-ng and flite, invented words

Both may be given. README.md beside this file says how to get the packages.
"""
import argparse
import random
import subprocess
from multiprocessing import Pool
from pathlib import Path

import numpy as np
import soundfile

RATE = 16000
SHORTEST_S, LONGEST_S = 0.25, 16.0

LANGUAGES = """en-us en-gb fr-fr de it es pt-br pl ru sv fi hu tr el nl cs da ro hr id sw
    eo ja ko vi""".split()
MANNERS = """ m1 m2 m3 m5 m7 f1 f2 f3 f4 f5 croak klatt klatt2 klatt4 Annie Andy Mario
    anika steph edward Alicia belinda john""".split(" ")
FLITE = ["awb", "kal16", "rms", "slt"]
ONSETS = "b d f g h k l m n p r s t v z ch j w y st br kl pr sh bl gr l m n r w y".split()
VOWELS = "a e i o u ai ou ea".split()
CODAS = ["", "", "", "n", "s", "t", "l", "m", "r", "ng"]


def read(path):
    """Any sound file as mono at 16 kHz; empty where it can't be read."""
    codec = ["-f", "g722"] if path.suffix == ".g722" else []
    raw = subprocess.run(
        ["ffmpeg", "-v", "error", *codec, "-i", str(path), "-f", "f32le", "-ac", "1",
         "-ar", str(RATE), "-"], capture_output=True, check=False).stdout
    return np.frombuffer(raw[:len(raw) // 4 * 4], "<f4")


def keep(samples, path):
    """Writes one utterance at a common level; tells how long it is, 0 if it is of no use."""
    peak = np.abs(samples).max() if len(samples) else 0
    if peak < 0.02 or not SHORTEST_S * RATE < len(samples) < LONGEST_S * RATE:
        return 0.0
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples / peak * 0.8, RATE)
    return len(samples) / RATE


def speaker_of(path):
    """The speaker of a sound, by its place in an unpacked package; None where nobody
    speaks: most folders hold one speaker."""
    parts = [p for p in path.parent.parts if p not in ("usr", "share", "sounds", "games")]
    if any(word in path.stem.lower() for word in ("silence", "beep", "tone", "music")):
        return None
    if parts[0] == "asterisk": # the sub-folders of a language are spoken by one person
        return "_".join(parts[:2])
    if parts[0] == "tuxpaint": # a language each, beside noises of animals and machines
        _, described, language = path.stem.rpartition("_desc_")
        return f"tuxpaint_{language}" if described else None
    if parts[0] == "hedgewars":
        return f"hedgewars_{parts[-1]}" if parts[-2] == "voices" else None
    return "_".join(parts)


def speakers_in(folder):
    """{speaker: files} of those with at least 20 sounds."""
    speakers = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix in (".g722", ".ogg", ".opus", ".wav"):
            name = speaker_of(path.relative_to(folder))
            if name:
                speakers.setdefault(name, []).append(path)
    return {name: files for name, files in speakers.items() if len(files) >= 20}


def convert(job):
    source, target = job
    return keep(read(source), target)


def words(rng, count):
    return " ".join("".join(rng.choice(ONSETS) + rng.choice(VOWELS) + rng.choice(CODAS)
                            for _ in range(rng.randint(1, 3))) for _ in range(count))


def synthesise(job):
    seed, out = job
    rng = random.Random(seed)
    text = words(rng, 12)
    if rng.random() < 0.3:
        voice = rng.choice(FLITE)
        raw = subprocess.run(["flite", "-voice", voice, "-t", text, "-o", "/dev/stdout"],
                             capture_output=True, check=False).stdout
        voice = "flite_" + voice
    else:
        language, manner = rng.choice(LANGUAGES), rng.choice(MANNERS)
        raw = subprocess.run(
            ["espeak-ng", "-v", language + ("+" + manner if manner else ""), "-p",
             str(rng.randint(20, 80)), "-s", str(rng.randint(90, 170)), "--stdout", text],
            capture_output=True, check=False).stdout
        voice = "espeak_" + language
    scratch = out / f".{seed}.wav"
    scratch.write_bytes(raw)
    seconds = keep(read(scratch), out / voice / f"{seed:05d}.flac")
    scratch.unlink()
    return seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--packages", type=Path)
    parser.add_argument("--each", type=int, default=160, help="utterances per human speaker")
    parser.add_argument("--synthetic", type=int, default=0, help="utterances to synthesise")
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--processes", type=int, default=2)
    args = parser.parse_args()
    if not args.packages and not args.synthetic:
        parser.error("--packages or --synthetic is needed")
    speakers = speakers_in(args.packages) if args.packages else {}
    if args.packages and not speakers:
        raise SystemExit(f"{args.packages}: no speakers; are Debian's packages unpacked there?")
    args.out.mkdir(parents=True, exist_ok=True)

    jobs = []
    if speakers:
        rng = random.Random(args.seed)
        for name, files in sorted(speakers.items()):
            # The shortest prompts are single letters and digits: few of them.
            files = sorted(files, key=lambda f: f.stat().st_size)[len(files) // 4:]
            rng.shuffle(files)
            jobs += [(f, args.out / name / f"{i:05d}.flac")
                     for i, f in enumerate(files[:args.each])]
    with Pool(args.processes) as pool:
        human = sum(pool.imap_unordered(convert, jobs, chunksize=8))
        made = sum(pool.imap_unordered(
            synthesise, [(args.seed * 100003 + i, args.out) for i in range(args.synthetic)],
            chunksize=4))
    print(f"{human / 60:.1f} min spoken by people, {made / 60:.1f} min synthesised")


if __name__ == "__main__":
    main()
