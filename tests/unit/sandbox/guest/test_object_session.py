"""Operations on a candidate's objects: instructions, answers, and what stays in the guest."""

import contextlib
import json
from collections import OrderedDict, deque
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nova_code_verifier.sandbox.guest.object_session import ObjectSession
from nova_code_verifier.verifier.test_code.harness.callables import Sources
from nova_code_verifier.verifier.test_code.harness.transcript import (
    Answer,
    AskedQuestion,
    Transcript,
)

from nova_code_verifier.sandbox.protocol.encoding import EncodingError, from_tree, to_tree
from nova_code_verifier.verifier.test_code.harness.session import ProxySession
from nova_code_verifier.verifier.test_code.protocol import Question

PROGRAM = """
class Thing:
    count = 0
    def __init__(self, x=0):
        self.x = x
        self.items = {}
    def twice(self):
        return 2 * self.x
    def itself(self):
        return self
    def __add__(self, other):
        return Thing(self.x + other)
    def __eq__(self, other):
        return isinstance(other, Thing) and self.x == other.x
    def __hash__(self):
        return self.x
    def __lt__(self, other):
        return self.x < other.x
    def __len__(self):
        return self.x
    def __contains__(self, item):
        return item == self.x
    def __getitem__(self, key):
        return self.items[key]
    def __setitem__(self, key, value):
        self.items[key] = value
    def __delitem__(self, key):
        del self.items[key]
    def __iadd__(self, other):
        self.x += other
        return self
    def __neg__(self):
        return -self.x
    def __abs__(self):
        return abs(self.x)
    def __invert__(self):
        return ~self.x
    def __bool__(self):
        return self.x != 0
    def __int__(self):
        return self.x
    def __float__(self):
        return float(self.x)
    def __complex__(self):
        return complex(self.x)
    def __index__(self):
        return self.x
    def __bytes__(self):
        return bytes([self.x])
    def __str__(self):
        return f"Thing {self.x}"
    def __repr__(self):
        return f"Thing({self.x})"
    def __format__(self, how):
        return f"<{self.x}:{how}>"
    def __round__(self, digits=0):
        return self.x + digits
    def __trunc__(self):
        return self.x
    __floor__ = __ceil__ = __trunc__
    def __divmod__(self, other):
        return divmod(self.x, other)
    def __iter__(self):
        return iter(range(self.x))
    def __reversed__(self):
        return iter(range(self.x)[::-1])
    def __enter__(self):
        return "in"
    def __exit__(self, kind, error, trace):
        return kind
    def __call__(self, *args, **kwargs):
        return [args, kwargs]
    def __copy__(self):
        return "copy"
    def __deepcopy__(self, memo):
        return "deepcopy"
    def __dir__(self):
        return ["x"]

class Node:
    def __init__(self, val=0, next=None):
        self.val = val
        self.next = next

class Broke(ValueError):
    pass

class Words(str):
    pass

class Names(list):
    pass

thing = Thing(3)

async def later(x):
    return x

def echo(x):
    return x

def pair(x):
    return [x, x]

def sort(xs):
    xs.sort()

def append(xs, x):
    xs.append(x)

def put(d):
    d["new"] = 1

def count(n):
    yield from range(n)

def fail_after(n):
    yield from range(n)
    raise KeyError(n)

def fail(error, *args):
    raise error(*args)

def broke():
    raise Broke("no money", thing)

def leave():
    raise SystemExit(3)

def deepen(n):
    value = []
    for _ in range(n):
        value = [value]
    return value

def apply(f, *args):
    return f(*args)
"""


class Talk:
    """A session about one program, as the host conducts it."""

    def __init__(self, program: str = PROGRAM, shared: tuple[str, ...] = ()) -> None:
        """Load the program."""
        self.names: dict[str, Any] = {"__name__": "solution"}
        exec(dedent(program), self.names)
        self._conversation = ObjectSession(self.names)
        self._shared = list(shared)
        self._steps = 0

    def ask(self, operation: str, *on: Any, **more: Any) -> dict[str, Any]:
        """Perform one operation on trees; return the answer."""
        order = {"op": operation, "on": list(on), "shared": self._shared, **more}
        self._steps += 1
        answer: dict[str, Any] = json.loads(self._conversation.answer(json.dumps(order).encode()))
        return answer

    def name(self, name: str) -> dict[str, Any]:
        """Ask for a name; return a reference to it."""
        self.ask("name", name)
        return self.last

    @property
    def last(self) -> dict[str, Any]:
        """Return a reference to the last answer."""
        return {"at": [self._steps - 1]}


