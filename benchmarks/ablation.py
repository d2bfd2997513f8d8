# SPDX-License-Identifier: MIT
"""What each kind of training data and of augmentation gives a note model.

    ablation.py AVSVT DATA MADE HELD MUSIC -o FOLDER [--steps N] [--only WORD...]

Trains the network of ablation.yaml from nothing with everything, and again without
each kind, N steps each, and scores each by quality.py: a table in Markdown. AVSVT is
the command, DATA holds singing/ and karaoke/, MADE is the folder in which
recipes/made/README.md's commands were run. HELD has what is only for measuring of
that, and MUSIC recordings without a voice, both as quality.py takes them. Trainings
go into FOLDER; what is done there is not done again. --only takes the rows whose name
has one of the words. One training takes a core; several of these commands, each with
other words, use several. Needs the avsvt package and PyTorch, to draw the weights that
all trainings start with.
"""
import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml
from quality import Judge, measure

ALL = "nothing"
AGAIN = "nothing, by another seed" # how much of a difference is chance
DATA = {
    "sight-singing": ["train"],
    "sight-singing in other voices": ["transposed", "transposed_trained", "transposed_casual"],
    "re-sung speech": ["song", "lyrical", "casual3", "trained", "trained2"],
    "speech sung in its own time": ["intoned_sung", "intoned_sung2"],
    "songs by Sinsy": ["sinsy", "transposed_sinsy", "transposed_sinsy_casual"],
    "talk between phrases": ["between_train", "between", "between_synthetic"],
    "speech that stays empty": ["speech", "speech_synthetic"],
    "music that stays empty": ["music"],
}
STEPS = {
    "other speeds": ["speed"],
    "equalizer and narrow bands": ["eq", "band"],
    "rooms": ["reverb"],
    "music under it": ["accompaniment", "mix"],
    "noise": ["noise"],
    "gains": ["gain"],
}
COLUMNS = ["sight-singing", "with music", "re-sung speech", "sung with vibrato",
           "talk between phrases", "karaoke", "speech", "music alone"]


def recipe_without(base, name, data, made):
    """The recipe without one kind, its folders found."""
    sources = [s for s in base["data"]["train"]
               if Path(s["path"]).name not in DATA.get(name, [])]
    for source in sources:
        of_data = source["path"].startswith("..")
        source["path"] = str(data / "singing/train" if of_data else made / source["path"])
    chains = [base["augment"], *base["chains"].values()]
    for chain in chains:
        chain[:] = [s for s in chain if s["step"] not in STEPS.get(name, [])]
        for step in chain:
            if "folder" in step:
                step["folder"] = str(made / step["folder"])
    base["data"] = {**base["data"], "train": sources, "valid": [str(data / "singing/dev")]}
    return base


def trained(name, args, base):
    """The model file of one training."""
    folder = args.output / name.replace(" ", "-")
    folder.mkdir(parents=True, exist_ok=True)
    recipe = recipe_without(yaml.safe_load(base), name, args.data.resolve(), args.made.resolve())
    recipe["seed"] += name == AGAIN
    recipe.update(model=str(args.output.resolve() / "start.pt"), output=str(folder.resolve()))
    if args.steps:
        recipe.update(steps=args.steps, checkpoint={"every_steps": args.steps})
    file = folder / "recipe.yaml"
    file.write_text(yaml.safe_dump(recipe), encoding="utf-8")
    subprocess.run([args.avsvt, "train", file, "-q"], check=True)
    return folder / "last.pt"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("avsvt")
    for name in ("data", "made", "held", "music"):
        parser.add_argument(name, type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--only", nargs="+", default=[""], metavar="WORD")
    args = parser.parse_args()
    base = Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8")
    args.output.mkdir(parents=True, exist_ok=True)
    start = args.output / "start.pt"
    if not start.exists():
        subprocess.run([sys.executable, "-m", "avsvt.export", "notes-default", "--new", "1",
                        "-o", start], check=True)
    rows = []
    for name in [ALL, AGAIN, *DATA, *STEPS]:
        if not any(word in name for word in args.only):
            continue
        model = trained(name, args, base)
        print(f"-- without {name}", flush=True)
        with tempfile.TemporaryDirectory() as scratch:
            found = measure(Judge(args.avsvt, model, Path(scratch)), args.data, args.held,
                            args.music)
        rows.append((name, found))
    print("\n| without | " + " | ".join(COLUMNS) + " |\n" + "|---" * (len(COLUMNS) + 1) + "|")
    for name, found in rows:
        print(f"| {name} | " + " | ".join(found[c] for c in COLUMNS) + " |")


if __name__ == "__main__":
    main()
