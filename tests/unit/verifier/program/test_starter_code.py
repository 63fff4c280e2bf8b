"""Programs that leave out the head of their class or function."""

import ast
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nova_code_verifier.verifier.program.starter_code import MAX_CHARS, complete, continued

STARTER = "class Solution:\n    def f(self, words: list) -> int:\n        "
FUNCTION = "def f(words):\n    "
LOOP = "total = 0\n        for word in words:\n            total += len(word)\n        return total"


def answer_of(program: str, starter_code: str = STARTER, entry_point: str = "f") -> object:
    """Complete a program, and return what its method answers."""
    names: dict[str, Any] = {}
    exec(complete(program, starter_code, entry_point), names)
    return names["Solution"]().f(["ab", "c"])


METHODS = [
    "def f(self, words):\n    return sum(map(len, words))",
    "def f(self, words):\n    return self.g(words)\ndef g(self, words):\n    return len(words) + 1",
    "def __init__(self):\n    self.__start = 0\ndef f(self, words):\n    return self.__start + 3",
    "START = 2\ndef f(self, words):\n    return self.START + START - 1",
    "import math\ndef f(self, words):\n    return math.isqrt(9)",
    'def f(self, words):\n    """Line\nat the margin.\n"""\n    return len("""a\nb""")',
    "def f(self, /, words):\n    return 3",
    "    def f(self, words):\n        return self.g()\n\n    def g(self):\n        return 3",
    "    @staticmethod\n    def g(): return 3\n    def f(self, words):\n        return self.g()",
]


@pytest.mark.parametrize("program", METHODS)
@pytest.mark.parametrize(
    ("starter_code", "entry_point"),
    [(STARTER, "f"), (STARTER, ""), ("", "Solution().f"), (STARTER, "Solution().f")],
)
def test_methods_get_their_class(program: str, starter_code: str, entry_point: str) -> None:
    """Methods without a class become those of `Solution`, by the starter code or entry point."""
    assert answer_of(program, starter_code, entry_point) == 3


BODIES = [
    f"        {LOOP}",
    f"\n        {LOOP}\n",
    LOOP,
    "return sum(map(len, words))",
    "        return sum(map(len, words))",
    "total = 0\nfor word in words:\n    total += len(word)\nreturn total",
    "if words:\n    return 3\nelse:\n    return 0",
    "def g(word):\n            return len(word)\n        return sum(map(g, words))",
]


@pytest.mark.parametrize("program", BODIES)
def test_a_body_gets_the_head_of_its_method(program: str) -> None:
    """A body continues the starter code, with or without the indentation of the first line."""
    assert answer_of(program) == 3


@pytest.mark.parametrize("program", ["    return len(words)", "return len(words)"])
def test_a_body_gets_the_head_of_its_function(program: str) -> None:
    """The starter code of a plain function is continued, too."""
    names: dict[str, Any] = {}
    exec(complete(program, FUNCTION, "f"), names)

    assert names["f"]([1, 2]) == 2


@pytest.mark.parametrize(
    ("program", "starter_code", "entry_point"),
    [
        ("class Solution:\n    def f(self, x): return x", STARTER, "f"),
        ("def f(x): return x", STARTER, "f"),
        ("def f(x): return x", STARTER, "Solution().f"),
        ("def f(self, x): return x", "", "f"),
        ("def f(self, x): return x", FUNCTION, "f"),
        ("def g(self, x): return x", STARTER, "f"),
        ("f = lambda self, x: x", STARTER, "f"),
        ("class Solution(:\n    def f(self, x): return x", STARTER, "f"),
        ("def f(self, x: return x", STARTER, "f"),
        ("    def f(self, x): return x", "", "f"),
        ("I will return it later.", STARTER, "f"),
        ("Sorry", STARTER, "f"),
        ("print(1)", STARTER, "f"),
        ("return '''a\nb'''", STARTER, "f"),
        ("", STARTER, "f"),
        ("def f(self, x):\n    return x\n" + "#" * MAX_CHARS, STARTER, "f"),
    ],
)
def test_other_programs_are_not_changed(program: str, starter_code: str, entry_point: str) -> None:
    """A program with its class or function, with an error, or too long stays as it is."""
    assert complete(program, starter_code, entry_point) == program


def test_lines_of_methods_keep_their_numbers() -> None:
    """The class comes after methods at the margin, so that tracebacks name the right lines."""
    program = METHODS[0]

    assert complete(program, STARTER, "f").startswith(program)


@pytest.mark.parametrize("prompt", ["", "import math\n", "def g(x):\n    return x\n"])
def test_a_program_is_no_body(prompt: str) -> None:
    """A program that parses on its own continues nothing."""
    assert continued(prompt, "def f(x):\n    return x\n") is None


@given(
    st.text() | st.sampled_from(METHODS + BODIES), st.text() | st.sampled_from([STARTER, FUNCTION])
)
def test_any_text_is_completed_to_python_or_not_changed(program: str, starter_code: str) -> None:
    """No text raises, and what is added makes Python of it."""
    text = complete(program, starter_code, "Solution().f")

    assert text == program or ast.parse(text)
