"""Functions that tests pass to the candidate: sent by source, they do the same there."""

import json
from textwrap import dedent
from typing import Any

import pytest

from nova_code_verifier.sandbox.guest.object_session import ObjectSession
from nova_code_verifier.sandbox.protocol.encoding import EncodingError, to_tree
from nova_code_verifier.verifier.test_code.harness.callables import Sources
from nova_code_verifier.verifier.test_code.harness.session import ProxySession
from nova_code_verifier.verifier.test_code.harness.transcript import Transcript, UnsendableError

APPLY = "def apply(f, *args):\n    return f(*args)\n"


def sent(source: str, expression: str) -> Any:
    """Run tests of that source; write the value that *expression* has in them."""
    text = dedent(source)
    names: dict[str, Any] = {"__name__": "tests"}
    exec(compile(text, "<tests>", "exec"), names)
    value = eval(expression, names)
    session = ProxySession(Transcript(), Sources(text), {})
    session.ask("q", value)
    return session.transcript.asked[0].question.operands[0]


def applied(source: str, expression: str, *args: object) -> Any:
    """Send the value of *expression* to a candidate that calls it."""
    names: dict[str, Any] = {"__name__": "solution"}
    exec(APPLY, names)
    candidate = ObjectSession(names)
    candidate.answer(b'{"op": "name", "on": ["apply"]}')
    operands = [{"at": [0]}, sent(source, expression), *map(to_tree, args)]
    answer = candidate.answer(json.dumps({"op": "call", "on": operands}).encode())
    return json.loads(answer)["is"]


SENDABLE = {
    "lambda": ("f = lambda x: x + 1", "f", (1,), 2),
    "first of a line": ("f, g = lambda x: x + 1, lambda x: x + 2", "f", (1,), 2),
    "second of a line": ("f, g = lambda x: x + 1, lambda x: x + 2", "g", (1,), 3),
    "of a list": ("fs = [lambda x: x, lambda x: -x, lambda x: 2 * x]", "fs[1]", (3,), -3),
    "same but for a constant": ("fs = [lambda: 1, lambda: 2]", "fs[1]", (), 2),
    "outer of nested": ("f = lambda x: (lambda y: y * 2)(x) + 1", "f", (3,), 7),
    "inner of nested": ("f = lambda: lambda y: y * 2", "f()", (3,), 6),
    "a constant": ("f = lambda: None", "f", (), None),
    "over lines": ("f = (lambda x:\n    x\n    + 1)", "f", (1,), 2),
    "default": ("f = lambda x, y=5, *, z=2: x + y + z", "f", (1,), 8),
    "default of a name": ("k = 7\ndef f(x, y=k):\n    return x + y", "f", (1,), 8),
    "star": ("f = lambda *a, **k: len(a)", "f", (1, 2), 2),
    "global": ("k = 10\nf = lambda x: x * k", "f", (2,), 20),
    "closure": ("def add(n):\n    return lambda x: x + n\nf = add(5)", "f", (1,), 6),
    "function in a closure": (
        "def add(n):\n    def inner(x):\n        return x + n\n    return inner\nf = add(5)",
        "f",
        (1,),
        6,
    ),
    "comprehension": ("f = lambda xs: [x + 1 for x in xs if x]", "f", ([1, 0],), [2]),
    "function": ("def f(x):\n    '''Doc.'''\n    return x + 1", "f", (1,), 2),
    "recursion": ("def f(n):\n    return n * f(n - 1) if n else 1", "f", (5,), 120),
    "another function": ("def g(x):\n    return -x\ndef f(x):\n    return g(x)", "f", (1,), -1),
    "library": ("import math\nf = lambda x: math.sqrt(x)", "f", (4,), 2.0),
    "from a library": ("from math import sqrt\nf = lambda x: sqrt(x)", "f", (4,), 2.0),
    "annotated": ("def f(x: int) -> int:\n    return x", "f", (1,), 1),
    "global statement": ("def f(x):\n    y = x\n    return y", "f", (1,), 1),
    "builtin": ("", "len", ("abc",), 3),
    "a type": ("", "int", ("7",), 7),
    "method of a type": ("", "str.upper", ("a",), "A"),
    "of a module": ("import math", "math.floor", (1.5,), 1),
    "redefined": ("def f():\n    return 1\ndef f():\n    return 2", "f", (), 2),
}


@pytest.mark.parametrize(
    ("source", "expression", "args", "result"), SENDABLE.values(), ids=SENDABLE
)
def test_a_sent_function_returns_the_same(
    source: str, expression: str, args: tuple[object, ...], result: object
) -> None:
    """The candidate's copy of a function returns what the tests' function returns."""
    assert applied(source, expression, *args) == result


def test_a_class_of_the_tests_is_sent() -> None:
    """The candidate can make instances of a class that the tests define."""
    source = (
        "class A:\n    def __init__(self, x):\n        self.x = x\n    def __len__(self): return 3"
    )

    assert "h" in applied(source, "A", 1)


@pytest.mark.parametrize(
    ("source", "expression"),
    [
        ("import threading\nlock = threading.Lock()", "lock"),
        ("import threading\nlock = threading.Lock()\nf = lambda: lock", "f"),
        ("class A: pass\na = A()", "a"),
        ("xs = []", "xs.append"),
        ("f = eval('lambda x: x')", "f"),
        ("def f(): return g()\ndef g(): return f()", "f"),
        ("f = open", "f.__self__.__class__('nowhere')"),
    ],
    ids=["object", "in a function", "instance", "bound", "no source", "circle", "module"],
)
def test_a_function_that_cannot_be_sent_is_refused(source: str, expression: str) -> None:
    """A function without source, or that uses an object that cannot be sent, is not sent."""
    with pytest.raises((UnsendableError, EncodingError)):
        sent(source, expression)


def test_a_prompt_that_does_not_parse_is_ignored() -> None:
    """A prompt that ends with the head of a function does not stop other functions."""
    assert Sources("def f(x):\n").send(len, lambda tree: tree) == {"py": ["builtins", "len"]}