# Operations


@pytest.mark.parametrize(
    ("operation", "operands", "expected"),
    [
        ("getattr", ["x"], 3),
        ("method", ["twice"], 6),
        ("call", [1, 2], [{"t": [1, 2]}, {"d": []}]),
        ("len", [], 3),
        ("bool", [], True),
        ("str", [], "Thing 3"),
        ("repr", [], "Thing(3)"),
        ("int", [], 3),
        ("float", [], 3.0),
        ("complex", [], {"c": [3.0, 0.0]}),
        ("bytes", [], {"b": "03"}),
        ("hash", [], 3),
        ("index", [], 3),
        ("format", [">"], "<3:>>"),
        ("round", [2], 5),
        ("divmod", [2], {"t": [1, 1]}),
        ("trunc", [], 3),
        ("floor", [], 3),
        ("ceil", [], 3),
        ("neg", [], -3),
        ("abs", [], 3),
        ("invert", [], -4),
        ("contains", [3], True),
        ("eq", [3], False),
        ("ne", [3], True),
        ("setitem", ["k", 1], None),
        ("setattr", ["x", 1], None),
        ("enter", [], "in"),
        ("exit", [], None),
        ("exit", ["kind", "text", None], "kind"),
        ("copy", [], "copy"),
        ("deepcopy", [], "deepcopy"),
        ("dir", [], ["x"]),
    ],
)
def test_an_operation_is_pythons_own_of_that_name(
    operation: str, operands: list[Any], expected: object
) -> None:
    """Each operation has the result of Python's operation."""
    talk = Talk()

    assert talk.ask(operation, talk.name("thing"), *operands)["is"] == expected


@pytest.mark.parametrize(
    ("operation", "operands", "expected"),
    [
        ("add", [3, 4], 7),
        ("sub", [3, 4], -1),
        ("mul", [3, 4], 12),
        ("truediv", [3, 4], 0.75),
        ("floordiv", [7, 4], 1),
        ("mod", [7, 4], 3),
        ("pow", [3, 4], 81),
        ("lshift", [3, 4], 48),
        ("rshift", [48, 4], 3),
        ("and", [6, 3], 2),
        ("or", [6, 3], 7),
        ("xor", [6, 3], 5),
        ("lt", [3, 4], True),
        ("le", [4, 4], True),
        ("gt", [3, 4], False),
        ("ge", [3, 4], False),
        ("pos", [3], 3),
        ("getitem", [[5, 6], 1], 6),
        ("iadd", [3, 4], 7),
        ("isub", [3, 4], -1),
        ("imul", [3, 4], 12),
        ("ior", [6, 3], 7),
    ],
)
def test_an_operator_gets_its_operands_in_order(
    operation: str, operands: list[Any], expected: object
) -> None:
    """The operands keep the order in which they were sent."""
    assert Talk().ask(operation, *operands)["is"] == expected


def test_keywords_are_passed_on() -> None:
    """A call gets its keyword arguments."""
    talk = Talk()

    answer = talk.ask("call", talk.name("thing"), kw=[["a", {"t": [1]}]])

    assert answer["is"] == [{"t": []}, {"d": [["a", {"t": [1]}]]}]


def test_a_coroutine_is_run_to_its_end() -> None:
    """`await` answers with what the coroutine returns."""
    talk = Talk()
    talk.ask("call", talk.name("later"), 5)

    assert talk.ask("await", talk.last)["is"] == 5


def test_a_name_that_is_missing_is_a_name_error() -> None:
    """Names are those of the module, without Python's builtins."""
    assert Talk().ask("name", "len")["raised"]["class"] == "NameError"


def test_an_unknown_operation_is_reported_as_raised() -> None:
    """It does not end the session."""
    assert Talk().ask("exec", "1")["raised"]["class"] == "KeyError"


# Iteration


