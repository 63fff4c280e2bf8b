"""A session: the proxies that it makes, the questions that they ask, and hostile answers."""

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
    AskedQuestion,
    CandidateLostError,
    Transcript,
    UnsendableError,
)
from nova_code_verifier.verifier.test_code.protocol import Question


class Node:
    """A class that tests and candidate share."""

    def __init__(self, val: object = 0, after: object = None) -> None:
        """Hold a value, and what comes after it."""
        self.val = val
        self.after = after


def session_with(*bodies: Any) -> ProxySession:
    """Make a session in which `ask("q", 0)`, `ask("q", 1)`... have these answers."""
    known = [answered(n, body) for n, body in enumerate(bodies)]
    return ProxySession(Transcript(known), Sources(), {"Node": Node})


def answered(operand: Any, body: Any) -> AskedQuestion:
    """Make the question `ask("q", operand)`, with this answer; *operand* is a tree."""
    answer = Answer.read("finished", json.dumps(body), "")
    return AskedQuestion(Question("", "q", [operand]), answer)


def change(operand: Any, tree: Any, answer: Any) -> None:
    """Pass *operand*, written as *tree*, to a candidate that changes it in place."""
    known = answered(tree, {"is": None, "after": [answer]})
    ProxySession(Transcript([known]), Sources(), {}).ask("q", operand)


def instance(name: str = "Thing", bases: tuple[str, ...] = (), *specials: str) -> dict[str, Any]:
    """Make an answer that is an instance of such a class."""
    described = {"kind": "class", "name": name, "bases": list(bases), "specials": list(specials)}
    met = [{"number": 0, "kind": "instance", "class": 1}, {"number": 1, **described}]
    return {"is": {"h": 0}, "met": met}


def subclass(base: str, tree: Any, *specials: str) -> dict[str, Any]:
    """Make an answer that is an instance of a subclass of plain data."""
    return instance("Liar", (base,), *specials) | {"is": {"sub": [0, tree]}}


COMPARISONS = ("__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__hash__")

# Answers


def test_plain_data_is_returned_by_value() -> None:
    """An answer that is plain data is that data."""
    assert session_with({"is": [1, {"t": ["a"]}]}).ask("q", 0) == [1, ("a",)]


def test_the_class_of_a_proxy_has_the_claimed_name() -> None:
    """The class of a proxy has the name of the object's class."""
    assert type(session_with(instance("Dog")).ask("q", 0)).__name__ == "Dog"


def test_an_object_has_one_proxy() -> None:
    """The same number in two answers is the same proxy."""
    session = session_with(instance(), {"is": [{"h": 0}, {"h": 0}]})
    first = session.ask("q", 0)

    assert all(proxy is first for proxy in session.ask("q", 1))


def test_a_builtin_exception_is_raised_by_name() -> None:
    """A built-in exception of the candidate's is raised here, with its arguments."""
    raised = {"class": "KeyError", "args": ["k"], "text": "'k'", "h": 0}

    with pytest.raises(KeyError, match="k"):
        session_with({"raised": raised}).ask("q", 0)


@pytest.mark.parametrize("name", ["KeyboardInterrupt", "GeneratorExit", "no such class", "int"])
def test_an_exception_that_would_end_the_run_is_replaced(name: str) -> None:
    """An interrupt, or a class that is no exception, is raised as another exception."""
    with pytest.raises(Exception) as caught:  # noqa: PT011  (any)
        session_with({"raised": {"class": name, "args": [], "text": "", "h": 0}}).ask("q", 0)

    assert type(caught.value).__name__ != name


def test_an_exception_of_the_candidates_has_its_bases() -> None:
    """Tests can catch it by a base of the candidate's class."""
    met = [{"number": 1, "kind": "class", "name": "Broke", "bases": ["ValueError"]}]
    raised = {"class": 1, "args": ["no money"], "text": "no money", "h": 0}

    with pytest.raises(ValueError, match="no money"):
        session_with({"raised": raised, "met": met}).ask("q", 0)


def test_an_instance_of_a_shared_class_is_returned_by_value() -> None:
    """It is an instance of the tests' own class, even with a cycle."""
    body = {"is": {"n": 0}, "nodes": [["Node", [["val", 5], ["after", {"n": 0}]]]]}
    node = session_with(body).ask("q", 0)

    assert type(node) is Node
    assert node.after is node
    assert node.val == 5


