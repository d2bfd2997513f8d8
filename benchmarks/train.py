# SPDX-License-Identifier: MIT
"""Training speed: `avsvt train` beside a plain PyTorch loop.

    python3 benchmarks/train.py MODEL.pt SONGS [--steps 12] [--rounds 4] [--threads 1]
                            [--device cpu] [--precision fp32] [--json]

Both train the network of MODEL.pt (the compiled-in one: lib/models/notes-default.pt)
with AdamW, clipping and an average of the weights, on random pieces of the
songs in folder SONGS (NAME.flac with onset, offset, pitch in NAME.txt or NAME.csv;
a minute or more). The PyTorch loop is what one would write: eager mode, a Dataset that
reads its piece of the file (with soundfile), a DataLoader with two workers. Each runs in
a process of its own, in short turns, one beside the other, since a machine is seldom as
busy twice; the first steps, while caches fill, are not counted.

Told are seconds of sound per second: by the clock (wall), by the processor time
of the thread that trains (thread), and by that of everything that takes part,
threads and processes that make batches too (all). Where other programs run, the
clock measures how many processes each side has rather than how fast it is.
Ratios are the medians of the rounds' own. On a GPU (--device cuda) the clock is what
counts, over some hundred steps, with as many threads as it takes to make batches.
"""
import argparse
import json
import multiprocessing
import os
import pathlib
import statistics
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
precision: {precision}
"""


CLOCKS = ("wall", "thread", "all")


def all_processors() -> float:
    """Seconds of processor time of this process and its children."""
    past = os.times()
    ticks = 0
    for child in multiprocessing.active_children():
        stat = pathlib.Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(stat[11]) + int(stat[12])
    return (time.process_time() + past.children_user + past.children_system
            + ticks / os.sysconf("SC_CLK_TCK"))


def mark(sound_s) -> tuple:
    return time.perf_counter(), time.thread_time(), all_processors(), sound_s


def measured(marks) -> list:
    """Seconds of sound per second, by each clock."""
    first, last = marks[WARM - 1], marks[-1]
    return [(last[3] - first[3]) / (last[i] - first[i]) for i in range(len(CLOCKS))]


def write_recipe(folder, model, songs, steps, precision="fp32"):
    recipe = pathlib.Path(folder, "recipe.yaml")
    recipe.write_text(RECIPE.format(
        model=os.path.abspath(model), output=folder + "/run",
        songs=os.path.abspath(songs), segment=SEGMENT_S, batch=BATCH_S,
        steps=steps, precision=precision))
    return recipe


def labels(path) -> str:
    """The notes beside a sound."""
    stem = os.path.splitext(path)[0]
    return stem + (".csv" if os.path.exists(stem + ".csv") else ".txt")


def with_avsvt(options) -> list:
    import avsvt
    marks = []
    with tempfile.TemporaryDirectory() as folder:
        recipe = write_recipe(folder, options.model, options.songs, options.steps,
                              options.precision)
        context = avsvt.Context(threads=options.threads, device=options.device)
        with avsvt.Trainer(recipe, context=context) as trainer:
            trainer.run(lambda report: marks.append(mark(report["sound_s"])))
    return measured(marks)


def with_pytorch(options) -> list:
    import copy
    import glob
    import warnings

    import avsvt
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
                notes = avsvt.read_notes(labels(path)).to_array()
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
    network.to(options.device).train()
    gpu = options.device != "cpu"
    half = {"bf16": torch.bfloat16, "fp32": None}[options.precision]
    average = copy.deepcopy(network)
    optimizer = torch.optim.AdamW(network.parameters(), lr=5e-4)
    pieces, items = Pieces(), int(BATCH_S / SEGMENT_S)
    if len(pieces) < items: # of which it would never make a batch
        raise SystemExit(f"{options.songs}: has {len(pieces)} pieces of {SEGMENT_S:g} s in its "
                         f".flac files; a batch takes {items}")
    loader = torch.utils.data.DataLoader(pieces, items, shuffle=True, num_workers=2,
                                         drop_last=True)
    marks, steps, sound_s = [], 0, 0.0
    while steps < options.steps:
        for batch in loader:
            optimizer.zero_grad()
            with torch.autocast(torch.device(options.device).type, half, enabled=half is not None):
                loss = network.loss(*(each.to(options.device) for each in batch))
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            optimizer.step()
            with torch.no_grad():
                for mean, value in zip(average.parameters(), network.parameters(), strict=True):
                    mean.lerp_(value, 0.005)
            steps, sound_s = steps + 1, sound_s + BATCH_S
            if gpu and steps in (WARM, options.steps):
                torch.cuda.synchronize()
            marks.append(mark(sound_s))
            if steps == options.steps:
                break
    return measured(marks)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model")
    parser.add_argument("songs")
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu", help="of both: cpu, cuda or cuda:N")
    parser.add_argument("--precision", choices=["fp32", "bf16"], default="fp32")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--only", choices=["avsvt", "pytorch"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.steps <= WARM or options.rounds < 1:
        parser.error(f"--steps must be more than {WARM}, --rounds at least 1")
    if options.only:
        run = with_avsvt if options.only == "avsvt" else with_pytorch
        print(json.dumps(run(options)))
        return
    names = ["avsvt", "pytorch"]
    found = {name: [] for name in names}
    for _ in range(options.rounds):
        for name in names:
            done = subprocess.run([sys.executable, *sys.argv, "--only", name], check=False,
                                  stdout=subprocess.PIPE, text=True)
            if done.returncode:
                raise SystemExit(f"training by {name} failed")
            found[name].append(json.loads(done.stdout))
        names.reverse()  # whoever comes first has no advantage
    result = {"threads": options.threads, "rounds": options.rounds}
    for i, clock in enumerate(CLOCKS):
        result[clock] = {name: round(statistics.median(each[i] for each in values), 1)
                         for name, values in found.items()}
        ratios = [a[i] / b[i] for a, b in zip(found["avsvt"], found["pytorch"], strict=True)]
        result[clock]["ratios"] = [round(ratio, 2) for ratio in ratios]
        result[clock]["ratio"] = round(statistics.median(ratios), 2)
    if options.json:
        print(json.dumps(result))
        return
    for clock in CLOCKS:
        told = result[clock]
        print(f"{clock:6}  avsvt {told['avsvt']:6.1f}  pytorch {told['pytorch']:6.1f}  "
              f"ratio {told['ratio']:.2f}  (rounds: "
              + " ".join(f"{ratio:.2f}" for ratio in told["ratios"]) + ")")


if __name__ == "__main__":
    main()
