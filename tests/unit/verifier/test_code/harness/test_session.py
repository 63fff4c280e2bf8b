"""Stand-ins: what they are like, what they ask, and that no claim makes them worth more."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nova_code_verifier.verifier.test_code.harness.callables import Sources
from nova_code_verifier.verifier.test_code.harness.pending import PendingValue
from nova_code_verifier.verifier.test_code.harness.session import ProxySession
from nova_code_verifier.verifier.test_code.harness.transcript import (
    Answer,
    AnswerNeededError,
    CandidateLostError,
    Question,
    Transcript,
    UnsendableError,
)


class Node:
    """A class that tests and candidate share."""

    def __init__(self, val: object = 0, after: object = None) -> None:
        """Hold a value, and what comes after it."""
        self.val = val
        self.after = after


def cast_of(*bodies: Any) -> ProxySession:
    """Make a cast to whose questions `ask("q", 0)`, `ask("q", 1)`... these are the answers."""
    known = [
        Question(
            unit="", operation="q", on=[n], answer=Answer.read("finished", json.dumps(body), "")
        )
        for n, body in enumerate(bodies)
    ]
    return ProxySession(Transcript(known), Sources(), {"Node": Node})


def instance(name: str = "Thing", bases: tuple[str, ...] = (), *specials: str) -> dict[str, Any]:
    """Make the answer that is an object of such a class."""
    described = {"kind": "class", "name": name, "bases": list(bases), "specials": list(specials)}
    met = [{"number": 0, "kind": "instance", "class": 1}, {"number": 1, **described}]
    return {"is": {"h": 0}, "met": met}


def subclass(base: str, tree: Any, *specials: str) -> dict[str, Any]:
    """Make the answer that is an object of a subclass of plain data."""
    return instance("Liar", (base,), *specials) | {"is": {"sub": [0, tree]}}


COMPARISONS = ("__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__hash__")

# What an answer claims


def test_plain_data_comes_as_it_is() -> None:
    """A plain result is a plain value."""
    assert cast_of({"is": [1, {"t": ["a"]}]}).ask("q", 0) == [1, ("a",)]


def test_a_stand_in_has_the_claimed_name() -> None:
    """Its class has the name of the object's class."""
    assert type(cast_of(instance("Dog")).ask("q", 0)).__name__ == "Dog"


def test_the_same_number_is_the_same_stand_in() -> None:
    """What is one object there is one here."""
    cast = cast_of(instance(), {"is": [{"h": 0}, {"h": 0}]})
    first = cast.ask("q", 0)

    assert all(one is first for one in cast.ask("q", 1))


def test_an_exception_of_pythons_is_raised() -> None:
    """What the candidate raised is raised, with its arguments."""
    raised = {"class": "KeyError", "args": ["k"], "text": "'k'", "h": 0}

    with pytest.raises(KeyError, match="k"):
        cast_of({"raised": raised}).ask("q", 0)


@pytest.mark.parametrize("name", ["KeyboardInterrupt", "GeneratorExit", "no such class", "int"])
def test_an_exception_that_would_end_the_run_is_none_of_pythons(name: str) -> None:
    """An interrupt, or what is no exception at all, is raised as another."""
    with pytest.raises(Exception) as caught:  # noqa: PT011  (any)
        cast_of({"raised": {"class": name, "args": [], "text": "", "h": 0}}).ask("q", 0)

    assert type(caught.value).__name__ != name


def test_an_exception_of_the_candidates_has_its_bases() -> None:
    """It is caught by what the candidate's class is a subclass of."""
    met = [{"number": 1, "kind": "class", "name": "Broke", "bases": ["ValueError"]}]
    raised = {"class": 1, "args": ["no money"], "text": "no money", "h": 0}

    with pytest.raises(ValueError, match="no money"):
        cast_of({"raised": raised, "met": met}).ask("q", 0)


