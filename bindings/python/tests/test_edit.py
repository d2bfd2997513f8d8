# SPDX-License-Identifier: MIT
"""Notes changed by hand: new lists, pitch from the activations."""
import avsvt
import pytest


@pytest.fixture(scope="module")
def sung(melody):
    with avsvt.Pipeline() as pipeline:
        activations = pipeline.activations(melody)
    return activations, activations.notes()


def test_every_edit_is_a_new_list(sung):
    activations, notes = sung
    first = notes[0]
    middle = (first.onset + first.offset) / 2
    two = notes.split(0, middle, activations)
    assert (len(notes), len(two)) == (19, 20)
    assert two[0].offset == two[1].onset == middle
    one = two.merge(0, 2, activations)
    assert one[0] == pytest.approx(activations.note(first.onset, first.offset))
    assert one[0].pitch == pytest.approx(first.pitch, abs=0.1)
    assert len(notes.remove(-1)) == 18
    with pytest.raises(IndexError):
        notes.remove(19)


@pytest.mark.parametrize("first, count, error, says", [
    (0, -1, ValueError, "count is -1"), (0, 0, ValueError, "count is 0"),
    (17, 3, IndexError, "notes 17 to 19 of 19"), (0, 2**64 + 2, IndexError, "of 19"),
    (-20, 2, IndexError, "note -20 of 19")])
def test_messages_have_the_numbers_that_were_given(sung, first, count, error, says):
    with pytest.raises(error, match=says):
        sung[1].merge(first, count)


def test_a_moved_note_takes_the_pitch_of_its_place(sung):
    activations, notes = sung
    other = notes[1]
    moved = notes.move(0, other.onset, other.offset, activations)
    assert moved[0].pitch == pytest.approx(other.pitch, abs=0.1)
    assert notes.move(0, 0, 0.1)[0].pitch == notes[0].pitch
    with pytest.raises(ValueError):
        notes.move(0, 1, 1)


def test_notes_are_added_with_a_pitch_or_from_activations(sung):
    activations, notes = sung
    assert notes.add(0, 0.2, pitch=70.5)[0].pitch == 70.5
    other = notes[3]
    assert notes.remove(3).add(other.onset, other.offset, activations=activations)[3].pitch \
        == pytest.approx(other.pitch, abs=0.1)
    with pytest.raises(ValueError):
        notes.add(0, 1)
