# SPDX-License-Identifier: MIT
"""Training speed: `avsvt train` beside a plain PyTorch loop.

    python3 benchmarks/train.py MODEL.pt SONGS [--steps 20] [--threads 1] [--json]

Both train the network of MODEL.pt (the compiled-in one: lib/models/notes-default.pt)
with AdamW, clipping and an average of the weights, on random pieces of the
songs in folder SONGS (sound with onset, offset, pitch beside it). The PyTorch
loop is what one would write: eager mode, a Dataset that reads its piece of the
file, a DataLoader with two workers. Each runs in a process of its own, twice in
turn; the first steps, while caches fill, are not counted.

Told are seconds of sound per second, by the clock and by the processor time of
the thread that trains: where other programs run, the clock measures how many
processes each side has, not how fast it is.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

SEGMENT_S, BATCH_S, WARM = 6.0, 60.0, 3

RECIPE = """avsvt: 1
model: {model}
output: {output}
data: {{train: [{songs}], segment_s: {segment}}}
batch: {{duration_s: {batch}}}
steps: {steps}
optimizer: {{kind: adamw, lr: 0.0005}}
ema: 0.995
"""


def mark(sound_s) -> tuple:
    return time.perf_counter(), time.thread_time(), sound_s


def measured(marks) -> list:
    """Seconds of sound per second: by the clock, by the processor's time."""
    first, last = marks[WARM - 1], marks[-1]
    return [(last[2] - first[2]) / (last[i] - first[i]) for i in range(2)]


def with_avsvt(options) -> list:
    import avsvt
    marks = []
    with tempfile.TemporaryDirectory() as folder:
        recipe = pathlib.Path(folder, "recipe.yaml")
        recipe.write_text(RECIPE.format(
            model=os.path.abspath(options.model), output=folder + "/run",
            songs=os.path.abspath(options.songs), segment=SEGMENT_S, batch=BATCH_S,
            steps=options.steps))
        context = avsvt.Context(threads=options.threads)
        with avsvt.Trainer(recipe, context=context) as trainer:
            trainer.run(lambda report: marks.append(mark(report["sound_s"])))
    return measured(marks)


def with_pytorch(options) -> list:
    import copy
    import glob
    import warnings

    import numpy as np
    import soundfile
    import torch
    from avsvt import networks
    from avsvt.networks.targets import frame_targets

    torch.set_num_threads(options.threads)

    class Pieces(torch.utils.data.Dataset):
        def __init__(self):
            self.items = []
            for path in sorted(glob.glob(os.path.join(options.songs, "*.flac"))):
                notes = np.loadtxt(os.path.splitext(path)[0] + ".txt", ndmin=2)[:, :3]
                info = soundfile.info(path)
                count = int(np.ceil(info.duration / SEGMENT_S))
                self.items += [(path, notes, info.frames)] * count

        def __len__(self):
            return len(self.items)

        def __getitem__(self, index):
            path, notes, frames = self.items[index]
            size = int(SEGMENT_S * 16000)
            start = int(torch.randint(max(1, frames - size), (1,)))
            samples, _ = soundfile.read(path, size, start, dtype="float32", fill_value=0.0)
            targets = frame_targets(notes, size // 320 + 1, start / 16000)
            return (samples, *targets)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        state = torch.jit.load(options.model).state_dict()
    sizes = {"channels": state["pitch.fold.conv.weight"].shape[0],
             "width": state["joint.conv.weight"].shape[0],
             "hidden": state["heads.weight"].shape[1] // 2,
             "layers": sum(name.startswith("gru.weight_ih") for name in state) // 2}
    network = networks.NoteNetwork(**sizes)
    network.load_state_dict(state)
    network.train()
    average = copy.deepcopy(network)
    optimizer = torch.optim.AdamW(network.parameters(), lr=5e-4)
    loader = torch.utils.data.DataLoader(Pieces(), int(BATCH_S / SEGMENT_S), shuffle=True,
                                         num_workers=2, drop_last=True)
    marks, steps, sound_s = [], 0, 0.0
    while steps < options.steps:
        for batch in loader:
            optimizer.zero_grad()
            network.loss(*batch).backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            optimizer.step()
            with torch.no_grad():
                for mean, value in zip(average.parameters(), network.parameters(), strict=True):
                    mean.lerp_(value, 0.005)
            steps, sound_s = steps + 1, sound_s + BATCH_S
            marks.append(mark(sound_s))
            if steps == options.steps:
                break
    return measured(marks)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model")
    parser.add_argument("songs")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--only", choices=["avsvt", "pytorch"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.steps <= WARM:
        parser.error(f"--steps must be more than {WARM}")
    if options.only:
        run = with_avsvt if options.only == "avsvt" else with_pytorch
        print(json.dumps(run(options)))
        return
    found = {"avsvt": [], "pytorch": []}
    for _ in range(2):
        for name, values in found.items():
            done = subprocess.run([sys.executable, *sys.argv, "--only", name], check=True,
                                  stdout=subprocess.PIPE, text=True)
            values.append(json.loads(done.stdout))
    result = {"threads": options.threads}
    for i, clock in enumerate(("wall", "processor")):
        best = {name: max(each[i] for each in values) for name, values in found.items()}
        result[clock] = {name: round(value, 1) for name, value in best.items()}
        result[clock]["ratio"] = round(best["avsvt"] / best["pytorch"], 3)
    if options.json:
        print(json.dumps(result))
        return
    for clock in ("wall", "processor"):
        print(f"{clock:9}  avsvt {result[clock]['avsvt']:6.1f}  "
              f"pytorch {result[clock]['pytorch']:6.1f}  ratio {result[clock]['ratio']:.2f}")


if __name__ == "__main__":
    main()