def test_shared_instances_come_as_themselves() -> None:
    """An instance of a shared class is one of the tests' own class, cycles and all."""
    body = {"is": {"n": 0}, "nodes": [["Node", [["val", 5], ["after", {"n": 0}]]]]}
    node = cast_of(body).ask("q", 0)

    assert type(node) is Node
    assert node.after is node
    assert node.val == 5


@pytest.mark.parametrize(
    ("before", "tree", "after"),
    [
        ([1], [1, 2], [1, 2]),
        ({1: 2}, {"d": []}, {}),
        ({1}, {"s": [1, 2]}, {1, 2}),
        ([[1], [2]], [{"was": [1, [1, 5]]}, [2]], [[1, 5], [2]]),
    ],
)
def test_a_change_in_place_is_made_in_place(before: Any, tree: Any, after: Any) -> None:
    """The tests' own container becomes what the candidate made of its copy."""
    question = Question(unit="", operation="q", on=[ProxySession(Transcript([]), Sources(), {})])
    question.on = [json.loads(json.dumps(_tree(before)))]
    question.answer = Answer.read(
        "finished", json.dumps({"is": None, "after": [{"was": [0, tree]}]}), ""
    )
    cast = ProxySession(Transcript([question]), Sources(), {})

    cast.ask("q", before)

    assert before == after


def _tree(value: Any) -> Any:
    match value:
        case dict():
            return {"d": [[key, item] for key, item in value.items()]}
        case set():
            return {"s": list(value)}
    return value


def test_containers_within_a_list_stay_themselves() -> None:
    """A row that the tests hold is the row of the changed matrix."""
    row = [1]
    question = Question(unit="", operation="q", on=[[[1]]])
    question.answer = Answer.read(
        "finished", '{"is": null, "after": [{"was": [0, [{"was": [1, [7]]}]]}]}', ""
    )
    ProxySession(Transcript([question]), Sources(), {}).ask("q", [row])

    assert row == [7]


def test_containers_within_a_dict_stay_themselves() -> None:
    """A list that the tests hold is the list in the changed dict."""
    row = [1]
    question = Question(unit="", operation="q", on=[{"d": [["k", [1]]]}])
    question.answer = Answer.read(
        "finished", '{"is": null, "after": [{"was": [0, {"d": [["k", {"was": [1, [7]]}]]}]}]}', ""
    )
    ProxySession(Transcript([question]), Sources(), {}).ask("q", {"k": row})

    assert row == [7]


def test_rows_that_change_places_keep_who_they_are() -> None:
    """Sorting a matrix moves its rows; a row that the tests hold keeps its content."""
    row = [3]
    matrix = [row, [1]]
    question = Question(unit="", operation="q", on=[[[3], [1]]])
    moved = {"was": [0, [{"was": [2, [1]]}, {"was": [1, [3]]}]]}
    question.answer = Answer.read("finished", json.dumps({"is": None, "after": [moved]}), "")
    ProxySession(Transcript([question]), Sources(), {}).ask("q", matrix)

    assert matrix == [[1], [3]]
    assert matrix[1] is row


# What is asked


@pytest.mark.parametrize(
    ("use", "operation"),
    [
        (lambda one: one.size, "getattr"),
        (lambda one: -one, "neg"),
        (lambda one: one[1], "getitem"),
        (len, "len"),
        (str, "str"),
        (lambda one: one(1), "call"),
        (list, "iter"),
    ],
)
def test_a_use_is_a_question(use: Any, operation: str) -> None:
    """Whatever is done with a stand-in is asked of the candidate."""
    specials = ("add", "radd", "neg", "getitem", "len", "contains", "str", "call", "iter")
    cast = cast_of(instance("Thing", (), *(f"__{name}__" for name in specials)))
    one = cast.ask("q", 0)
    with contextlib.suppress(AnswerNeededError):
        use(one)

    assert cast.transcript.asked[-1].operation == operation


