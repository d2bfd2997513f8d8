# SPDX-License-Identifier: MIT
"""How fast exported speech encoders are, and what cutting long sound changes.

    export AVSVT_LIBRARY=build/libavsvt.so.0 AVSVT_MODULE_PATH=build/avsvt
    export PYTHONPATH=bindings/python
    python3 benchmarks/encoders.py speed [--layers 24] [--also LIBRARY,MODULES] [--onnx]
    python3 benchmarks/encoders.py chunks PIPELINE.yaml SOUND...
    python3 benchmarks/encoders.py memory [--minutes 1 60]
    python3 benchmarks/encoders.py device [--device cuda] [--precision bf16] [--batch 16]

speed: a wav2vec 2.0 of the large size with made-up weights, exported in float
and in int8 (which compares it with transformers' network), then run on the
same sound in turns: transformers eager in this process, our files through the
library in processes of their own, also through another build (--also, such as
one with Debian's libtorch). --onnx runs it in ONNX Runtime too, in float and in its
dynamic int8 (pip install onnx onnxruntime). One thread; CPU seconds of the
fastest and the middle run, the ratio of the middle ones and how far the ratio
goes from turn to turn, and peak memory; of int8 how far its features go from
the float ones. It needs 8 GB.

chunks: a pipeline on whole songs and by the other ways to cut them: how far
the probability of an onset moves in root mean square, and how many notes
(onset and offset to 20 ms, pitch to half a semitone) are not the same.

memory: peak memory of transcription through a small encoder with made-up
weights, by the ways to cut, and of taking its features piece by piece, for
sounds of the lengths given; each in a process of its own.

device: a wav2vec 2.0 and the video half of an AV-HuBERT, both of the large size with
made-up weights, on four minutes (all in memory, the model loaded): seconds by the
clock, operations a second, and their share of what products of large matrices reach
on the same device in the same precision."""
import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

import avsvt


def open_onnx(model):
    import onnxruntime
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = settings.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, settings, providers=["CPUExecutionProvider"])
    return lambda sound: session.run(None, {"sound": sound[None]})[0][0]


def serve(model, sound):
    """A run for every line that comes in; the last features are kept."""
    sound = np.load(sound)
    with contextlib.ExitStack() as stack:
        run = open_onnx(model) if model.endswith(".onnx") else \
            stack.enter_context(avsvt.Extractor(
                avsvt.Model(model, context=avsvt.Context(device="cpu"))))
        for line in sys.stdin:
            begin = time.process_time()
            features = run(sound)
            seconds = time.process_time() - begin
            np.save(f"{model}.npy", features)
            with open("/proc/self/status", encoding="ascii") as file:
                peak = next(line.split()[1] for line in file if line.startswith("VmHWM"))
            print(seconds, int(peak) / 1024, flush=True)


class Server:
    """One of our files in a process of its own."""

    def __init__(self, model, sound, library):
        environment = dict(os.environ, OMP_NUM_THREADS="1")
        if library:
            environment["AVSVT_LIBRARY"], environment["AVSVT_MODULE_PATH"] = library.split(",")
        self.features = f"{model}.npy"
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