def test_take_returns_items_and_whether_there_are_more() -> None:
    """A short iterator is taken as a whole."""
    talk = Talk()
    talk.ask("call", talk.name("count"), 3)

    assert talk.ask("take", talk.last)["is"] == {"t": [False, [0, 1, 2]]}


def test_items_of_an_endless_iterator_are_taken_in_parts() -> None:
    """A part is bounded, and the next one continues after it."""
    talk = Talk()
    talk.ask("call", talk.name("count"), 10**9)
    items = talk.last
    may_have_more, first = talk.ask("take", items)["is"]["t"]

    assert may_have_more is True
    assert talk.ask("next", items)["is"] == len(first)


def test_what_an_iterator_raises_comes_after_its_items() -> None:
    """Items before an exception are returned first; the next call raises it."""
    talk = Talk()
    talk.ask("call", talk.name("fail_after"), 2)
    items = talk.last

    assert talk.ask("take", items)["is"] == {"t": [True, [0, 1]]}
    assert talk.ask("take", items)["raised"]["class"] == "KeyError"


# Numbers and descriptions


def test_an_object_is_known_by_its_number() -> None:
    """A value that is not plain data stays: the answer has its number and describes it."""
    answer = Talk().ask("name", "thing")

    number = answer["is"]["h"]
    described = {description["number"]: description for description in answer["met"]}
    assert described[number]["kind"] == "instance"
    assert described[described[number]["class"]]["name"] == "Thing"


def test_an_object_keeps_its_number() -> None:
    """The same object has the same number, and is described once."""
    talk = Talk()
    first = talk.ask("name", "thing")
    again = talk.ask("method", talk.last, "itself")

    assert again["is"] == first["is"]
    assert "met" not in again


def test_a_class_is_described_by_bases_and_methods() -> None:
    """The description has what a proxy class needs, in the order of the bases."""
    talk = Talk()
    by_name = {
        description.get("name"): description for description in talk.ask("name", "Thing")["met"]
    }
    broke = {
        description.get("name"): description for description in talk.ask("name", "Broke")["met"]
    }

    assert broke["Broke"]["bases"] == ["ValueError", "Exception", "BaseException", "object"]
    assert {"twice", "itself"} <= set(by_name["Thing"]["methods"])
    assert {"__add__", "__len__", "__eq__", "__hash__"} <= set(by_name["Thing"]["specials"])
    assert "__next__" not in by_name["Thing"]["specials"]


@pytest.mark.parametrize(
    ("name", "kind"),
    [("echo", "function"), ("Thing", "class"), ("thing", "instance")],
)
def test_a_description_names_the_kind(name: str, kind: str) -> None:
    """Functions, classes and instances have different kinds."""
    answer = Talk().ask("name", name)

    [described] = [
        description for description in answer["met"] if description["number"] == answer["is"]["h"]
    ]
    assert described["kind"] == kind


def test_an_instance_of_a_subclass_of_plain_data_has_number_and_value() -> None:
    """It is sent as the plain data that it is, with its number."""
    talk = Talk()
    answer = talk.ask("call", talk.name("Words"), "abc")
    assert answer["is"]["sub"][1] == "abc"
    answer = talk.ask("call", talk.name("Names"), [1, 2])
    assert answer["is"]["sub"][1] == [1, 2]


# References


def test_a_reference_leads_to_an_earlier_answer() -> None:
    """The reference is to the same object, not to a copy."""
    talk = Talk()
    talk.ask("setattr", talk.name("thing"), "x", 9)

    assert talk.names["thing"].x == 9


def test_a_reference_leads_into_an_earlier_answer() -> None:
    """Objects in an answer are counted in the order in which they are written."""
    talk = Talk("class A:\n    n = 1\nclass B(A):\n    n = 2\nboth = [[A()], 5, B()]")
    talk.ask("name", "both")

    assert talk.ask("getattr", {"at": [0, 1]}, "n")["is"] == 2