@pytest.mark.parametrize(
    "use", [lambda one: one - 3.5, lambda one: 3.5 - one, lambda one: one < 3, lambda one: 3 in one]
)
def test_plain_data_of_the_tests_meets_no_object_of_a_function(use: Any) -> None:
    """An object that comes where a value should is not asked what it makes of one."""
    cast = cast_of(instance("Liar", (), "__sub__", "__rsub__", "__lt__", "__contains__"))
    one = cast.ask("q", 0)

    with pytest.raises(TypeError):
        use(one)


def test_what_a_class_does_not_define_is_not_asked() -> None:
    """An object without `__len__` has no length, whatever the candidate might say."""
    one = cast_of(instance()).ask("q", 0)

    with pytest.raises(TypeError):
        len(one)


def test_what_is_not_known_yet_puts_a_unit_off() -> None:
    """A value that only the candidate knows is waited for."""
    cast = cast_of()
    unknown = cast.ask("q", 0)

    with pytest.raises(AnswerNeededError):
        bool(unknown == 1)
    assert type(unknown) is PendingValue


@pytest.mark.parametrize("operand", [object(), cast_of, iter, contextlib])
def test_what_cannot_travel_is_the_datasets_fault(operand: Any) -> None:
    """An operand that is no plain data, and of no library's, is refused."""
    cast = cast_of()
    if operand in (iter, contextlib):
        cast.ask("q", operand)
    else:
        with pytest.raises(UnsendableError):
            cast.ask("q", operand)


# Plain data never equals a stand-in

PLAIN: tuple[Any, ...] = (None, True, 0, 1, 1.5, "", "a", b"", (), (1,), [], [1], {}, set(), 1j)


def assert_never_equal(cast: ProxySession, one: Any) -> None:
    """Try every way to compare that needs no answer."""
    for plain in PLAIN:
        assert not one == plain  # noqa: SIM201  (both operators are the cast's)
        assert not plain == one  # noqa: SIM201
        assert one != plain
        assert plain != one
        assert one not in [plain]
        assert [one] != [plain]
    assert all(question.operation == "q" for question in cast.transcript.asked)


@pytest.mark.parametrize("specials", [(), COMPARISONS, ("__eq__",), ("__hash__",)])
@pytest.mark.parametrize("bases", [(), ("object",), ("ValueError",), ("str", "ValueError")])
def test_plain_data_never_equals_a_stand_in(
    bases: tuple[str, ...], specials: tuple[str, ...]
) -> None:
    """Whatever its class claims, and without asking the candidate."""
    cast = cast_of(instance("Liar", bases, *specials))

    assert_never_equal(cast, cast.ask("q", 0))


@pytest.mark.parametrize(
    ("base", "tree", "value"),
    [
        ("int", 7, 7),
        ("float", 7.5, 7.5),
        ("str", "x", "x"),
        ("list", [7], [7]),
        ("tuple", {"t": [7]}, (7,)),
        ("dict", {"d": [[7, 7]]}, {7: 7}),
        ("set", {"s": [7]}, {7}),
        ("frozenset", {"fs": [7]}, frozenset([7])),
        ("bytes", {"b": "07"}, b"\x07"),
        ("complex", {"c": [7.0, 7.0]}, 7 + 7j),
    ],
)
def test_a_subclass_of_plain_data_equals_what_it_holds(base: str, tree: Any, value: Any) -> None:
    """Its plain data is compared, by the rules of plain data, and by no others."""
    cast = cast_of(subclass(base, tree, *COMPARISONS))
    one = cast.ask("q", 0)

    assert one == value
    assert isinstance(one, type(value))
    assert_never_equal(cast, one)


@pytest.mark.parametrize("base", ["int", "float", "str", "list", "dict", "Exception"])
@pytest.mark.parametrize("tree", [5, "x", [1], {"d": []}, {"h": 1}, None])
def test_a_claim_that_contradicts_itself_is_no_exception_of_ours(base: str, tree: Any) -> None:
    """What says that it is one thing, and sends another, is one of both, or lost."""
    cast = cast_of(subclass(base, tree, *COMPARISONS))
    with contextlib.suppress(CandidateLostError):
        cast.ask("q", 0)


