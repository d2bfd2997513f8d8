# SPDX-License-Identifier: MIT
"""The trainable networks: scriptable modules with ``forward`` and ``loss``.

Each is written once, here. Exported (see ``avsvt.export``) the same file
serves inference and training. This package needs PyTorch.
"""
from .notes import NoteNetwork
from .spec_augment import SpecAugment
from .speech import SpeechEncoder
from .speech_notes import SpeechNotes
from .video_notes import VideoNotes

__all__ = ["NoteNetwork", "SpecAugment", "SpeechEncoder", "SpeechNotes", "VideoNotes"]
