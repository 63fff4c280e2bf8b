"""A data set with a planted fault in each row."""

import json
from typing import Any

DOUBLE = "print(2 * int(input()))"

_BASE = "class Base:\n    def two(self): return 2\ndef f(x): return x\n"
_DERIVED = """
import unittest
from solution import Base, f
class T(unittest.TestCase, Base):
    def test_one(self): self.assertEqual(f(1), 1)
    def test_two(self): self.assertEqual(self.two(), 2)
"""
_BUSY = """import time
started = time.process_time()
number = int(input())
while time.process_time() < started + {seconds}: pass
print(2 * number)
"""
_COIN = "import secrets\nprint(2 * int(input()) + secrets.randbelow(2))"


def pairs(*numbers: int) -> dict[str, list[str]]:
    """Return test cases for a program that doubles its input."""
    return {"inputs": [str(n) for n in numbers], "outputs": [str(2 * n) for n in numbers]}


ROWS: list[dict[str, Any]] = [
    {"id": "good", "solution": DOUBLE, **pairs(4, 5, 6)},
    {"id": "gold_fails", "solution": "print(7)", **pairs(11, 12)},
    {"id": "no_python", "solution": "int main() {}", **pairs(13, 14)},
    {"id": "one_of_two_fails", "solutions": [DOUBLE, "print(7)"], **pairs(15, 16)},
    {
        "id": "trivial_passes",
        "code": "def f(x): return x % 2 == 0",
        "test_list": ["assert f(2) == True", "assert f(4) == True"],
    },
    {
        "id": "knows_examples",
        "prompt": "Double a number: f(21) == 42, f(22) == 44",
        "code": "def f(x): return 2 * x",
        "test_list": ["assert f(21) == 42", "assert f(22) == 44"],
    },
    {"id": "high_guess_baseline", "solution": "print(8)", "inputs": ["1"], "outputs": ["8"]},
    {"id": "flaky", "solution": _COIN, **pairs(*range(100, 120))},
    {"id": "slow", "solution": _BUSY.format(seconds=0.5), **pairs(31), "time_limit": 0.3},
    {"id": "nearly_slow", "solution": _BUSY.format(seconds=0.4), **pairs(32), "time_limit": 1},
    {
        "id": "contradictory_cases",
        "solution": DOUBLE,
        "inputs": ["41", "42", "41"],
        "outputs": ["82", "84", "83"],
    },
    {"id": "duplicate_cases", "solution": DOUBLE, **pairs(43, 44, 43)},
    {"id": "good", "solution": DOUBLE, **pairs(51, 52)},
    {"id": "duplicate_tests", "solution": DOUBLE, **pairs(4, 5, 6)},
    {"id": "needs_shared_process", "solution": _BASE, "test": _DERIVED},
    {"id": "missing_library", "solution": f"import no_such_module\n{DOUBLE}", **pairs(61, 62)},
    {
        "id": "missing_in_tests",
        "solution": "def f(x): return x",
        "test": "import no_such_module\ndef test_f():\n    assert f(1) == 1",
    },
    {"id": "special_judge", "solution": DOUBLE, "test_cases": [["1", "2"]], "type": "spj"},
    {"id": "no_tests", "answer": "positive"},
]


def lines_of(rows: list[dict[str, Any]]) -> str:
    """Write rows as lines."""
    return "".join(f"{json.dumps(row)}\n" for row in rows)
