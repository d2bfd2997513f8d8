# SPDX-License-Identifier: MIT
"""Making model files: ``python -m avsvt.export KIND CHECKPOINT... -o OUT.pt``.

Each kind is a module of this package with ``SUMMARY``, ``add_arguments`` and
``export``; ``KINDS`` names them. This package needs PyTorch.
"""
from importlib import import_module

KINDS = {"notes-default": "notes_default", "svt-av": "svt_av"}


def kind(name: str):
    """The module that exports models of this kind."""
    return import_module("." + KINDS[name], __name__)