def export_onnx(model, folder, sound):
    """The same for ONNX Runtime, by PyTorch's own exporter and the dynamic
    quantisation of ONNX Runtime."""
    import torch
    from onnxruntime.quantization import QuantType, quantize_dynamic

    class Last(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = model

        def forward(self, sound):
            return self.model(sound).last_hidden_state

    with torch.inference_mode():
        torch.onnx.export(Last().eval(), (sound,), f"{folder}/onnx.onnx", input_names=["sound"],
                          output_names=["features"], opset_version=17, dynamo=False)
    quantize_dynamic(f"{folder}/onnx.onnx", f"{folder}/onnx-int8.onnx",
                     weight_type=QuantType.QInt8, op_types_to_quantize=["MatMul", "Gemm"])


def away(one, other):
    """The root mean square of the difference over that of the first."""
    return np.sqrt(np.mean((one - other) ** 2) / np.mean(one ** 2))


def spread(one, other):
    """How far the ratio goes from turn to turn."""
    ratios = [a / b for a, b in zip(one, other)]
    return f" ({min(ratios):.2f} to {max(ratios):.2f})"


def speed(options):
    import torch
    model = transformers_network(options.layers)
    with tempfile.TemporaryDirectory() as folder:
        export(model, folder)
        sound = torch.randn(1, int(options.seconds * 16000),
                            generator=torch.Generator().manual_seed(1)) * 0.1
        np.save(f"{folder}/sound.npy", sound[0].numpy())
        if options.onnx:
            export_onnx(model, folder, sound)

        def eager():
            with torch.inference_mode():
                begin = time.process_time()
                model(sound)
                return time.process_time() - begin

        ways = {"transformers eager": eager}
        for place, library in [("", None)] + [(f" ({each})", each) for each in options.also]:
            for name in ("float", "int8"):
                ways[name + place] = Server(f"{folder}/{name}.pt", f"{folder}/sound.npy", library)
        if options.onnx:
            for name, file in (("ONNX Runtime", "onnx"), ("ONNX Runtime int8", "onnx-int8")):
                ways[name] = Server(f"{folder}/{file}.onnx", f"{folder}/sound.npy", None)
        seconds = {name: [] for name in ways}
        for run in range(options.runs + 1):
            for name, way in ways.items():
                taken = way()
                if run:  # the first warms up
                    seconds[name].append(taken)
        features = {name: np.load(way.features) for name, way in ways.items()
                    if isinstance(way, Server)}
    for name, pair in (("ours", ("float", "int8")),
                       ("ONNX Runtime", ("ONNX Runtime", "ONNX Runtime int8"))):
        if all(each in features for each in pair):
            one, other = (features[each] for each in pair)
            print(f"{name}: int8 moves the features by {away(one, other):.2g} of their root mean "
                  "square")
    first = statistics.median(seconds["transformers eager"])
    for name, taken in seconds.items():
        middle = statistics.median(taken)
        peak = getattr(ways[name], "peak", 0)
        print(f"{name}: fastest {min(taken):.2f} s, middle {middle:.2f} s, "
              f"{first / middle:.2f} times as fast as transformers"
              + spread(seconds["transformers eager"], taken)
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


SIDE = 8 * 11  # of pictures of a mouth, pixels
WAYS = ("transcribe overlap", "transcribe published", "sound and sight overlap",
        "sound and sight published", "features", "features of sight")


def write_small(folder):
    """A small encoder of sound, one of pictures, a fusion, a head, and what
    joins them."""
    import torch
    from avsvt.export import parts
    from avsvt.networks import SpeechEncoder, fusion
    torch.manual_seed(1)

    class Eye(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = torch.nn.Linear(64, 1024)

        def forward(self, frames: torch.Tensor) -> torch.Tensor:
            small = torch.nn.functional.avg_pool2d(frames, 11)
            return torch.tanh(self.linear(small.flatten(2)))

    def write(name, network, role, told, inputs, **more):
        parts.write_model(f"{folder}/{name}.pt", network.eval(), {
            "avsvt": 1, "name": name, "role": role, "input": told, **more}, network, [inputs], name)

    write("ear", SpeechEncoder(width=1024, layers=1, heads=4, inner=256, channels=[32] * 7,
                               position_kernel=16, position_groups=16), "extractor",
          {"kind": "audio", "sample_rate": 16000, "hop": 320, "window": 400, "min_samples": 400},
          (parts.noise(1, 4000),), output={"width": 1024, "start_s": 0.0125})
    write("eye", Eye(), "extractor", {"kind": "video", "width": SIDE, "height": SIDE, "frame_rate": 50},
          (parts.noise(1, 7, SIDE, SIDE),), output={"width": 1024, "frame_rate": 50})
    write("add", fusion.Addition(), "fusion", {"audio_width": 1024, "video_width": 1024},
          (parts.noise(1, 9, 1024), parts.noise(1, 9, 1024)))
    parts.write_note_head(f"{folder}/head.pt", "head", torch.randn(20, 1024) * 0.1,
                          torch.zeros(20) - 1, "MIT", "head")
    for name, keys in (("a", "audio: ear.pt"),
                       ("av", "audio: ear.pt\nvideo: eye.pt\nfusion: add.pt")):
        with open(f"{folder}/{name}.yaml", "w", encoding="ascii") as file:
            file.write(f"avsvt: 1\ntask: notes\n{keys}\nhead: head.pt\n")


def peak(folder, way, minutes):
    """One way, in this process."""
    with open("/proc/self/status", encoding="ascii") as file:
        before = next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))
    sound = f"{folder}/{minutes}.wav"
    crops = f"{folder}/{minutes}.npy" if "sight" in way else None
    begin = time.process_time()
    if way == "features":
        with avsvt.Extractor(f"{folder}/ear.pt") as extract:
            result = sum(len(each) for each in extract.pieces(sound))
    elif way == "features of sight":
        with avsvt.Extractor(f"{folder}/eye.pt") as extract:
            result = sum(len(each) for each in extract.pieces(crops=crops))
    else:
        model = f"{folder}/{'av' if crops is not None else 'a'}.yaml"
        with avsvt.Pipeline(model, chunks=way.split()[-1]) as pipeline:
            result = len(pipeline.notes(sound, video=crops))
    with open("/proc/self/status", encoding="ascii") as file:
        after = next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))
    print(before / 1024, after / 1024, time.process_time() - begin, result)


