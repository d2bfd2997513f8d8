# SPDX-License-Identifier: MIT
"""Training in several processes beside training in one, on this machine.

    python3 benchmarks/processes.py MODEL.pt SONGS [--processes 2] [--steps 20] [--json]

Both train the network of MODEL.pt (the compiled-in one: lib/models/notes-default.pt)
on the same batches of 60 s from the songs in folder SONGS, one thread in each
process, twice in turn; the first steps, while caches fill, are not counted.

Told are seconds of sound per second by the clock, and how much processor time a
process spends on a second of sound (all its threads, the most of any process):
where other programs run, the clock measures them too; with a core for each
process free, the ratio of processor times is what the clock would come near.
As many trainings that know nothing of each other show what the machine allows:
cores share memory, caches and heat.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

from train import WARM, write_recipe


def work(options) -> None:
    """One process: prints clock, processor time and sound after each step."""
    import avsvt
    marks = []
    context = avsvt.Context(threads=1)
    with avsvt.Trainer(options.work, context=context) as trainer:
        trainer.run(lambda report: marks.append(
            [time.perf_counter(), time.process_time(), report["sound_s"]]))
    first, last = marks[WARM - 1], marks[-1]
    print(json.dumps([b - a for a, b in zip(first, last, strict=True)]))


def train(options, count: int) -> list:
    """Sound per second of the clock, processor seconds per second of sound."""
    found = start(options, count)
    return [found[0][2] / found[0][0], max(each[1] for each in found) / found[0][2]]


def start(options, count: int) -> list:
    """What `work` prints in each of so many processes that train one network."""
    with tempfile.TemporaryDirectory() as folder:
        recipe = write_recipe(folder, options.model, options.songs, options.steps)
        workers = []
        for rank in range(count):
            place = {"RANK": str(rank), "WORLD_SIZE": str(count), "LOCAL_RANK": str(rank),
                     "LOCAL_WORLD_SIZE": str(count), "AVSVT_WORLD_FILE": folder + "/world"}
            workers.append(subprocess.Popen(
                [sys.executable, __file__, options.model, options.songs, "--work", str(recipe)],
                env={**os.environ, **place}, stdout=subprocess.PIPE, text=True))
        found = [json.loads(worker.communicate()[0] or "null") for worker in workers]
    if not all(found):
        raise SystemExit("a process failed")
    return found


def train_apart(options, count: int) -> float:
    """Sound per second of the clock of so many trainings side by side."""
    with ThreadPoolExecutor(count) as pool:
        found = pool.map(lambda _: start(options, 1)[0], range(count))
        return sum(each[2] / each[0] for each in found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model")
    parser.add_argument("songs")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--work", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.steps <= WARM:
        parser.error(f"--steps must be more than {WARM}")
    if options.processes < 1:
        parser.error("--processes must be at least 1")
    if options.work:
        work(options)
        return
    runs = {1: [], options.processes: []}
    load, apart = os.getloadavg()[0], 0.0
    for _ in range(2):
        for count, values in runs.items():
            values.append(train(options, count))
        apart = max(apart, train_apart(options, options.processes))
    clock = {count: max(each[0] for each in values) for count, values in runs.items()}
    spent = {count: min(each[1] for each in values) for count, values in runs.items()}
    result = {"processes": options.processes, "cores": os.cpu_count(),
              "load_before": round(load, 2),
              "clock": round(clock[options.processes] / clock[1], 3),
              "apart": round(apart / clock[1], 3),
              "processor": round(spent[1] / spent[options.processes], 3)}
    if options.json:
        print(json.dumps(result))
        return
    for count in runs:
        print(f"{count} processes  {clock[count]:7.1f} s of sound per second  "
              f"{1000 * spent[count]:6.2f} ms of processor time per second of sound")
    print(f"{options.processes} apart     {apart:9.1f} s of sound per second")
    print(f"ratio by the clock {result['clock']:.2f}, by processor time "
          f"{result['processor']:.2f}, of trainings apart {result['apart']:.2f} (load before: {load:.1f} on {os.cpu_count()} cores)")


if __name__ == "__main__":
    main()
