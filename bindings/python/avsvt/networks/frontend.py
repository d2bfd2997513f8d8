# SPDX-License-Identifier: MIT
"""The fixed front end of the note network: sound in, three views out.

Everything here is a table or a plain operation (frame, window, Fourier
transform, matrix product, logarithm), so that it can be rebuilt in C.
"""
from typing import Any, Tuple, TypeVar

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

SAMPLE_RATE = 16000
HOP = 320                     # samples per frame: 50 frames a second
PITCH_WINDOW = 2048
TIMING_WINDOW = 512

BINS_PER_SEMITONE = 3
FINE_BINS = 150               # pitch resolution of the network: 50 semitones
FINE_LOWEST = 35.0 - 1.0 / 3  # MIDI number of fine bin 0
FINE_STEP = 1.0 / BINS_PER_SEMITONE
OCTAVE_BINS = 12 * BINS_PER_SEMITONE
# Bins from a fundamental to its harmonics 1 to 6, rounded to a third of a
# semitone.
HARMONIC_SHIFTS = (0, 36, 57, 72, 84, 93)
MEL_BANDS = 64
LAG_SPECTRUM_BINS = 512       # bins below 4 kHz enter the autocorrelation


Pitch = TypeVar("Pitch", float, NDArray[np.floating[Any]])


def midi_to_hz(midi: Pitch) -> Pitch:
    return 440.0 * 2.0 ** ((midi - 69.0) / 12.0)


