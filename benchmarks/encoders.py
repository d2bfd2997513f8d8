# SPDX-License-Identifier: MIT
"""How fast exported speech encoders are, and what cutting long sound changes.

    export AVSVT_LIBRARY=build/libavsvt.so.0 AVSVT_MODULE_PATH=build/avsvt
    export PYTHONPATH=bindings/python
    python3 benchmarks/encoders.py speed [--layers 24] [--also LIBRARY,MODULES]
    python3 benchmarks/encoders.py chunks PIPELINE.yaml SOUND...

speed: a wav2vec 2.0 of the large size with made-up weights, exported in float
and in int8 (which compares it with transformers' network), then run on the
same sound in turns: transformers eager in this process, our files through the
library in processes of their own, also through another build (--also, such as
one with Debian's libtorch). One thread; CPU seconds of the fastest and the
middle run, the ratio of the middle ones, and peak memory. It needs 8 GB.

chunks: a pipeline on whole songs and by the other ways to cut them: how far
the probability of an onset moves in root mean square, and how many notes
(onset and offset to 20 ms, pitch to half a semitone) are not the same."""
import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

import avsvt


def serve(model, sound):
    """A run for every line that comes in."""
    sound = np.load(sound)
    with avsvt.Extractor(model) as extractor:
        for line in sys.stdin:
            begin = time.process_time()
            extractor(sound)
            seconds = time.process_time() - begin
            with open("/proc/self/status", encoding="ascii") as file:
                peak = next(line.split()[1] for line in file if line.startswith("VmHWM"))
            print(seconds, int(peak) / 1024, flush=True)


class Server:
    """One of our files in a process of its own."""

    def __init__(self, model, sound, library):
        environment = dict(os.environ, OMP_NUM_THREADS="1")
        if library:
            environment["AVSVT_LIBRARY"], environment["AVSVT_MODULE_PATH"] = library.split(",")
        self.process = subprocess.Popen(
            [sys.executable, __file__, "serve", model, sound], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True, env=environment)

    def __call__(self):
        self.process.stdin.write("run\n")
        self.process.stdin.flush()
        seconds, self.peak = map(float, self.process.stdout.readline().split())
        return seconds


def transformers_network(layers):
    import torch
    import transformers
    torch.set_num_threads(1)
    torch.manual_seed(0)
    transformers.logging.set_verbosity_error()
    config = transformers.Wav2Vec2Config(
        hidden_size=1024, num_hidden_layers=layers, num_attention_heads=16,
        intermediate_size=4096, feat_extract_norm="layer", conv_bias=True,
        do_stable_layer_norm=True, attn_implementation="eager")
    return transformers.Wav2Vec2Model(config).eval()


def export(model, folder):
    """Our files of it; says how well they agree."""
    from avsvt.export import encoder
    made = encoder.Encoder("wav2vec2", model.config.to_dict(), model.state_dict(), "made up",
                           input_epsilon=1e-5)
    for name in ("float", "int8"):
        options = argparse.Namespace(unchecked=False, int8=name == "int8", name=None,
                                     licence="MIT")
        print(made.write(f"{folder}/{name}.pt", options).split(": ", 1)[1])


def speed(options):
    import torch
    model = transformers_network(options.layers)
    with tempfile.TemporaryDirectory() as folder:
        export(model, folder)
        sound = torch.randn(1, int(options.seconds * 16000),
                            generator=torch.Generator().manual_seed(1)) * 0.1
        np.save(f"{folder}/sound.npy", sound[0].numpy())

        def eager():
            with torch.inference_mode():
                begin = time.process_time()
                model(sound)
                return time.process_time() - begin

        ways = {"transformers eager": eager}
        for place, library in [("", None)] + [(f" ({each})", each) for each in options.also]:
            for name in ("float", "int8"):
                ways[name + place] = Server(f"{folder}/{name}.pt", f"{folder}/sound.npy", library)
        seconds = {name: [] for name in ways}
        for run in range(options.runs + 1):
            for name, way in ways.items():
                taken = way()
                if run:  # the first warms up
                    seconds[name].append(taken)
    first = statistics.median(seconds["transformers eager"])
    for name, taken in seconds.items():
        middle = statistics.median(taken)
        peak = getattr(ways[name], "peak", 0)
        print(f"{name}: fastest {min(taken):.2f} s, middle {middle:.2f} s, "
              f"{first / middle:.2f} times as fast as transformers"
              + (f", {peak:.0f} MB" if peak else ""))


def same_notes(one, other) -> int:
    """Notes of `one` that `other` has too."""
    left, same = [tuple(note) for note in other], 0
    for on, off, pitch in one:
        for note in left:
            if np.all(np.abs(np.subtract(note, (on, off, pitch))) < (0.02, 0.02, 0.5)):
                left.remove(note)
                same += 1
                break
    return same


def chunks(options):
    ways = {"20 s with 5 s": {"chunks": "overlap"}, "60 s with 5 s": {"chunks": "overlap",
                                                                      "chunk": 60.0},
            "published": {"chunks": "published"}}
    moved, notes = {way: [] for way in ways}, {way: [0, 0] for way in ways}
    for path in options.sounds:
        sound, rate = avsvt.read_audio(path, 16000)
        with avsvt.Pipeline(options.pipeline, chunks="whole") as pipeline:
            whole = pipeline.activations(sound, rate)
        onset = 1 / (1 + np.exp(-whole.logits[:, 0]))
        wanted = whole.notes().to_array()
        for way, settings in ways.items():
            with avsvt.Pipeline(options.pipeline, **settings) as pipeline:
                cut = pipeline.activations(sound, rate)
            if way != "published":  # whose frames are others
                other = 1 / (1 + np.exp(-cut.logits[:, 0]))
                moved[way].append(np.mean((other - onset) ** 2))
            notes[way][0] += len(wanted)
            notes[way][1] += same_notes(wanted, cut.notes().to_array())
    for way, (count, same) in notes.items():
        away = f"{np.sqrt(np.mean(moved[way])):.2g}" if moved[way] else "-"
        print(f"{way}: onset probability moves by {away}; {count - same} of {count} notes differ")


def main():
    if sys.argv[1:2] == ["serve"]:
        return serve(*sys.argv[2:])
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_subparsers(required=True)
    one = what.add_parser("speed")
    one.add_argument("--layers", type=int, default=24)
    one.add_argument("--seconds", type=float, default=10)
    one.add_argument("--runs", type=int, default=5)
    one.add_argument("--also", action="append", default=[], metavar="LIBRARY,MODULES")
    one.set_defaults(run=speed)
    one = what.add_parser("chunks")
    one.add_argument("pipeline")
    one.add_argument("sounds", nargs="+")
    one.set_defaults(run=chunks)
    options = parser.parse_args()
    options.run(options)


if __name__ == "__main__":
    main()
