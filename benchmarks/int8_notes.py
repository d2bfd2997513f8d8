# SPDX-License-Identifier: MIT
"""What weights of 8 bits in a speech encoder do to notes.

    export AVSVT_LIBRARY=build/libavsvt.so.0 AVSVT_MODULE_PATH=build/avsvt
    export PYTHONPATH=bindings/python OMP_NUM_THREADS=1
    python3 benchmarks/int8_notes.py new FOLDER
    python3 benchmarks/int8_notes.py compare TRAINED.pt SONGS [--chunks overlap]

new: a small wav2vec 2.0 with weights drawn by chance, as a Hugging Face folder,
for recipes/int8.yaml, which tells the commands between the two.

compare: what `avsvt train` made of encoder and head, exported in float and with
--int8, both on the songs of a folder with their labels beside them (NAME.flac,
NAME.txt). Mean F1 per song of each against the labels, the mean of the songs'
differences with its standard error; int8 against the notes of float; how many
notes are the same to the frame; how far features and logits move, in root mean
square, and how often a frame's decision changes; CPU seconds, the two in turns.
--noise 0.05: the notes too that come of the float features with noise of 5 % of
their root mean square, for encoders whose features int8 moves further."""
import argparse
import pathlib
import tempfile
import time

import numpy as np

import avsvt

MEASURES = {"COnPOff": "conpoff", "COnP": "conp", "COn": "con", "COff": "coff"}
SOUNDS = (".flac", ".wav", ".ogg", ".mp3")
WAYS = ("float", "int8")


def new(options):
    import torch
    import transformers
    torch.manual_seed(options.seed)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    transformers.Wav2Vec2Model(transformers.Wav2Vec2Config(
        hidden_size=256, num_hidden_layers=4, num_attention_heads=4, intermediate_size=768,
        conv_dim=[32, 64, 64, 128, 128, 256, 256], conv_bias=True, feat_extract_norm="layer",
        do_stable_layer_norm=True, num_conv_pos_embeddings=32,
        num_conv_pos_embedding_groups=16, hidden_dropout=0.0, attention_dropout=0.0,
        activation_dropout=0.0, layerdrop=0.0)).save_pretrained(options.folder)


def export(model, folder):
    """The same weights in both ways; says how well they agree."""
    from avsvt.export.__main__ import main as exporter
    for way in WAYS:
        more = ["--int8"] if way == "int8" else []
        if exporter(["svt-audio", str(model), "-o", f"{folder}/{way}.yaml", *more]):
            raise SystemExit(1)


def labelled(folder):
    for sound in sorted(pathlib.Path(folder).iterdir()):
        if sound.suffix in SOUNDS:
            yield sound, sound.with_suffix(".txt")


def decisions(logits):
    """What the decoder hears in each frame: sung or not, octave, pitch class."""
    return np.stack([logits[:, 1] >= 0, logits[:, 2:7].argmax(1), logits[:, 7:20].argmax(1)])


class Way:
    """One of the two files, and what it gave."""

    def __init__(self, name, folder, chunks):
        self.name, self.chunks, self.seconds, self.scores = name, chunks, 0.0, []
        self.pipeline = avsvt.Pipeline(f"{folder}/{name}.yaml", chunks=chunks)
        self.extract = avsvt.Extractor(f"{folder}/{name}-encoder.pt")

    def hear(self, sound, rate):
        begin = time.process_time()
        activations = self.pipeline.activations(sound, rate)
        self.notes = activations.notes()
        self.seconds += time.process_time() - begin
        self.logits = np.array(activations.logits)
        self.features = np.concatenate(list(self.extract.pieces(
            sound, rate, chunks=self.chunks or "published")))


    def noisy(self, share, seed):
        """The notes of these features with noise."""
        noise = np.random.default_rng(seed).standard_normal(self.features.shape)
        level = share * np.sqrt(np.mean(self.features ** 2))
        return self.pipeline.features(audio=self.features + level * noise).notes()