@pytest.mark.parametrize("reference", [[7], [0, 7]])
def test_a_reference_to_nothing_is_refused(reference: list[int]) -> None:
    """It raises EncodingError."""
    talk = Talk()
    talk.name("thing")

    with pytest.raises((EncodingError, LookupError)):
        talk.ask("str", {"at": reference})


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        ({"fn": ["function = lambda x: x + k", "function", {"k": 5}]}, 7),
        ({"fn": ["def f(x):\n    return f(x - 1) if x else 'end'", "f", {}]}, "end"),
        ({"py": ["math", "sqrt"]}, 2**0.5),
        ({"py": ["builtins", "str"]}, "2"),
    ],
    ids=["lambda", "recursive", "library", "builtin"],
)
def test_a_function_of_the_tests_can_be_called(tree: object, expected: object) -> None:
    """A function arrives by its source, or by its module and name."""
    talk = Talk()

    assert talk.ask("call", talk.name("apply"), tree, 2)["is"] == expected


def test_an_iterator_of_the_tests_is_one_for_the_candidate() -> None:
    """The candidate gets an iterator, not a list."""
    talk = Talk()

    assert talk.ask("next", {"it": [1, 2]})["is"] == 1


def test_an_unknown_tag_is_refused() -> None:
    """It raises EncodingError."""
    with pytest.raises(EncodingError):
        Talk().ask("str", {"nonsense": 1})


# Changes in place


@pytest.mark.parametrize(
    ("function", "operands", "after"),
    [
        ("sort", [[3, 1, 2]], [{"was": [0, [1, 2, 3]]}]),
        ("sort", [[[3], [1]]], [{"was": [0, [{"was": [2, [1]]}, {"was": [1, [3]]}]]}]),
        ("append", [[1], {"t": [2]}], [{"was": [0, [1, {"t": [2]}]]}]),
        ("put", [{"d": []}], [{"was": [0, {"d": [["new", 1]]}]}]),
        ("append", [{"q": [None, []]}, 1], [{"was": [0, {"q": [None, [1]]}]}]),
    ],
)
def test_changes_in_place_come_back(function: str, operands: list[Any], after: list[Any]) -> None:
    """An argument that was changed is sent back, with the identity of its containers."""
    talk = Talk()

    assert talk.ask("call", talk.name(function), *operands)["after"] == after


def test_what_was_not_changed_does_not_come_back() -> None:
    """An argument that is the same is not sent back."""
    talk = Talk()

    assert "after" not in talk.ask("call", talk.name("echo"), [1, {"s": [2]}])


def test_changes_in_place_come_back_with_an_exception() -> None:
    """Changes before an exception are sent back, too."""
    talk = Talk("def f(xs):\n    xs.append(1)\n    raise ValueError\n")

    answer = talk.ask("call", talk.name("f"), [])

    assert (answer["raised"]["class"], answer["after"]) == ("ValueError", [{"was": [0, [1]]}])


# Classes that both sides have


def test_shared_instances_travel_by_value() -> None:
    """An instance of a shared class arrives with its fields."""
    talk = Talk(shared=("Node",))
    nodes = [["Node", [["val", 5], ["next", None]]]]

    answer = talk.ask("getattr", {"n": 0}, "val", nodes=nodes)

    assert answer["is"] == 5


def test_shared_instances_come_back_by_value() -> None:
    """Instances of a shared class are written as a table, without numbers."""
    talk = Talk(shared=("Node",))

    answer = talk.ask("call", talk.name("Node"), 7)

    assert answer["is"] == {"n": 0}
    assert answer["nodes"] == [["Node", [["val", 7], ["next", None]]]]
    assert "met" not in answer


def test_a_cycle_of_shared_instances_arrives_and_comes_back() -> None:
    """Instances refer to each other by index, so a ring stays a ring."""
    talk = Talk(shared=("Node",))
    nodes = [["Node", [["val", 1], ["next", {"n": 1}]]], ["Node", [["val", 2], ["next", {"n": 0}]]]]

    answer = talk.ask("call", talk.name("echo"), {"n": 1}, nodes=nodes)

    assert answer["is"] == {"n": 1}
    assert answer["nodes"] == nodes


def test_shared_instances_keep_their_identity() -> None:
    """An instance that occurs twice stays one."""
    talk = Talk(shared=("Node",))

    answer = talk.ask("call", talk.name("pair"), {"n": 0}, nodes=[["Node", [["val", 1]]]])

    assert answer["is"] == [{"n": 0}, {"n": 0}]