def memory(options):
    import wave
    with tempfile.TemporaryDirectory() as folder:
        write_small(folder)
        random = np.random.default_rng(0)
        for minutes in options.minutes:
            with wave.open(f"{folder}/{minutes}.wav", "wb") as file:
                file.setparams((1, 2, 16000, 0, "NONE", None))
                for _ in range(minutes):
                    file.writeframes((random.standard_normal(960000) * 3000).astype("<i2").tobytes())
            crops = np.lib.format.open_memmap(f"{folder}/{minutes}.npy", "w+", np.uint8,
                                              (minutes * 3000, SIDE, SIDE))
            minute = random.integers(0, 256, (3000, SIDE, SIDE), dtype=np.uint8)
            for i in range(minutes):
                crops[3000 * i:3000 * (i + 1)] = minute
            del crops
        for way in options.ways or WAYS:
            first = None
            for minutes in options.minutes:
                done = subprocess.run(
                    [sys.executable, __file__, "peak", folder, way, str(minutes)], check=True,
                    capture_output=True, text=True, env=dict(os.environ, OMP_NUM_THREADS="1"))
                before, after, seconds, result = map(float, done.stdout.split())
                first = first or after
                print(f"{way}, {minutes} min: {after:.0f} MB at most, {before:.0f} of them before, "
                      f"{after / first:.2f} times the first; {seconds:.1f} s, "
                      f"{result:.0f} {'frames' if 'features' in way else 'notes'}", flush=True)


def large_ones():
    """Of sound and of sight, each with what a piece of 30 s is for it."""
    import torch
    from avsvt.networks import SpeechEncoder, avhubert
    sound = SpeechEncoder(1024, 24, 16, 4096, front_norm="channels", conv_bias=True,
                          norm_first=True, input_epsilon=1e-5)
    yield ("wav2vec 2.0", sound, (480000,),
           {"kind": "audio", "sample_rate": 16000, "hop": 320, "window": 400, "min_samples": 400})
    sight = avhubert.VideoEncoder(avhubert.Body(1024, 24, 16, 4096))
    yield ("AV-HuBERT", sight, (750, 88, 88),
           {"kind": "video", "width": 88, "height": 88, "frame_rate": 25})


def operations(network, shape):
    """Of one piece, counted where no numbers are."""
    import torch
    from torch.utils import flop_counter
    # Forgotten there.
    in_place = {torch.ops.aten.baddbmm_: lambda _, a, b, **__: 2 * a[0] * a[1] * a[2] * b[2]}
    with torch.inference_mode(), flop_counter.FlopCounterMode(
            display=False, custom_mapping=in_place) as counter:
        network.to("meta")(torch.empty(1, *shape, device="meta"))
    return counter.get_total_flops()