def test_two_stand_ins_are_compared_by_the_candidate() -> None:
    """Whether two objects are equal only the candidate can say; that it was asked is noted."""
    met: list[Any] = [{"number": n, "kind": "instance", "class": 2} for n in (0, 1)]
    met.append({"number": 2, "kind": "class", "name": "P", "specials": ["__eq__", "__hash__"]})
    cast = cast_of({"is": [{"h": 0}, {"h": 1}], "met": met})
    one, other = cast.ask("q", 0)

    with pytest.raises(AnswerNeededError):
        bool(one == other)
    assert cast.transcript.unit.self_compared


# Answers of any kind

_WORDS = """
    is raised after met nodes class args text h sub n at number kind name bases specials methods
    instance function iterator coroutine module int str list dict ValueError Node t d s fs i b q F
    D __eq__ __hash__ __iter__ _session_
"""
words = st.sampled_from(_WORDS.split())
leaves = st.none() | st.booleans() | st.integers(-2, 3) | st.floats() | words | st.text(max_size=3)
trees = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4)
)
tagged = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(words, inner, min_size=1, max_size=1)
    ),
)
names = st.lists(words | st.integers(0, 3) | leaves, max_size=3)
descriptions = st.fixed_dictionaries(
    {"number": st.integers(0, 3) | leaves},
    optional={
        "kind": st.sampled_from(["class", "instance", "function", "iterator", "coroutine"])
        | leaves,
        "class": st.integers(0, 3) | leaves,
        "name": st.text(max_size=3) | leaves,
        "bases": names | leaves,
        "specials": names | st.just([*COMPARISONS]) | leaves,
        "methods": names | leaves,
    },
)
raisings = st.fixed_dictionaries(
    {}, optional={"class": words | leaves, "args": tagged, "text": leaves, "h": leaves}
)
bodies = st.fixed_dictionaries(
    {},
    optional={
        "is": tagged
        | st.fixed_dictionaries({"h": st.integers(0, 3)})
        | st.fixed_dictionaries({"sub": st.tuples(st.integers(0, 3), tagged)}),
        "raised": raisings,
        "after": st.lists(st.lists(tagged, min_size=2, max_size=2), max_size=2) | tagged,
        "met": st.lists(descriptions, max_size=4) | tagged,
        "nodes": st.lists(st.tuples(words, st.dictionaries(words, tagged, max_size=2)), max_size=2)
        | tagged,
    },
)


def asked(body: Any) -> tuple[ProxySession, Any]:
    """Ask for this answer. What it raised is None, if it did not raise what it may not."""
    raises = type(body) is dict and type(body.get("raised")) is dict
    cast = cast_of(body)
    try:
        return cast, cast.ask("q", 0)
    except CandidateLostError:
        assert cast.transcript.unit.ending == "unreadable"
    except BaseException:
        if not (raises and cast.transcript.unit.has_raised):
            raise
    return cast, None


@settings(max_examples=500)
@given(bodies)
def test_an_answer_raises_what_it_may_and_equals_no_plain_data(body: Any) -> None:
    """Any answer is a value, a candidate's exception or lost; and a stand-in is equal to none."""
    cast, value = asked(body)

    if cast.is_candidates(value) and type(value) is not PendingValue:
        plain = [base for base in (int, str, float, list, dict) if isinstance(value, base)]
        if not plain:
            assert_never_equal(cast, value)


@settings(max_examples=300)
@given(trees)
def test_any_json_is_an_answer_or_none(body: Any) -> None:
    """What is no answer at all is unreadable, and nobody stumbles over it."""
    raised = body.get("raised") if type(body) is dict else None
    if raised is None or type(raised) is dict:  # see test_transcript for what is left out
        asked(body)