def test_a_long_list_of_nodes_is_no_deep_value() -> None:
    """A chain of nodes may be longer than the bound on depth."""
    talk = Talk(shared=("Node",))
    nodes: list[Any] = [["Node", [["val", n], ["next", {"n": n + 1}]]] for n in range(5000)]
    nodes.append(["Node", [["val", 5000], ["next", None]]])

    answer = talk.ask("call", talk.name("echo"), {"n": 0}, nodes=nodes)

    assert len(answer["nodes"]) == 5001


def test_a_class_of_the_same_name_is_not_shared() -> None:
    """Only the class that has the shared name in the module is shared."""
    talk = Talk(
        """
        class Node:
            pass
        Other = type("Node", (), {})
        """,
        shared=("Node",),
    )

    assert "h" in talk.ask("call", talk.name("Other"))["is"]


# Guesses


@pytest.mark.parametrize(
    ("operation", "operands"),
    [("method", ["append", 9]), ("setitem", [0, 9]), ("delitem", [0]), ("iadd", [[9]])],
)
def test_a_guess_does_not_change_plain_data(operation: str, operands: list[Any]) -> None:
    """The tests own plain data by then, so a guess changes only a copy."""
    talk = Talk("kept = [1, 2]")

    answer = talk.ask(operation, talk.name("kept"), *operands, guess=True)

    assert answer["on_plain"] is True
    assert talk.names["kept"] == [1, 2]


def test_a_guess_changes_an_object() -> None:
    """Other objects are the candidate's, and are changed."""
    talk = Talk()

    answer = talk.ask("setattr", talk.name("thing"), "x", 9, guess=True)

    assert "on_plain" not in answer
    assert talk.names["thing"].x == 9


# What is raised


def test_a_builtin_exception_is_sent_by_name() -> None:
    """Its class, arguments and text are sent."""
    talk = Talk()
    raised = talk.ask("call", talk.name("fail"), {"py": ["builtins", "KeyError"]}, "k", 3)["raised"]

    assert (raised["class"], raised["args"]) == ("KeyError", ["k", 3])
    assert raised["text"] == "('k', 3)"


def test_an_exception_of_the_candidate_is_sent_by_number() -> None:
    """Its class is described, and objects in its arguments have numbers."""
    talk = Talk()
    answer = talk.ask("call", talk.name("broke"))
    described = {description["number"]: description for description in answer["met"]}

    assert described[answer["raised"]["class"]]["name"] == "Broke"
    assert answer["raised"]["args"][0] == "no money"
    assert described[answer["raised"]["args"][1]["h"]]["kind"] == "instance"


def test_exit_is_an_exception_like_others() -> None:
    """A call that exits does not end the session."""
    talk = Talk()

    assert talk.ask("call", talk.name("leave"))["raised"]["class"] == "SystemExit"
    assert talk.ask("call", talk.name("echo"), 1)["is"] == 1


def test_an_exception_can_be_referred_to() -> None:
    """Attributes of an exception can be read like those of a result."""
    talk = Talk()
    talk.ask("call", talk.name("broke"))

    assert talk.ask("str", {"at": [1, 0]})["is"].startswith("('no money'")


# Hostile objects

HOSTILE = {
    "no attribute is safe": "class X:\n    def __getattribute__(self, name): raise SystemExit",
    "no class": "class X:\n    @property\n    def __class__(self): raise RecursionError",
    "lying class": "class X:\n    __class__ = int",
    "names that lie": "class M(type):\n    @property\n    def __name__(cls): raise OSError\n"
    "class X(metaclass=M): pass",
    "mro that lies": "class M(type):\n    @property\n    def __mro__(cls): raise OSError\n"
    "class X(metaclass=M): pass",
    "attributes of the class that lie": "class M(type):\n"
    "    def __getattribute__(cls, name): raise OSError\nclass X(metaclass=M): pass",
    "hash and eq that raise": "class X:\n    def __eq__(self, o): raise OSError\n"
    "    def __hash__(self): raise OSError",
    "repr that raises": "class X:\n    def __repr__(self): raise OSError\n    __str__ = __repr__",
    "a name that is no text": "class X: pass\nX.__name__ = type('S', (str,), "
    "{'__str__': lambda s: 1 / 0, '__getitem__': lambda s, n: 1 / 0})('X')",
    "keys that are no texts": "class X: pass\nX.__dict__\n"
    "X = type('X', (), {'a' * 10**6: len, '\\ud800': len})",
    "a module's name": "class X: pass\nX.__module__ = 5",
    "reduce": "class X:\n    def __reduce__(self): raise OSError",
    "a dict that lies": "class X(dict):\n    def items(self): raise OSError\n"
    "    __iter__ = __len__ = items",
    "next on a class": "class X:\n    __next__ = 5",
}