@pytest.mark.parametrize(
    ("before", "before_tree", "after_tree", "after"),
    [
        ([1], [1], [1, 2], [1, 2]),
        ({1: 2}, {"d": [[1, 2]]}, {"d": []}, {}),
        ({1}, {"s": [1]}, {"s": [1, 2]}, {1, 2}),
        ([[1], [2]], [[1], [2]], [{"was": [1, [1, 5]]}, [2]], [[1, 5], [2]]),
    ],
)
def test_a_change_in_place_changes_the_operand(
    before: Any, before_tree: Any, after_tree: Any, after: Any
) -> None:
    """The container of the tests gets the content of the candidate's copy."""
    change(before, before_tree, {"was": [0, after_tree]})

    assert before == after


def test_a_container_inside_a_list_is_changed_in_place() -> None:
    """A row that the tests hold is still the row of the changed matrix."""
    row = [1]

    change([row], [[1]], {"was": [0, [{"was": [1, [7]]}]]})

    assert row == [7]


def test_a_container_inside_a_dict_is_changed_in_place() -> None:
    """A list that the tests hold is still the list in the changed dict."""
    row = [1]

    change({"k": row}, {"d": [["k", [1]]]}, {"was": [0, {"d": [["k", {"was": [1, [7]]}]]}]})

    assert row == [7]


def test_rows_keep_their_identity_when_they_are_sorted() -> None:
    """A row that the tests hold moves with its content."""
    row = [3]
    matrix = [row, [1]]

    change(matrix, [[3], [1]], {"was": [0, [{"was": [2, [1]]}, {"was": [1, [3]]}]]})

    assert matrix == [[1], [3]]
    assert matrix[1] is row


# Questions


@pytest.mark.parametrize(
    ("use", "operation"),
    [
        (lambda proxy: proxy.size, "getattr"),
        (lambda proxy: -proxy, "neg"),
        (lambda proxy: proxy[1], "getitem"),
        (len, "len"),
        (str, "str"),
        (lambda proxy: proxy(1), "call"),
        (list, "iter"),
    ],
)
def test_a_use_is_a_question(use: Any, operation: str) -> None:
    """Each use of a proxy asks the candidate to do the same with its object."""
    specials = ("add", "radd", "neg", "getitem", "len", "contains", "str", "call", "iter")
    session = session_with(instance("Thing", (), *(f"__{name}__" for name in specials)))
    proxy = session.ask("q", 0)
    with contextlib.suppress(AnswerNeededError):
        use(proxy)

    assert session.transcript.asked[-1].question.operation == operation


@pytest.mark.parametrize(
    "use", [lambda it: it - 3.5, lambda it: 3.5 - it, lambda it: it < 3, lambda it: 3 in it]
)
def test_an_object_that_a_function_returned_receives_no_plain_data(use: Any) -> None:
    """Its operators are not called with a value of the tests, which may be what is expected."""
    session = session_with(instance("Liar", (), "__sub__", "__rsub__", "__lt__", "__contains__"))
    proxy = session.ask("q", 0)

    with pytest.raises(TypeError):
        use(proxy)


def test_a_proxy_has_only_the_special_methods_of_its_class() -> None:
    """The proxy for an object without `__len__` has no length."""
    proxy = session_with(instance()).ask("q", 0)

    with pytest.raises(TypeError):
        len(proxy)


def test_a_comparison_with_an_unknown_answer_needs_the_answer() -> None:
    """An answer that is not known yet cannot be compared with plain data."""
    pending = session_with().ask("q", 0)

    with pytest.raises(AnswerNeededError):
        bool(pending == 1)
    assert type(pending) is PendingValue


@pytest.mark.parametrize("operand", [iter, contextlib], ids=repr)
def test_objects_of_the_standard_library_are_sent(operand: Any) -> None:
    """A function or module of the standard library is sent by its name."""
    session = session_with()
    session.ask("q", operand)

    assert list(session.transcript.asked[0].question.operands[0]) == ["py"]


@pytest.mark.parametrize("operand", [object(), session_with], ids=["object", "function"])
def test_an_operand_that_cannot_be_sent_is_refused(operand: Any) -> None:
    """An operand that is neither plain data nor of the standard library is refused."""
    with pytest.raises(UnsendableError):
        session_with().ask("q", operand)


# Plain data never equals a proxy

