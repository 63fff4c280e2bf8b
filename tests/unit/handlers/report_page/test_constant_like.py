"""handlers/report_page/constant_like.py: answers that solve nothing."""

import pytest

from nova_code_verifier.handlers.report_page.constant_like import is_constant_like

GUESS = {"tests_passed": 2.0, "tests_total": 3.0, "guess_baseline": 2 / 3, "correctness": 0.0}


@pytest.mark.parametrize(
    "program",
    [
        "def f(x):\n    return False",
        "def f(x: int) -> int:\n    '''Return the answer.'''\n    return -1",
        "class Solution:\n    def f(self, x):\n        return [0, 'a']",
        "def f(*args):\n    return args[0]",
        "print('YES')",
        "import sys\nsys.stdout.write(sys.stdin.read())",
        "s = input().strip()\nprint(s)",
        "def f(n):\n    if n == 127:\n        return 7\n    return 1 if n == 128 else 0",
        "pass",
    ],
)
def test_constants_echoes_and_known_answers_are_constant_like(program: str) -> None:
    """Nothing in them computes."""
    assert is_constant_like(program, {}) is True


@pytest.mark.parametrize(
    "program",
    [
        "def f(x):\n    return x + 1",
        "def f(x):\n    return not x",
        "def f(x):\n    return -x",
        "def f(x):\n    return x == 0",
        "def f(x):\n    return sorted(x)",
        "def f(x):\n    return x.upper()",
        "def f(x):\n    if x > 0:\n        return 1\n    return 0",
        "for _ in range(2):\n    print(input())",
        "print([c for c in input()])",
    ],
)
def test_programs_that_compute_are_not(program: str) -> None:
    """Also not if they pass what a guess passes: a partial solution does."""
    assert is_constant_like(program, GUESS) is False


def test_without_a_program_the_metrics_decide() -> None:
    """Exactly the cases of the best guess passed, and nothing was earned."""
    assert is_constant_like(None, GUESS) is True
    assert is_constant_like(None, GUESS | {"tests_passed": 1.0}) is False
    assert is_constant_like(None, GUESS | {"correctness": 0.5}) is False
    assert is_constant_like(None, GUESS | {"tests_passed": 0.0, "guess_baseline": 0.0}) is False


def test_without_both_nothing_is_known() -> None:
    """A row of another reward function has a reward only."""
    assert is_constant_like(None, {}) is None
    assert is_constant_like("def f(:", {"tests_total": 3.0}) is None
