"""Samples as a trainer sends them: made here, or read from the repository."""

import json
from collections.abc import Callable
from typing import Any

from tests.paths import REPOSITORY

Sample = dict[str, Any]

# Programs that end soon, right and wrong: no time limit decides about their rows.
_QUIXBUGS = (
    "flatten/correct", "flatten/buggy", "knapsack/correct", "knapsack/buggy",
    "powerset/correct", "powerset/buggy", "sieve/correct", "sieve/buggy",
    "subsequences/correct", "wrap/buggy",
)  # fmt: skip
_KODSPORT = (
    "namnsdag/accepted/namnsdag_js", "namnsdag/wrong/kappa", "kubiskaboxar/accepted/par_100",
    "kubiskaboxar/partial/par_50", "minigolf2/partial/harry40", "vaccin/accepted/fredrik",
    "kopatavlor/partial/leopold_7p", "applenparon/partial/noeq", "hundraelva/accepted/fredrik",
    "oddbinom/accepted/per-logn",
)  # fmt: skip


def square_sample(program: str, *, sample_id: object = "square", **limits: float) -> Sample:
    """Return a sample that asks for `square(n)` and is answered with *program*."""
    return {
        "id": sample_id,
        "messages": [
            {"role": "user", "content": "Write a function `square(n)`."},
            {"role": "assistant", "content": f"```python\n{program}\n```"},
        ],
        "reference_answer": {
            "tests": {
                "kind": "call",
                "entry_point": "square",
                "cases": [{"args": [3], "expected": 9}, {"args": [4], "expected": 16}],
            },
            "limits": limits,
        },
    }


RIGHT = "def square(n):\n    return n * n"
ENDLESS = "def square(n):\n    while True:\n        pass"
SLEEPING = "import time\n\ndef square(n):\n    time.sleep(1000)"


def example_samples() -> list[Sample]:
    """Return all samples that `make demo` scores."""
    return _read_lines("examples/completions.jsonl")


def _known_samples(dataset: str, names: tuple[str, ...]) -> list[Sample]:
    """Return the samples with these *names* from a dataset of known solutions."""
    rows = {row["name"]: row["sample"] for row in _read_lines(f"tests/known/data/{dataset}.jsonl")}
    return [rows[f"{dataset}/{name}"] for name in names]


_SPLIT_CHECKER = """
import sys
n = int(open(sys.argv[1]).read())
a, b = map(int, open(sys.argv[3]).read().split())
print(int(a > 0 and b > 0 and a + b == n))
"""


def checked_samples() -> list[Sample]:
    """Return samples whose dataset brings a checker: right, malformed, and with a broken one."""
    sums = ("print(1, n - 1)", "print(n - 1, 1)", "print(n, 0)", "print('abc')", "1 / 0")
    tests = [{"input": f"{n}\n", "output": f"1 {n - 1}\n"} for n in range(3, 9)]
    row = {"official_tests": tests, "generated_checker": _SPLIT_CHECKER}
    return [
        {
            "id": f"{number}-{len(checker)}",
            "messages": [
                {"role": "user", "content": "Print two positive numbers with the sum n."},
                {"role": "assistant", "content": f"```python\nn = int(input())\n{line}\n```"},
            ],
            "reference_answer": row | {"generated_checker": checker},
        }
        for checker in (_SPLIT_CHECKER, "print(0)")
        for number, line in enumerate(sums)
    ]


# Tests that need a process beside the candidate's, each with a right and a wrong program.
_TESTS = {
    "files": """
import os, tempfile, unittest

class TestCount(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp()
        self.path = os.path.join(self.directory, "words.txt")
        with open(self.path, "w") as file:
            file.write("one two two")

    def test_counts(self):
        self.assertEqual(solve(self.path), {"one": 1, "two": 2})

    def test_missing(self):
        with self.assertRaises(FileNotFoundError):
            solve(os.path.join(self.directory, "none"))
""",
    "patches": """
from unittest import mock

def test_input():
    with mock.patch("builtins.input", side_effect=["3", "4"]):
        assert solve() == 7

def test_output(capsys):
    with mock.patch("builtins.input", side_effect=["1", "1"]):
        solve()
    assert capsys.readouterr().out == "2\\n"
""",
    "objects": """
items = [3, 1, 2]
assert solve(items, key=lambda item: -item) is items
assert items == [3, 2, 1]
""",
}
_SOLUTIONS = {
    "files": """
from collections import Counter

def solve(path):
    with open(path) as file:
        return dict(Counter(file.read().split()))
""",
    "patches": """
def solve():
    total = int(input()) + int(input())
    print(total)
    return total
""",
    "objects": """
def solve(items, key):
    items.sort(key=key)
    return items
""",
}
_SESSION_PROGRAMS = [
    *_SOLUTIONS.items(),
    ("files", "def solve(path):\n    return {'one': 1, 'two': 2}"),
    ("patches", _SOLUTIONS["patches"].replace("print(total)", "print(total, total)")),
    ("objects", "def solve(items, key):\n    return sorted(items, key=key)"),
    ("objects", "import os\n\ndef solve(items, key):\n    os._exit(0)"),
    ("files", "def solve(path:"),
    ("patches", "raise ValueError"),
]


def session_sample(tests: str, program: str, *, sample_id: object = "session") -> Sample:
    """Return a sample that asks for `solve` and has test code."""
    return square_sample(program, sample_id=sample_id) | {
        "reference_answer": {"tests": {"kind": "code", "code": tests, "entry_point": "solve"}}
    }


def session_samples() -> list[Sample]:
    """Return samples with tests that need a process beside the candidate's."""
    return [
        session_sample(_TESTS[name], program, sample_id=f"{name}-{number}")
        for number, (name, program) in enumerate(_SESSION_PROGRAMS)
    ]


SAMPLE_SETS: dict[str, Callable[[], list[Sample]]] = {
    "examples": example_samples,
    "checkers": checked_samples,
    "quixbugs": lambda: _known_samples("quixbugs", _QUIXBUGS),
    "kodsport": lambda: _known_samples("kodsport", _KODSPORT),
    "sessions": session_samples,
}


def metrics_of(row: dict[str, Any]) -> dict[str, float]:
    """Return the metrics of a response row, by name."""
    return {metric["name"]: metric["value"] for metric in row["metrics_list"]}


def without_durations(rows: Any) -> list[Any]:
    """Return rows without the metric `duration_ms`: two runs may differ in nothing else."""
    return [
        row | {"metrics_list": [m for m in row["metrics_list"] if m["name"] != "duration_ms"]}
        for row in rows
    ]


def _read_lines(path: str) -> list[dict[str, Any]]:
    text = (REPOSITORY / path).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.split("\n") if line.strip()]
