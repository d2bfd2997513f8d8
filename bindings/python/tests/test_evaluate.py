# SPDX-License-Identifier: MIT
import avsvt
import numpy as np
import pytest


def random_notes(rng, count):
    onset = np.sort(rng.uniform(0, 20, count)).round(3)
    return np.stack([onset, onset + rng.uniform(0.03, 1, count).round(3),
                     rng.integers(48, 72, count) + rng.normal(0, 0.3, count)], 1)


def disturbed(rng, notes):
    """An estimate that is partly right, with ties and doubles."""
    keep = notes[rng.random(len(notes)) < 0.8]
    moved = keep + rng.normal(0, [0.03, 0.05, 0.3], keep.shape)
    extra = keep[rng.random(len(keep)) < 0.2] + [0.01, 0.01, 0]
    rows = np.concatenate([moved, extra, random_notes(rng, 3)])
    rows[:, 0] = np.maximum(rows[:, 0], 0)
    rows[:, 1] = np.maximum(rows[:, 1], rows[:, 0] + 0.01)
    return rows[np.argsort(rows[:, 0], kind="stable")]


def mir_eval_scores(ref, est):
    transcription = pytest.importorskip("mir_eval").transcription
    hz = [440 * 2 ** ((rows[:, 2] - 69) / 12) for rows in (ref, est)]
    both = (ref[:, :2], hz[0], est[:, :2], hz[1])
    return {
        "conpoff": transcription.precision_recall_f1_overlap(*both)[:3],
        "conp": transcription.precision_recall_f1_overlap(*both, offset_ratio=None)[:3],
        "con": transcription.onset_precision_recall_f1(ref[:, :2], est[:, :2]),
        "coff": transcription.offset_precision_recall_f1(ref[:, :2], est[:, :2])}


@pytest.mark.parametrize("seed", range(60))
def test_scores_are_those_of_mir_eval(seed):
    rng = np.random.default_rng(seed)
    ref = random_notes(rng, int(rng.integers(1, 60)))
    est = disturbed(rng, ref)
    scores = avsvt.evaluate.notes(ref, est)
    for name, expected in mir_eval_scores(ref, est).items():
        ours = scores[name]
        assert (ours.precision, ours.recall, ours.f1) == pytest.approx(expected, abs=1e-9), name
    assert (scores.reference, scores.estimated) == (len(ref), len(est))


def test_results_read_as_objects_and_as_mappings():
    ref = [[0, 1, 60], [1, 2, 62]]
    scores = avsvt.evaluate.notes(ref, ref[:1])
    assert scores.con.recall == scores["con"]["recall"] == scores.as_dict()["con"]["recall"] == 0.5
    assert dict(scores)["con"].precision == 1
    with pytest.raises(KeyError):
        scores["unknown"]


def test_frequencies_are_not_taken_for_midi_numbers():
    hz = np.array([[0, 1, 440.0]])
    for rows in (hz, hz + [0, 0, 1]):  # 4 cents apart, which were 100
        with pytest.raises(ValueError, match="69 [+] 12"):
            avsvt.evaluate.notes(rows, hz)
    with pytest.raises(ValueError, match="MIDI number"):
        avsvt.Notes([0], [1], [128])
    assert len(avsvt.Notes([0], [1], [127.9])) == 1  # as files may have it


def test_files_and_notes_are_compared_alike(tmp_path):
    ref = avsvt.Notes([0, 1], [1, 2], [60, 62])
    ref.write(tmp_path / "ref.csv")
    assert avsvt.evaluate.notes(tmp_path / "ref.csv", ref).conpoff.f1 == 1
    assert len(ref) == 2  # still open


def test_tolerances_count():
    ref, est = [[0.0, 1, 60]], [[0.08, 1, 60.8]]
    assert avsvt.evaluate.notes(ref, est).con.f1 == 0
    assert avsvt.evaluate.notes(ref, est, onset_tolerance=0.1).con.f1 == 1
    assert avsvt.evaluate.notes(ref, est, onset_tolerance=0.1, pitch_tolerance=100).conp.f1 == 1
    with pytest.raises(ValueError):
        avsvt.evaluate.notes(ref, est, onset_tolerance=-1)


def test_nothing_against_something_scores_nothing():
    assert avsvt.evaluate.notes([], [[0, 1, 60]]).con.f1 == 0
    assert avsvt.evaluate.notes([], []).conpoff.f1 == 0


def test_what_is_no_note_list_is_refused(tmp_path):
    with pytest.raises(ValueError, match="onset, offset, pitch"):
        avsvt.evaluate.notes([[0, 1]], [])
    with pytest.raises(FileNotFoundError):
        avsvt.evaluate.notes(tmp_path / "absent.csv", [])