PLAIN: tuple[Any, ...] = (None, True, 0, 1, 1.5, "", "a", b"", (), (1,), [], [1], {}, set(), 1j)


def assert_never_equal(session: ProxySession, proxy: Any) -> None:
    """Compare with plain data in every way, and check that the candidate is not asked."""
    for plain in PLAIN:
        assert not proxy == plain  # noqa: SIM201  (both operators are the proxy's)
        assert not plain == proxy  # noqa: SIM201
        assert proxy != plain
        assert plain != proxy
        assert proxy not in [plain]
        assert [proxy] != [plain]
    assert all(asked.question.operation == "q" for asked in session.transcript.asked)


@pytest.mark.parametrize("specials", [(), COMPARISONS, ("__eq__",), ("__hash__",)])
@pytest.mark.parametrize("bases", [(), ("object",), ("ValueError",), ("str", "ValueError")])
def test_plain_data_never_equals_a_proxy(bases: tuple[str, ...], specials: tuple[str, ...]) -> None:
    """No claim about its class makes a proxy equal to plain data."""
    session = session_with(instance("Liar", bases, *specials))

    assert_never_equal(session, session.ask("q", 0))


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
def test_an_instance_of_a_subclass_of_plain_data_equals_that_data(
    base: str, tree: Any, value: Any
) -> None:
    """It is compared by its plain data, with the comparison of the plain type."""
    session = session_with(subclass(base, tree, *COMPARISONS))
    proxy = session.ask("q", 0)

    assert proxy == value
    assert isinstance(proxy, type(value))
    assert_never_equal(session, proxy)


@pytest.mark.parametrize("base", ["int", "float", "str", "list", "dict", "Exception"])
@pytest.mark.parametrize(
    ("tree", "value"), [(5, 5), ("x", "x"), ([1], [1]), ({"d": []}, {}), (None, None)]
)
def test_a_claimed_base_that_the_data_does_not_have_is_ignored(
    base: str, tree: Any, value: Any
) -> None:
    """Data of another type than the claimed base is returned as it is."""
    if base == type(value).__name__:
        base = "complex"

    returned = session_with(subclass(base, tree, *COMPARISONS)).ask("q", 0)

    assert type(returned) is type(value)
    assert returned == value


@pytest.mark.parametrize("base", ["int", "list", "Exception"])
def test_an_object_in_place_of_plain_data_is_a_proxy(base: str) -> None:
    """An object that is sent as the data of a subclass equals no plain data."""
    session = session_with(subclass(base, {"h": 1}, *COMPARISONS))
    proxy = session.ask("q", 0)

    assert session.is_proxy(proxy)
    assert_never_equal(session, proxy)


def test_the_candidate_compares_two_objects() -> None:
    """Only the candidate can compare two of its objects, and the item is marked."""
    met: list[Any] = [{"number": n, "kind": "instance", "class": 2} for n in (0, 1)]
    met.append({"number": 2, "kind": "class", "name": "P", "specials": ["__eq__", "__hash__"]})
    session = session_with({"is": [{"h": 0}, {"h": 1}], "met": met})
    left, right = session.ask("q", 0)

    with pytest.raises(AnswerNeededError):
        bool(left == right)
    assert session.transcript.item.is_self_compared


# Random answers

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
    """Ask for this answer. Return its value; None if it is an exception or malformed."""
    raises = type(body) is dict and type(body.get("raised")) is dict
    session = session_with(body)
    try:
        return session, session.ask("q", 0)
    except CandidateLostError:
        assert session.transcript.item.ending == "unreadable"
    except BaseException:
        if not (raises and session.transcript.item.has_raised):
            raise
    return session, None


@settings(max_examples=500)
@given(bodies)
def test_no_random_answer_equals_plain_data(body: Any) -> None:
    """Any answer is a value, an exception or malformed; a proxy in it equals no plain data."""
    session, value = asked(body)

    if session.is_proxy(value) and type(value) is not PendingValue:
        plain = [base for base in (int, str, float, list, dict) if isinstance(value, base)]
        if not plain:
            assert_never_equal(session, value)


@settings(max_examples=300)
@given(trees)
def test_any_json_is_read_without_an_exception_of_ours(body: Any) -> None:
    """JSON that is no answer is unreadable."""
    raised = body.get("raised") if type(body) is dict else None
    if raised is None or type(raised) is dict:  # see test_transcript for what is left out
        asked(body)
