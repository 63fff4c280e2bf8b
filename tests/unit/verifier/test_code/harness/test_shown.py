"""The last answer of an item, written for people."""

import gc
import weakref
from collections.abc import Callable

import pytest

from nova_code_verifier.verifier.test_code.harness.shown import LastAnswer

CYCLE: list[object] = []
CYCLE.append(CYCLE)


class Thing:
    """Stands for an object of the candidate's."""


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (5, '{"is":5}'),
        ("a", '{"is":"a"}'),
        ((1, [2]), '{"is":{"t":[1,[2]]}}'),
        (None, '{"is":null}'),
        (Thing(), '{"is":{"h":0}}'),
        ([Thing()], '{"is":{"h":0}}'),
        ("a" * 3000, ""),
        (10**5000, ""),
        ([[0] * 200] * 200, ""),
        (CYCLE, ""),
    ],
    ids=range(10),
)
def test_an_answer_is_written_if_it_is_short(value: object, written: str) -> None:
    """Long ones take no time, and objects are not asked."""
    last = LastAnswer()
    last.note(value)

    assert last.written() == written


def test_there_is_no_answer_at_first_and_after_an_exception() -> None:
    """Nothing of an earlier item is shown."""
    last = LastAnswer()
    assert last.written() == ""
    last.note(1)
    last.forget()
    assert last.written() == ""


def test_the_items_of_an_iteration_are_one_answer_at_its_end() -> None:
    """Until then the last item is shown; another answer begins anew."""
    last = LastAnswer()
    last.note_items([1])
    last.note_items([2])
    assert last.written() == '{"is":2}'
    last.note_items([])
    assert last.written() == '{"is":[1,2]}'

    last.note(3)
    last.note_items([4])
    last.note_items([])
    assert last.written() == '{"is":[4]}'


@pytest.mark.parametrize("note", [LastAnswer.note, lambda last, thing: last.note_items([thing])])
def test_an_object_is_not_kept_alive(note: Callable[[LastAnswer, Thing], None]) -> None:
    """Tests may wait until the candidate's object is gone."""
    last, thing = LastAnswer(), Thing()
    gone = weakref.ref(thing)
    note(last, thing)
    del thing
    gc.collect()

    assert gone() is None
