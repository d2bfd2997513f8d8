# SPDX-License-Identifier: MIT
import json
import pickle

import avsvt
import numpy as np
import pytest


@pytest.fixture
def notes():
    return avsvt.Notes([0.5, 1.25], [1.0, 2.0], [60.25, 62.0], level=[-12, -9.5],
                       confidence=[0.75, 0.5])


def test_columns_are_arrays(notes):
    assert notes.onset.tolist() == [0.5, 1.25]
    assert notes.offset.tolist() == [1.0, 2.0]
    assert notes.pitch.tolist() == [60.25, 62.0]
    assert notes.level.tolist() == [-12, -9.5]
    assert notes.confidence.tolist() == [0.75, 0.5]
    assert len(notes) == 2 and notes[-1] == avsvt.Note(1.25, 2.0, 62.0, -9.5, 0.5)
    assert [note.pitch for note in notes] == [60.25, 62.0]


def test_a_part_of_notes_is_notes(notes):
    three = avsvt.Notes([0, 1, 2], [1, 2, 3], [60, 61, 62], level=[-1, -2, -3])
    for part in (three[1:], three[[1, 2]], three[three.pitch > 60], three[-2:],
                 three[np.array([2, 1])], three[:0:-1]):
        assert isinstance(part, avsvt.Notes)
        assert part.onset.tolist() == [1, 2] and part.level.tolist() == [-2, -3]
    assert len(three[5:]) == 0 and len(three[:]) == 3
    assert notes[np.int64(1)] == notes[1]
    for wrong in (2, -3, [3]):
        with pytest.raises(IndexError):
            notes[wrong]
    with pytest.raises(TypeError, match="str"):
        notes["onset"]


def test_notes_are_sorted_by_onset():
    assert avsvt.Notes([3, 1], [4, 2], [60, 70]).pitch.tolist() == [70, 60]


def test_notes_travel_by_pickle(notes):
    assert pickle.loads(pickle.dumps(notes)).to_array().tolist() == notes.to_array().tolist()


def test_no_notes_are_a_list_too():
    empty = avsvt.Notes.from_array([])
    assert len(empty) == 0 and empty.onset.shape == (0,)


@pytest.mark.parametrize("columns", [
    ([0, 1], [1], [60, 61]), ([0], [1], [float("nan")]), ([2], [1], [60])])
def test_impossible_notes_are_refused(columns):
    with pytest.raises(ValueError):
        avsvt.Notes(*columns)


@pytest.mark.parametrize("ending", ["csv", "json"])
def test_written_notes_read_back(notes, tmp_path, ending):
    path = tmp_path / f"söng.{ending}"
    notes.write(path)
    read = avsvt.read_notes(path)
    np.testing.assert_allclose(read.to_array(), notes.to_array(), atol=1e-3)


def test_formats_in_memory(notes):
    assert notes.to_csv().splitlines()[0] == "onset,offset,pitch"
    assert len(json.loads(notes.to_json())["notes"]) == 2
    assert notes.to_midi(tempo_bpm=90).startswith(b"MThd")
    assert notes._repr_svg_().startswith("<svg")
    assert "<svg" in notes._repr_html_()


def test_a_path_without_a_format_is_refused(notes, tmp_path):
    with pytest.raises(ValueError):
        notes.write(tmp_path / "notes.unknown")
    with pytest.raises(ValueError, match="none of csv"):
        notes.write(tmp_path / "notes.csv", format="wav")
    assert not list(tmp_path.iterdir())


def test_writing_into_a_missing_folder_names_it(notes, tmp_path):
    with pytest.raises(OSError, match="nowhere"):
        notes.write(tmp_path / "nowhere" / "notes.csv")


def test_reading_what_is_missing_or_no_list(tmp_path):
    with pytest.raises(FileNotFoundError, match="absent"):
        avsvt.read_notes(tmp_path / "absent.csv")
    bad = tmp_path / "bad.csv"
    bad.write_text("onset,offset,pitch\n0,1,60\n1,x,60\n")
    with pytest.raises(avsvt.Error, match="3"):
        avsvt.read_notes(bad)


