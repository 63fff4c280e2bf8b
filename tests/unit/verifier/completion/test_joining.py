"""What a program takes from the blocks before it."""

import pytest

from nova_code_verifier.verifier.completion.joining import join
from nova_code_verifier.verifier.completion.programs import Program

ROOT = "def root(n):\n    return math.isqrt(n)"


def joined(*blocks: str, names: str = "") -> list[str]:
    """Return the lines of the last of *blocks* after what it needs, without empty ones."""
    programs = [Program(block) for block in blocks]
    text = join(programs, len(programs) - 1, frozenset(names.split()))
    return [line for line in text.splitlines() if line.strip()]


@pytest.mark.parametrize(
    ("blocks", "taken"),
    [
        pytest.param(["import math", ROOT], ["import math"], id="import"),
        pytest.param(["import math as m\nimport math", ROOT], ["import math"], id="one-of-two"),
        pytest.param(["import math", "import os", ROOT], ["import math"], id="one-block-of-two"),
        pytest.param(
            ["MOD = 10**9 + 7\nprint(MOD)", "def f(n):\n    return n % MOD"],
            ["MOD = 10**9 + 7"],
            id="constant",
        ),
        pytest.param(
            ["import math", "def g(x):\n    return math.pi", "def f(n):\n    return g(n)"],
            ["import math", "def g(x):", "    return math.pi"],
            id="helper-and-its-import",
        ),
        pytest.param(
            ["@cache\nclass A:\n    b = B\n\nB = 1\nC = 2\nfrom functools import cache", "A()"],
            ["@cache", "class A:", "    b = B", "B = 1", "from functools import cache"],
            id="decorator-and-base",
        ),
        pytest.param(
            ["def g(): return 1", "def g(): return 2", "g()"], ["def g(): return 2"], id="x"
        ),
        pytest.param(["from math import *", "print(isqrt(4))"], ["from math import *"], id="star"),
        pytest.param(
            ["inf = float('inf')\nprint(1)", "min(1, inf)"], ["inf = float('inf')"], id="f"
        ),
    ],
)
def test_what_a_program_lacks_comes_before_it(blocks: list[str], taken: list[str]) -> None:
    """Only the statements that bind what is needed are taken, from the nearest block."""
    for names in ("f", ""):
        assert joined(*blocks, names=names) == [*taken, *blocks[-1].splitlines()]


@pytest.mark.parametrize(
    "last",
    [
        "import math\nprint(math.pi)",
        "print(len([1]))",
        "def f(math):\n    return math",
        "print(unknown)",
        "print(math",
    ],
)
def test_a_program_that_lacks_nothing_stays_as_it_is(last: str) -> None:
    """What it binds itself, what is built in, and what no block has, is not looked for."""
    assert "\n".join(joined("import math\nx = 1", last)) == last


def test_imports_from_the_future_stay_first() -> None:
    """Python refuses them after other statements."""
    last = f'"""Doc."""\nfrom __future__ import annotations\n{ROOT}'

    assert joined("import math", last)[:3] == [
        '"""Doc."""',
        "from __future__ import annotations",
        "import math",
    ]


def test_the_steps_of_a_program_are_put_together() -> None:
    """If no function is asked for, a block that computes a needed value is taken as a whole."""
    steps = ["n = int(input())", "a = []\nfor _ in range(n):\n    a.append(input())", "print(a)"]

    assert "\n".join(joined(*steps)) == "\n".join(steps)


def test_a_draft_is_not_run_for_a_function() -> None:
    """If a function is asked for, statements that run something are not taken."""
    draft = "MOD = 7\nfor i in range(MOD):\n    print(i)"

    assert joined(draft, "def f(n):\n    return n % MOD", names="f")[:2] == [
        "MOD = 7",
        "def f(n):",
    ]


@pytest.mark.parametrize(
    "table",
    [
        "T = [1]\nfor i in range(9):\n    T.append(T[-1] * i)",
        "T = [0] * 9\nfor i in range(9):\n    T[i] = i",
        "T = []\nT.append(1)",
        "try:\n    import numpy as T\nexcept ImportError:\n    T = None",
        "if 1 > 0:\n    T = 1\nelse:\n    T = 2",
    ],
)
def test_a_table_is_taken_with_what_fills_it(table: str) -> None:
    """Loops and calls that only fill a container, and conditional bindings, are taken."""
    program = "def f(n):\n    return T"

    assert "\n".join(joined(f"{table}\nprint(1)", program, names="f")) == f"{table}\n{program}"


def test_what_a_main_guard_binds_is_not_taken() -> None:
    """It is not there when a program is imported."""
    guard = "if __name__ == '__main__':\n    T = 1"

    assert joined(guard, "def f(n):\n    return T", names="f")[0] == "def f(n):"


def test_all_names_that_are_asked_for_are_there() -> None:
    """If the tests use several names, those in other blocks are taken."""
    assert joined("class A: pass", "def g(): pass", names="A g") == [
        "class A: pass",
        "def g(): pass",
    ]


def test_a_helper_may_come_later() -> None:
    """What no earlier block has may be in a later one."""
    programs = [Program("def f(n):\n    return g(n)"), Program("def g(n):\n    return n")]

    assert join(programs, 0, frozenset({"f"})).startswith("def g(n):\n    return n\n")


def test_of_several_later_helpers_the_last_one_counts() -> None:
    """The last one corrects those before it."""
    texts = ["def f(n):\n    return g(n)", "def g(n): return 1", "def g(n): return 2"]
    programs = [Program(text) for text in texts]

    assert join(programs, 0, frozenset({"f"})).startswith("def g(n): return 2\n")
