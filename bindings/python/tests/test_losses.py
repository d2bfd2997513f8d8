# SPDX-License-Identifier: MIT
"""The published losses on golden values, scripted as a model file has them."""
import json
import warnings

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from avsvt.networks import losses  # noqa: E402


class Scripted(torch.nn.Module):
    """The losses as methods, since that is how they are exported."""

    def forward(self, x: torch.Tensor):
        return x

    @torch.jit.export
    def notes(self, logits: torch.Tensor, anno: torch.Tensor, lens: torch.Tensor):
        return losses.note_frames_loss(logits, anno, lens)

    @torch.jit.export
    def lyrics(self, ctc: torch.Tensor, sequence: torch.Tensor, tokens: torch.Tensor,
               tokens_eos: torch.Tensor, lens: torch.Tensor, token_lens: torch.Tensor,
               eos_lens: torch.Tensor):
        return losses.lyrics_loss(ctc, sequence, tokens, tokens_eos, lens, token_lens, eos_lens)


@pytest.fixture(scope="module")
def scripted():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.jit.script(Scripted())


def golden(data, system):
    folder = data / "reference" / system / "golden"
    if not folder.is_dir():
        pytest.skip(f"left out: no golden cases at {folder}")
    about = json.loads((folder / "case06_losses.json").read_text())
    arrays = np.load(folder / "case06_losses.npz")
    for key in (case["key"] for case in about["cases"]):
        yield {name[len(key) + 1:]: torch.from_numpy(arrays[name]) for name in arrays.files
               if name.startswith(f"{key}_")}


def close(ours, theirs):
    scale = max(float(theirs.abs().max()), 1e-6)
    return np.allclose(ours.detach(), theirs, rtol=1e-5, atol=1e-5 * scale)


def test_the_loss_of_notes_is_that_of_the_published_training(data, scripted):
    for case in golden(data, "svt"):
        logits = case["logits"].requires_grad_()
        loss = scripted.notes(logits, case["anno"], case["lens"])
        loss.backward()
        assert close(loss, case["total"]) and close(logits.grad, case["grad"])
        terms, mask = losses.note_frames_terms(logits, case["anno"], case["lens"])
        for term, name in zip(terms, ("onset", "offset", "octave", "pitch"), strict=True):
            assert close(term.sum() / mask.sum(), case[f"{name}_mean"]), name
            assert close(term.sum(1) / mask.sum(1), case[f"{name}_batch"]), name


def test_the_loss_of_lyrics_is_that_of_the_published_training(data, scripted):
    for case in golden(data, "alt"):
        ctc = case["ctc_logits"].requires_grad_()
        sequence = case["seq_logits"].requires_grad_()
        loss = scripted.lyrics(ctc, sequence, case["tokens"], case["tokens_eos"],
                               case["wav_lens"], case["token_lens"], case["eos_lens"])
        loss.backward()
        assert close(loss, case["total"])
        assert close(ctc.grad, case["grad_ctc"]) and close(sequence.grad, case["grad_seq"])
        parts = losses.ctc_loss(ctc, case["tokens"], case["wav_lens"], case["token_lens"])
        assert close(parts, case["ctc"])
        assert close(losses.sequence_loss(sequence, case["tokens_eos"], case["eos_lens"]),
                     case["seq"])
        assert close(losses.sequence_loss(sequence, case["tokens_eos"], case["eos_lens"], 0.0),
                     case["seq_no_smoothing"])


def test_labels_of_another_length_are_refused():
    with pytest.raises(ValueError, match="differ by more than 3 frames"):
        losses.note_frames_loss(torch.zeros(1, 10, 20), torch.zeros(1, 14, 4).long(),
                                torch.ones(1))