def row(name, scores, digits=1):
    values = " / ".join(f"{100 * np.mean([s[key].f1 for s in scores]):.{digits}f}"
                        for key in MEASURES.values())
    print(f"{name:24} {values}")


def compare(options):
    with tempfile.TemporaryDirectory() as folder:
        export(options.model, folder)
        ways = [Way(name, folder, options.chunks) for name in WAYS]
    moved = {"features": [0.0, 0.0], "logits": [0.0, 0.0]}
    noisy = {share: ([], []) for share in options.noise}
    against, notes, same, frames, changed, length = [], 0, 0, 0, 0, 0.0
    for i, (path, labels) in enumerate(labelled(options.songs)):
        sound, rate = avsvt.read_audio(path, 16000)
        length += len(sound) / rate
        for way in ways[::1 if i % 2 else -1]:
            way.hear(sound, rate)
            way.scores.append(avsvt.evaluate.notes(labels, way.notes))
        one, other = ways
        against.append(avsvt.evaluate.notes(one.notes, other.notes))
        for share, (to_labels, to_float) in noisy.items():
            found = one.noisy(share, i)
            to_labels.append(avsvt.evaluate.notes(labels, found))
            to_float.append(avsvt.evaluate.notes(one.notes, found))
        lists = [[tuple(note) for note in way.notes.to_array()] for way in ways]
        notes += len(lists[0])
        same += len(set(lists[0]) & set(lists[1]))
        for what, sums in moved.items():
            a, b = getattr(one, what), getattr(other, what)
            sums[0] += float(np.sum((b - a) ** 2))
            sums[1] += float(np.sum(a ** 2))
        frames += len(one.logits)
        changed += int((decisions(one.logits) != decisions(other.logits)).any(0).sum())
    if not against:
        raise SystemExit(f"{options.songs}: no songs")
    print(f"{len(against)} songs, {length / 60:.0f} minutes; {' / '.join(MEASURES)}, mean F1 per "
          "song in %")
    for way in ways:
        row(f"{way.name} against labels", way.scores)
    away = {key: np.array([100 * (b[key].f1 - a[key].f1) for a, b in
                           zip(one.scores, other.scores)]) for key in MEASURES.values()}
    print(f"{'int8 less float':24} " + " / ".join(
        f"{d.mean():+.2f}" for d in away.values()) + "; standard error " + " / ".join(
            f"{d.std(ddof=1) / len(d) ** 0.5 if len(d) > 1 else 0:.2f}" for d in away.values()))
    row("int8 against float", against)
    counts = [sum(round(s[key].recall * s.reference) for s in against)
              for key in ("conpoff", "conp")]
    print(f"of {notes} notes of float int8 has {counts[1]} by onset and pitch, {counts[0]} with "
          f"their offset too; {same} are the same to the frame; it writes "
          f"{sum(s.estimated for s in against)}")
    print("; ".join(f"{what} move by {100 * (a / b) ** 0.5:.2g} %" for what, (a, b) in
                    moved.items())
          + f"; {100 * changed / frames:.2g} % of the frames are decided otherwise")
    for share, (to_labels, to_float) in noisy.items():
        row(f"noise {100 * share:g} %, labels", to_labels)
        row(f"noise {100 * share:g} %, float", to_float)
    print(f"float {one.seconds:.1f} s of processor time, int8 {other.seconds:.1f} s, "
          f"{one.seconds / other.seconds:.2f} times as fast")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_subparsers(required=True)
    one = what.add_parser("new")
    one.add_argument("folder")
    one.add_argument("--seed", type=int, default=1)
    one.set_defaults(run=new)
    one = what.add_parser("compare")
    one.add_argument("model", metavar="TRAINED.pt")
    one.add_argument("songs")
    one.add_argument("--chunks", choices=("published", "overlap", "whole"),
                     help="how songs are cut; default: as the file says (published)")
    one.add_argument("--noise", type=float, nargs="+", default=[], metavar="SHARE")
    one.set_defaults(run=compare)
    options = parser.parse_args()
    options.run(options)


if __name__ == "__main__":
    main()