def pitch_filters(bins: int) -> Tensor:
    """Triangular filters a third of a semitone apart, each of sum 1.

    Low filters are widened to 1.5 bins of the transform, otherwise some would
    fall between two bins and hear nothing.
    """
    frequency = np.arange(PITCH_WINDOW // 2 + 1) * SAMPLE_RATE / PITCH_WINDOW
    filters = np.zeros((len(frequency), bins), np.float32)
    for i in range(bins):
        centre = midi_to_hz(FINE_LOWEST + i * FINE_STEP)
        width = max(centre * (2 ** (1 / (12 * BINS_PER_SEMITONE)) - 1),
                    1.5 * SAMPLE_RATE / PITCH_WINDOW)
        filters[:, i] = np.maximum(0, 1 - np.abs(frequency - centre) / width)
        filters[:, i] /= max(filters[:, i].sum(), 1e-9)
    return torch.tensor(filters)


def mel_filters(lowest_hz: float = 50.0, highest_hz: float = 7800.0) -> Tensor:
    """Mel filters of sum 1 for the timing view."""
    frequency = np.arange(TIMING_WINDOW // 2 + 1) * SAMPLE_RATE / TIMING_WINDOW
    mel = 2595 * np.log10(1 + np.array([lowest_hz, highest_hz]) / 700)
    edges = 700 * (10 ** (np.linspace(mel[0], mel[1], MEL_BANDS + 2) / 2595) - 1)
    least = 0.75 * SAMPLE_RATE / TIMING_WINDOW
    filters = np.zeros((len(frequency), MEL_BANDS), np.float32)
    for i in range(MEL_BANDS):
        centre = edges[i + 1]
        low = min(edges[i], centre - least)
        high = max(edges[i + 2], centre + least)
        rising = (frequency - low) / (centre - low)
        falling = (high - frequency) / (high - centre)
        filters[:, i] = np.maximum(0, np.minimum(rising, falling))
        filters[:, i] /= max(filters[:, i].sum(), 1e-9)
    return torch.tensor(filters)


def lag_cosines(bins: int) -> Tensor:
    """Cosines that turn a spectrum into its autocorrelation at log-spaced lags.

    Column j is the lag of one period of the pitch an octave below
    ``FINE_LOWEST`` plus j thirds of a semitone.
    """
    pitch = FINE_LOWEST - 12 + np.arange(bins) * FINE_STEP
    lag = SAMPLE_RATE / midi_to_hz(pitch)
    k = np.arange(LAG_SPECTRUM_BINS)[:, None]
    cosines = 2 * np.cos(2 * np.pi * k * lag[None] / PITCH_WINDOW)
    cosines[0] /= 2  # the constant part has no mirror image in the spectrum
    return torch.tensor(cosines.astype(np.float32))


class FrontEnd(nn.Module):
    """Three views of the sound, frame i centred on sample ``320 * i``.

    ``forward(samples [batch, n])`` gives, for ``frames = n // 320 + 1``:

    * ``pitch [batch, frames, 258]``: log spectrum, a third of a semitone a bin;
    * ``lags [batch, frames, 186]``: autocorrelation of the spectrum's magnitude
      to the power 0.67, at log-spaced lags: strong at the period of a sung
      tone whichever of its harmonics is loud;
    * ``timing [batch, frames, 128]``: two log mel columns, 10 ms apart.

    With a ``lookahead`` of some frames the windows end where the sound known so
    far ends: row r is made of samples before ``320 * (r + 1)``, and there are
    ``n // 320 + lookahead`` rows, the last of them over zeros after the end.
    """

    def __init__(self, lookahead: int = 0):
        super().__init__()
        self.lookahead = lookahead
        # Not told of the class: TorchScript would write it with other types.
        self.pitch_window: Tensor
        self.timing_window: Tensor
        self.pitch_filters: Tensor
        self.mel_filters: Tensor
        self.lag_cosines: Tensor
        # Cloned, since hann_window() returns all but the last of a longer block,
        # and model files should hold exactly what is used.
        self.register_buffer("pitch_window", torch.hann_window(PITCH_WINDOW).clone())
        self.register_buffer("timing_window", torch.hann_window(TIMING_WINDOW).clone())
        self.register_buffer("pitch_filters",
                             pitch_filters(FINE_BINS + 3 * OCTAVE_BINS))
        self.register_buffer("mel_filters", mel_filters())
        self.register_buffer("lag_cosines", lag_cosines(FINE_BINS + OCTAVE_BINS))

    def magnitude(self, padded: Tensor, window: Tensor, hop: int) -> Tensor:
        # torch.stft is not used: scripted by one version of PyTorch it can't
        # be read by another.
        size = window.shape[0]
        framed = padded.unfold(1, size, hop) * window
        # 2 / sum(window): a full-scale sine has magnitude 1.
        return torch.fft.rfft(framed).abs() * (4.0 / size)

    def windows(self, samples: Tensor, size: int, hop: int, rows: int) -> Tensor:
        """The samples with the zeros that rows of windows need on both sides."""
        if self.lookahead > 0:
            return F.pad(samples, [size - hop, rows * 320 - samples.shape[1]])
        return F.pad(samples, [size // 2, size // 2 + 320 - hop])

    def forward(self, samples: Tensor) -> Tuple[Tensor, Tensor, Tensor]:
        batch = samples.shape[0]
        frames = samples.shape[1] // 320 + 1
        rows = frames + self.lookahead - 1 if self.lookahead > 0 else frames
        spectrum = self.magnitude(self.windows(samples, 2048, 320, rows),
                                  self.pitch_window, 320)
        pitch = torch.log(torch.matmul(spectrum, self.pitch_filters) + 1e-4)

        power = torch.pow(spectrum[:, :, :512] + 1e-7, 0.67)
        energy = power.sum(2, keepdim=True) * 2.0 + 1e-2
        lags = torch.matmul(power, self.lag_cosines) / energy

        # The view for onsets has two columns per frame.
        fine_time = self.magnitude(self.windows(samples, 512, 160, rows),
                                   self.timing_window, 160)
        fine_time = fine_time[:, :2 * rows]
        mel = torch.log(torch.matmul(fine_time, self.mel_filters) + 1e-4)
        timing = mel.reshape(batch, rows, 128)
        return pitch, lags, timing
