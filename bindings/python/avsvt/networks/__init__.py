# SPDX-License-Identifier: MIT
"""The trainable networks: scriptable modules with ``forward`` and ``loss``.

Each is written once, here. Exported (see ``avsvt.export``) the same file
serves inference and training. This package needs PyTorch.
"""
from .notes import NoteNetwork
from .speech import SpeechEncoder

__all__ = ["NoteNetwork", "SpeechEncoder"]
