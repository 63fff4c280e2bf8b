"""Plain tests: their items, and what the best guess passes, without a run."""

import random

import pytest

from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.verifier.test_code.discovery import Discovery, DiscoveryCache, discover
from nova_code_verifier.verifier.test_code.plain.baseline import read_plain_tests
from nova_code_verifier.verifier.types import TestCode

DISCOVERED = [
    TestCode(source="assert f(1) == 2\nassert f(2) == 2\nassert f(3) == 'a'"),
    TestCode(source="assert f(1) == 1\nassert not f([])\nassert f(x=3) == 3"),
    TestCode(source="assert f(1) is None\nassert abs(f(2) - 2.5) < 1e-3\nassert abs(f(3) - 2) < 1"),
    TestCode(source="assert len(f(1)) == 3\nassert f(2)[0] == 1\nassert f(3)[1] == 4"),
    TestCode(source="assert f(1) > 3\nassert f(2) < 5\nassert f(3) in (4, 9)\nassert f(1) != f(2)"),
    TestCode(source="assert isinstance(f(1), str)\nassert 'a' in f(2)\nassert 'b' not in f(3)"),
    TestCode(source="for x, y in [(1, 2), (2, 4), (3, 4)]:\n    assert f(x) == y\nassert f(4)"),
    TestCode(source="xs = [1, 2]\nfor i, x in enumerate(xs):\n    y = f(x)\n    assert y == i"),
    TestCode(
        source="xs = {'a': 1.5, 'b': 2.5}\nfor x, y in xs.items():\n"
        "    result = f(x)\n    assert result != 'c'\n    assert abs(result - y) < 1e-6"
    ),
    TestCode(
        source="def check(candidate):\n    assert True\n    assert candidate(1, 2) == 2",
        entry_point="f",
        prompt="from typing import List\ndef f(x: List[int]) -> 'int':\n    '''Doc.'''\n",
    ),
]


@pytest.mark.parametrize("test_code", DISCOVERED, ids=lambda test_code: test_code.source)
def test_nothing_has_to_run_for_discovery(executor: LocalExecutor, test_code: TestCode) -> None:
    """Items and the guess baseline are those of a run without a candidate."""
    found = discover([test_code], executor, DiscoveryCache())[test_code]
    plain = read_plain_tests(test_code)

    assert plain is not None
    assert isinstance(found, Discovery)
    assert list(dict.fromkeys(part.item for part in plain.asserts)) == found.items
    assert plain.guessed == found.guessed


@pytest.mark.parametrize(
    "prompt",
    [
        "import no_such_module", "from typing import NoSuchName", "x = 1 / 0",
        "def f(x: List): ...",
        "from typing import Optional\ndef f(x: Optional[int, str]): ...", "class Node: ...",
        "@print\ndef f(): ...", "def f(x=1 / 0): ...", "def f(x: print('x')): ...",
    ],
)  # fmt: skip
def test_a_prompt_that_may_raise_is_run(prompt: str) -> None:
    """Whether it does, or what it defines, is for a run without a candidate to find out."""
    assert read_plain_tests(TestCode(source="assert f(1) == 2", prompt=prompt)) is None


@pytest.mark.parametrize(
    "source",
    [
        "def same(a, b):\n    assert a == b\nfor x in [1, 2]:\n    same(f(x), 2)",
        "assert isinstance(f(1), (int, str))",
    ],
)
def test_what_the_recorder_cannot_follow_here_is_run(source: str) -> None:
    """A run finds out what helpers of the tests compare with an answer."""
    assert read_plain_tests(TestCode(source=source)) is None


def test_the_random_numbers_of_this_process_stay_as_they_are() -> None:
    """A trainer may have set their seed."""
    random.seed(7)
    expected = random.random()
    random.seed(7)

    assert read_plain_tests(TestCode(source="assert f(1) == 2")) is not None
    assert random.random() == expected