def fastest(work, runs):
    taken = []
    for _ in range(runs):
        begin = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begin)
    return min(taken)


def peak_of(device, precision, runs, size=8192):
    """Operations a second of products of large matrices."""
    import torch
    one = torch.randn(size, size, device=device).to({"bf16": torch.bfloat16, "fp16": torch.float16,
                                                     "fp32": torch.float32}[precision])

    def products():
        for _ in range(8):
            made = one @ one
        return made[0, 0].item()  # done by then

    products()
    return 8 * 2 * size ** 3 / fastest(products, runs)


def device(options):
    from avsvt.export import parts
    peak = peak_of(options.device, options.precision, options.runs, options.size)
    print(f"products of matrices: {peak / 1e12:.3g} T operations/s")
    for name, network, shape, told in large_ones():
        with tempfile.TemporaryDirectory() as folder:
            file, step = f"{folder}/large.pt", 1 if told["kind"] == "video" else 320
            short = (1, 5, *shape[1:]) if told["kind"] == "video" else (1, 4000)
            parts.write_model(file, network, {
                "avsvt": 1, "name": "large", "role": "extractor", "input": told,
                "output": {"width": 1024, "frame_rate": 25 if step == 1 else 50},
                "chunk": {"length_s": 20, "context_s": 5}}, network, [(parts.noise(*short),)], name)
            context = avsvt.Context(device=options.device, precision=options.precision)
            rate = told.get("frame_rate") or told["sample_rate"]
            random = np.random.default_rng(0)
            long = (int(options.minutes * 60 * rate), *shape[1:])
            given = (random.integers(0, 256, long, np.uint8) if step == 1
                     else random.standard_normal(long, np.float32) * 0.1)
            with avsvt.Extractor(avsvt.Model(file, context=context)) as extract:
                def run():
                    pieces = (extract.pieces(crops=given, batch=options.batch) if step == 1 else
                              extract.pieces(given, 16000, batch=options.batch))
                    return sum(len(each) for each in pieces)
                run()
                seconds = fastest(run, options.runs)
        # Each 20 s with 5 s on both sides, but for the ends.
        count = (options.minutes * 60 * 1.5 - 10) / 30 * operations(network, shape)
        print(f"{name}: {options.minutes:g} minutes in {seconds:.3f} s, "
              f"{count / seconds / 1e12:.3g} T operations/s, {count / seconds / peak:.0%} of that")


def main():
    if sys.argv[1:2] == ["serve"]:
        return serve(*sys.argv[2:])
    if sys.argv[1:2] == ["peak"]:
        return peak(*sys.argv[2:])
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_subparsers(required=True)
    one = what.add_parser("speed")
    one.add_argument("--layers", type=int, default=24)
    one.add_argument("--seconds", type=float, default=10)
    one.add_argument("--runs", type=int, default=5)
    one.add_argument("--also", action="append", default=[], metavar="LIBRARY,MODULES")
    one.add_argument("--onnx", action="store_true", help="ONNX Runtime beside them")
    one.set_defaults(run=speed)
    one = what.add_parser("chunks")
    one.add_argument("pipeline")
    one.add_argument("sounds", nargs="+")
    one.set_defaults(run=chunks)
    one = what.add_parser("memory")
    one.add_argument("--minutes", type=int, nargs="+", default=[1, 60])
    one.add_argument("--ways", nargs="+", choices=WAYS, metavar="WAY",
                     help=", ".join(WAYS) + "; default: all")
    one.set_defaults(run=memory)
    one = what.add_parser("device")
    one.add_argument("--device", default="cuda")
    one.add_argument("--precision", choices=["fp32", "bf16", "fp16"], default="bf16")
    one.add_argument("--batch", type=int, default=16)
    one.add_argument("--minutes", type=float, default=4)
    one.add_argument("--runs", type=int, default=5)
    one.add_argument("--size", type=int, default=8192, help="of the matrices")
    one.set_defaults(run=device)
    options = parser.parse_args()
    options.run(options)


if __name__ == "__main__":
    main()