def test_the_published_rule_gives_the_published_notes(data):
    golden = data / "reference/svt/golden"
    if not golden.is_dir():
        pytest.skip(f"left out: {golden} is missing")
    arrays = np.load(golden / "case01_frame2note.npz")
    cases = json.loads((golden / "case01_frame2note.json").read_text())["cases"]
    checked = 0
    for case in cases:
        if case["raises"] or case["function"] != "frame2note" \
                or arrays[case["key"] + "_logits"].shape[1] != 20:
            continue
        notes = avsvt.frames_to_notes(
            arrays[case["key"] + "_logits"], frame_rate=case["frame_rate"],
            onset_threshold=case["onset_threshold"],
            offset_threshold=case["offset_threshold"], rule="published")
        expected = arrays[case["key"] + "_notes"].reshape(-1, 3)
        np.testing.assert_allclose(notes.to_array(), expected, rtol=0, atol=1e-12,
                                   err_msg=f"{case['key']}: {case['purpose']}")
        checked += 1
    assert checked >= 10


def one_note(frames=50):
    """Logits of one A4 that sounds from frame 10 to 30, and its fine pitch."""
    logits = np.full((frames, 20), -6, np.float32)
    logits[:, 1] = 6
    logits[10:30, 1] = -6
    logits[10, 0] = 6
    logits[:, 6], logits[:, 19] = 6, 6
    logits[10:30, [6, 19]] = -6
    logits[10:30, [2 + 2, 7 + 9]] = 6
    fine = np.zeros((frames, 150), np.float32)
    fine[10:30, 103] = 20  # 35 - 1/3 + 103/3
    return logits, fine


def test_the_precise_rule_knows_the_fraction_of_the_pitch():
    logits, fine = one_note()
    notes = avsvt.frames_to_notes(logits, 50, rule="precise", fine=fine)
    assert notes.onset == pytest.approx([0.2], abs=0.011)
    assert notes.offset == pytest.approx([0.6], abs=0.011)
    assert notes.pitch == pytest.approx([69.0], abs=1e-3)
    assert avsvt.frames_to_notes(logits, 50).pitch.tolist() == [69]


def test_a_list_of_notes_is_a_note_list_again():
    notes = avsvt.Notes([0, 1], [1, 2], [60, 62], [-20, -30], [0.5, 0.75])
    again = avsvt.Notes.from_array(list(notes))
    assert list(again) == list(notes)
    assert list(avsvt.Notes.from_array(np.array(notes)).confidence) == [0, 0]


def test_settings_reach_the_decoder_zero_included():
    logits, _ = one_note()
    assert len(avsvt.frames_to_notes(logits, 50, onset_threshold=0.999)) == 0
    assert len(avsvt.frames_to_notes(logits, 50, rule="precise", min_duration=1.0)) == 0
    later = avsvt.frames_to_notes(logits, 50, rule="precise", offset_delay=0.1)
    assert later.offset == pytest.approx([0.7], abs=0.011)
    logits[10, 0] = -2  # probability 0.12: below every default
    assert len(avsvt.frames_to_notes(logits, 50, rule="precise")) == 0
    assert len(avsvt.frames_to_notes(logits, 50, rule="precise", onset_threshold=0)) >= 1


@pytest.mark.parametrize("change", [
    {"rule": "unheard of"}, {"onset_threshold": 1.5}, {"onset_threshold": float("nan")},
    {"frame_rate": 0}, {"frame_rate": float("inf")}])
def test_settings_out_of_range_are_refused(change):
    with pytest.raises(ValueError):
        avsvt.frames_to_notes(one_note()[0], **change)


def test_frames_of_the_wrong_shape_are_refused():
    with pytest.raises(ValueError, match="20"):
        avsvt.frames_to_notes(np.zeros((5, 19)))
    logits, fine = one_note()
    with pytest.raises(ValueError, match="fine"):
        avsvt.frames_to_notes(logits, fine=fine[:-1])
    logits[3, 3] = np.nan
    with pytest.raises(ValueError):
        avsvt.frames_to_notes(logits)


def test_arrays_of_activations_outlive_close():
    logits, fine = one_note()
    activations = avsvt.Activations(logits, 50, fine=fine)
    lent, notes = activations.logits, activations.notes(rule="published")
    assert activations.level is None and activations.fine.shape == (50, 150)
    activations.close()
    assert np.array_equal(lent, logits) and len(notes) == 1
    with pytest.raises(ValueError, match="closed"):
        activations.notes()


def test_the_garbage_collector_may_come_in_any_call():
    """An array lets go of its activations wherever it is collected: where they are
    closed, Python is about to say so while it looks at them."""
    activations = avsvt.Activations(one_note()[0], 50)
    lent = activations.logits
    activations.close()
    with activations._lock:
        assert activations._lock.acquire(blocking=False)  # del lent must not wait forever
        activations._lock.release()
        del lent
    assert activations._pointer is None
