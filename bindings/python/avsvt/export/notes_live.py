# SPDX-License-Identifier: MIT
"""Export of the live note network, which streams run."""
import os
import warnings

import torch

from .. import networks
from . import archive, notes_default

SUMMARY = "the live note network (weights of our own: {'sizes': ..., 'state': ...})"

TRAINED_ON = notes_default.TRAINED_ON[:1] + [
    {"name": "the weights of notes-default, which it starts from", "licence": "MIT"},
    {"name": "spoken prompts re-sung on melodies, and as speech that must stay empty: "
             "asterisk-core-sounds-en/fr/es, klettres-data, ktuberling-data",
     "licence": notes_default.DEBIAN},
    {"name": "speech made by espeak-ng, used alike",
     "licence": "the program is GPL-3.0-or-later; its output was used"},
    {"name": "accompaniment rendered by us with FluidSynth and FluidR3_GM",
     "licence": "sound font MIT; the music is random and ours"},
]


def add_arguments(parser) -> None:
    parser.add_argument("--name", default="notes-live", help="the model's name")


def load(path: str):
    """A checkpoint as our network, and its sizes."""
    checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    if not isinstance(checkpoint, dict) or not {"sizes", "state"} <= set(checkpoint):
        raise ValueError(f"{path}: not a checkpoint of the live network")
    sizes = checkpoint["sizes"]
    if not sizes.get("lookahead", 0) > 0:
        raise ValueError(f"{path}: its network has no look-ahead: it is not a live one")
    network = networks.NoteNetwork(**sizes).eval()
    network.load_state_dict(checkpoint["state"])
    return network, sizes


def manifest(name: str, sizes: dict, tensors: dict) -> dict:
    """As the default model's, with what a stream needs to know."""
    made = notes_default.manifest(name, sizes, tensors)
    made["chunk"] = {"length_s": 120, "context_s": 20}
    made["live"] = {"onset_threshold": 0.5, "offset_threshold": 0.5,
                    "min_duration_s": 0.08}
    made["trained_on"] = TRAINED_ON
    made["native"]["family"] = "harmonic-gru-live-1"
    return made


def export(options) -> str:
    if len(options.checkpoints) != 1:
        raise ValueError("notes-live is made of one checkpoint")
    network, sizes = load(options.checkpoints[0])
    worst = 0.0

    def check(written):
        nonlocal worst
        worst = notes_default.largest_difference(written, network)
        if not worst <= notes_default.TOLERANCE:
            raise ValueError(f"{options.checkpoints[0]}: the written network differs by "
                             f"{worst:.2g}; nothing is written")

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TorchScript is deprecated; it is our format
        entries = archive.save(torch.jit.script(network))
        tensors = archive.locate_tensors(entries, network)
        text = archive.to_yaml(manifest(options.name, sizes, tensors))
        archive.write_archive(options.output, entries, text, check, packed=True)
    return (f"{options.output}: {os.path.getsize(options.output)} bytes, {len(tensors)} "
            f"tensors, differs from its source by at most {worst:.2g}")
