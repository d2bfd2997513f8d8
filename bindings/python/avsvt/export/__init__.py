# SPDX-License-Identifier: MIT
"""Making model files: ``python -m avsvt.export KIND CHECKPOINT... -o OUT.pt``.

Each kind is a module of this package, or an object in one ("module:object"),
with ``SUMMARY``, ``add_arguments`` and ``export``, ``OUTPUT`` where it writes other
than OUT.pt, and ``CHECKPOINTS`` where it takes other than one or more; ``KINDS``
names them. This package needs PyTorch.
"""
import os
from collections.abc import Iterable
from importlib import import_module
from typing import Any

KINDS = {
    "notes-default": "notes_default",
    "notes-live": "notes_live",
    "wav2vec2": "huggingface:wav2vec2",
    "hubert": "huggingface:hubert",
    "wavlm": "huggingface:wavlm",
    "data2vec": "huggingface:data2vec",
    "fairseq-wav2vec2": "fairseq:wav2vec2",
    "fairseq-hubert": "fairseq:hubert",
    "avhubert": "avhubert",
    "svt-audio": "svt_audio",
    "svt-audio-whole": "svt_audio_whole",
    "svt-video": "svt_video",
    "svt-video-whole": "svt_video_whole",
    "svt-av": "svt_av",
    "fusion-add": "fusion:add",
    "fusion-concat": "fusion:concat",
    "fusion-cross": "fusion:cross",
    "sight": "sight",
}


def kind(name: str) -> Any:
    """What exports models of this kind."""
    where, _, inner = KINDS[name].partition(":")
    module = import_module("." + where, __name__)
    return getattr(module, inner) if inner else module


def spare(path: str, given: Iterable[str]) -> None:
    """Refuses to write `path` over one of the files that it is made of."""
    if os.path.exists(path) and any(os.path.exists(each) and os.path.samefile(each, path)
                                    for each in given):
        raise ValueError(f"{path}: would be written over what it is made of; -o must name "
                         "another file")