@pytest.mark.parametrize("body", [pytest.param(body, id=name) for name, body in HOSTILE.items()])
@pytest.mark.parametrize("use", ["X()", "[X(), X()]", "{1: X()}", "X"])
def test_hostile_objects_do_not_break_the_protocol(body: str, use: str) -> None:
    """Whatever an object does when it is inspected, the next instruction is answered."""
    talk = Talk(f"{body}\ndef f(): return {use}\ndef g(): return 1")
    function = talk.name("f")

    with contextlib.suppress(BaseException):  # the guest reports it, as it does any other
        talk.ask("call", function)

    assert talk.ask("call", talk.name("g"))["is"] == 1


@pytest.mark.parametrize("error", ["BaseException", "Exception", "KeyError"])
def test_hostile_exceptions_do_not_break_the_protocol(error: str) -> None:
    """Whatever an exception does when it is inspected, it is reported."""
    talk = Talk(
        f"""
        class Bad({error}):
            @property
            def args(self): raise SystemExit
            def __str__(self): raise SystemExit
            __repr__ = __str__
        def f(): raise Bad
        """
    )

    assert "raised" in talk.ask("call", talk.name("f"))


@pytest.mark.parametrize("depth", [150, 500, 100_000])
def test_a_value_that_is_too_deep_does_not_end_the_session(depth: int) -> None:
    """It is refused, and the next instruction is answered."""
    talk = Talk()
    deepen = talk.name("deepen")
    try:
        talk.ask("call", deepen, depth)
    except EncodingError:
        assert depth > 200

    assert talk.ask("call", deepen, 0)["is"] == []


# Plain data, to a candidate and back

texts = st.text(st.characters(exclude_categories=()), max_size=8)
atoms = (
    st.none()
    | st.booleans()
    | st.integers(-(2**80), 2**80)
    | st.floats(allow_nan=False)
    | texts
    | st.binary(max_size=8)
    | st.complex_numbers(allow_nan=False)
    | st.decimals(allow_nan=False)
    | st.fractions()
    | st.dates()
    | st.timedeltas()
)
keys = atoms | st.tuples(atoms, atoms) | st.frozensets(atoms, max_size=3)
plain_data = st.recursive(
    atoms | keys,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.lists(inner, max_size=4).map(deque)
        | st.dictionaries(keys, inner, max_size=4)
        | st.dictionaries(keys, inner, max_size=4).map(OrderedDict)
        | st.sets(keys, max_size=4)
    ),
    max_leaves=12,
)


def exact(value: object) -> str:
    """Return a value with its types at every depth."""
    match value:
        case dict():
            inside = ", ".join(f"{exact(key)}: {exact(item)}" for key, item in value.items())
        case set() | frozenset():
            inside = ", ".join(sorted(map(exact, value)))
        case list() | tuple() | deque():
            inside = ", ".join(map(exact, value))
        case _:
            inside = repr(value)
    return f"{type(value).__name__}({inside})"


@settings(max_examples=300)
@given(plain_data)
def test_plain_data_goes_to_the_candidate_and_back(value: object) -> None:
    """A value that the candidate returns unchanged keeps its exact types."""
    talk = Talk("def echo(x): return x")
    target = talk.name("echo")
    answer = talk.ask("call", target, to_tree(value))
    answer.pop("after", None)  # a set may have been written in another order
    parsed = Answer.read("finished", json.dumps(answer), "")
    asked = AskedQuestion(Question(item="", operation="echo", operands=[]), parsed)
    cast = ProxySession(Transcript([asked]), Sources(), {})

    assert exact(cast.ask("echo")) == exact(value)


def test_an_instruction_has_the_form_of_encoded_values() -> None:
    """Both sides write plain data in the same way."""
    assert from_tree(to_tree({"d": [1]})) == {"d": [1]}
