"""Checkers of datasets, in real guests: who is judged right, who wrong, and who is to blame.

The rows are built like those of open-r1/codeforces and HardTests; problems and checkers are ours.
"""

import textwrap
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from nova_code_verifier import Sample, judge
from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.verifier.checking import program as checker_program
from nova_code_verifier.verifier.test_code.discovery import DiscoveryCache
from nova_code_verifier.verifier.types import Score, Verdict

SPLIT = '''\
"""Two positive summands of n, in any order."""
import sys

def main(input_path, output_path, submission_path):
    with open(input_path) as file:
        n = int(file.readline())
    with open(submission_path) as file:
        lines = file.read().split("\\n")
    a, b = map(int, lines[0].split())
    return a > 0 and b > 0 and a + b == n

if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(2)
    print(1 if main(*sys.argv[1:]) else 0)
'''
PERMUTATION = '''\
"""Any permutation of 1..n without a fixed point; -1 if there is none. Full marks are 100."""
import sys
n = int(open(sys.argv[1]).read())
right, given = open(sys.argv[2]).read().split(), open(sys.argv[3]).read().split()
if right == ["-1"] or given == ["-1"]:
    print(100 if right == given else 0)
else:
    numbers = [int(token) for token in given]
    moved = all(number != place for place, number in enumerate(numbers, 1))
    print(100 if moved and sorted(numbers) == list(range(1, n + 1)) else 0)
'''
PATH = """\
import json
from collections import deque

def neighbours(edges, node):
    return [b if a == node else a for a, b in edges if node in (a, b)]

def output_judging_function(input_str: str, candidate_output: str, reference_output: str) -> bool:
    n, *rest = map(int, input_str.split())
    edges = list(zip(rest[::2], rest[1::2]))
    print("1")  # what it prints is no verdict
    path = json.loads(candidate_output)
    if len(path) != len(json.loads(reference_output)):
        return False
    if path[0] != 1 or path[-1] != n:
        return False
    return all(b in neighbours(edges, a) for a, b in zip(path, path[1:]))
"""
LIMITS = {"cpu_seconds": 5.0, "output_bytes": 2**23}


def codeforces(checker: str, inputs: Sequence[str], outputs: Sequence[str]) -> dict[str, Any]:
    """Return a row like those of open-r1/codeforces."""
    tests = [{"input": i, "output": o} for i, o in zip(inputs, outputs, strict=True)]
    return {"id": "1/A", "official_tests": tests, "generated_checker": checker, "limits": LIMITS}


def hardtests(function: str, inputs: Sequence[str], outputs: Sequence[str]) -> dict[str, Any]:
    """Return a row like those of HardTests, with its test cases decoded."""
    tests = [{"input": i, "output": o} for i, o in zip(inputs, outputs, strict=True)]
    kit = {"pid": "x", "output_judging_function": function, "input_validator": None}
    return {"pid": "x", "test_cases": tests, "test_cases_kit": kit, "limits": LIMITS}


SPLIT_ROW = codeforces(
    SPLIT, [f"{n}\r\n" for n in range(5, 10)], [f"1 {n - 1}\r\n" for n in range(5, 10)]
)
PERMUTATION_ROW = codeforces(
    PERMUTATION, ["1\n", "2\n", "3\n", "4\n"], ["-1\n", "2 1\n", "2 3 1\n", "2 1 4 3\n"]
)
PATH_ROW = hardtests(
    PATH,
    ["4\n1 2\n2 4\n1 3\n3 4\n", "3\n1 2\n2 3\n1 3\n", "5\n1 2\n1 3\n2 4\n3 4\n4 5\n"],
    ["[1, 2, 4]", "[1, 3]", "[1, 2, 4, 5]"],
)
SHORTEST_PATH = """
import json, sys
n, *rest = map(int, sys.stdin.read().split())
edges = list(zip(rest[::2], rest[1::2]))
paths = [[1]]
while paths[0][-1] != n:
    path = paths.pop(0)
    for a, b in reversed(edges):
        for here, there in ((a, b), (b, a)):
            if here == path[-1] and there not in path:
                paths.append(path + [there])
print(json.dumps(paths[0]))
"""


def sample(row: dict[str, Any], program: str) -> Sample:
    """Return a sample that holds a program."""
    return Sample(completion=f"```python\n{program}\n```", reference=row)


def score_of(row: dict[str, Any], program: str, executor: LocalExecutor) -> Score:
    """Score one program."""
    (score,) = judge([sample(row, program)], executor)
    return score


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let checkers run out of time and memory soon."""
    limits = replace(
        checker_program.CHECKER_LIMITS,
        cpu_seconds=0.5,
        wall_seconds=1.5,
        memory_bytes=128 * 2**20,
    )
    monkeypatch.setattr(checker_program, "CHECKER_LIMITS", limits)


# Right and wrong


@pytest.mark.parametrize(
    ("row", "program"),
    [
        (SPLIT_ROW, "n = int(input())\nprint(1, n - 1)"),
        (SPLIT_ROW, "n = int(input())\nprint(n - 1, 1)"),
        (SPLIT_ROW, "n = int(input())\nprint()\nprint(n // 2, n - n // 2)\nprint()"),
        (PERMUTATION_ROW, "n = int(input())\nprint(*range(2, n + 1), 1) if n > 1 else print(-1)"),
        (PERMUTATION_ROW, "n = int(input())\nprint(n, *range(1, n)) if n > 1 else print(-1)"),
        (PATH_ROW, SHORTEST_PATH),
    ],
)
def test_every_right_answer_is_accepted(
    row: dict[str, Any], program: str, executor: LocalExecutor
) -> None:
    """A program whose answers differ from the expected ones gets full marks."""
    score = score_of(row, program, executor)

    assert (score.verdict, score.correctness, score.problem) == (Verdict.ACCEPTED, 1.0, "")


@pytest.mark.parametrize(
    ("row", "program"),
    [
        (SPLIT_ROW, "n = int(input())\nprint(0, n)"),
        (SPLIT_ROW, "n = int(input())\nprint(n)"),
        (PERMUTATION_ROW, "n = int(input())\nprint(*range(1, n + 1))"),
        (PERMUTATION_ROW, "print(-1)"),
        (PATH_ROW, "print('[1, 4]')"),
        (PATH_ROW, "import sys\nprint([1] + [int(sys.stdin.readline())])"),
        (SPLIT_ROW, "print(1)"),
        (SPLIT_ROW, "print(100)"),
        (PATH_ROW, "print(True)"),
        (PATH_ROW, "print('1.0')"),
        (SPLIT_ROW, "pass"),
        (PATH_ROW, "pass"),
        (SPLIT_ROW, "n = int(input())\nprint(n - 1, 1)\nraise SystemExit(1)"),
    ],
)
def test_wrong_answers_earn_nothing(
    row: dict[str, Any], program: str, executor: LocalExecutor
) -> None:
    """Neither a wrong answer nor a checker's own verdict is paid, and it is graded."""
    score = score_of(row, program, executor)

    assert (score.correctness, score.problem) == (0.0, "")
    assert score.verdict in (Verdict.WRONG_ANSWER, Verdict.RUNTIME_ERROR)


def test_the_same_input_gets_the_same_reward(executor: LocalExecutor) -> None:
    """A checker that draws random numbers draws the same ones in every guest."""
    checker = (
        "import random, sys\nright, given = (open(name).read() for name in sys.argv[2:])\n"
        "print(int(right == given or 'x' in given and random.random() < 0.5))\n"
    )
    row = codeforces(checker, ["1\n", "2\n"], ["1\n", "2\n"])

    rewards = {score_of(row, "print('x')", executor).reward for _ in range(8)}

    assert len(rewards) == 1


# Hostile outputs

HOSTILE = {
    "no number": "print('abc')",
    "bytes that are no text": "import sys\nsys.stdout.buffer.write(b'\\xff\\xfe\\x80' * 99)",
    "lone surrogates": "import sys\nsys.stdout.buffer.write(b'\\xed\\xa0\\x80 1')",
    "NUL": "print('\\0' * 1000)",
    "deep nesting": "print('[' * 100_000)",
    "deep and complete": "print('[' * 50_000 + ']' * 50_000)",
    "a long number": "print('9' * 200_000)",
    "huge exponent": "print('1e999999999', '1e-999999999')",
    "nan": "print('nan', 'nan')",
    "megabytes": "print('1 ' * 2_000_000)",
    "many lines": "print('1\\n' * 100_000)",
    "code": "print('__import__(\"os\")._exit(0)')",
    "a verdict and an exit": "print('1\\nraise SystemExit')",
    "separators": "print('\\x1c\\x1d\\u2028 1 \\u00a04')",
}


@pytest.mark.parametrize("row", [SPLIT_ROW, PERMUTATION_ROW, PATH_ROW], ids=["1", "100", "True"])
def test_a_hostile_output_is_wrong_and_never_ungraded(
    row: dict[str, Any], executor: LocalExecutor
) -> None:
    """An output that breaks the checker is wrong: a candidate cannot choose to be ungraded."""
    scores = judge([sample(row, program) for program in HOSTILE.values()], executor)

    found = {name: (s.verdict, s.correctness) for name, s in zip(HOSTILE, scores, strict=True)}
    assert found == dict.fromkeys(HOSTILE, (Verdict.WRONG_ANSWER, 0.0))


def test_files_of_a_candidate_are_not_the_checkers(executor: LocalExecutor) -> None:
    """A checker finds neither the files nor the modules that a candidate has left."""
    leave = """
for name in ("input.txt", "correct_output.txt", "solution_output.txt", "checker.py"):
    open(name, "w").write("2 2\\n")
for name in ("sys", "json", "collections", "sitecustomize", "checker", "fractions"):
    open(name + ".py", "w").write("print(1)\\nraise SystemExit(0)")
n = int(input())
print(n, n)
"""
    checker = f"import fractions, json, os\n{SPLIT}\nassert len(os.listdir('.')) == 3\n"
    row = SPLIT_ROW | {"generated_checker": checker}

    cheat = score_of(row, leave, executor)
    right = score_of(row, leave.replace("print(n, n)", "print(n - 1, 1)"), executor)

    assert (cheat.correctness, right.correctness) == (0.0, 1.0)


# Checkers that fail

BROKEN = {
    "raises": "raise ValueError('as written')",
    "exits": "raise SystemExit(3)",
    "ends at once": "import os\nprint(1)\nos._exit(0)",
    "prints nothing": "pass",
    "prints twice": "print(1)\nprint(1)",
    "prints a word": "print('YES')",
    "refuses": "print(0)",
    "half": "print(0.5)",
    "floods": "while True: print('1' * 1000)",
    "hangs": "while True: pass",
    "sleeps": "import time\ntime.sleep(1000)",
    "takes all memory": "a = []\nwhile True: a.append(bytearray(10**7))",
    "starts a process": "import subprocess\nsubprocess.run(['true'])\nprint(1)",
    "opens a socket": "import socket\nsocket.create_connection(('127.0.0.1', 9))\nprint(1)",
    "needs what is not there": "import no_such_library\nprint(1)",
}


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("broken", BROKEN)
def test_a_checker_that_fails_on_the_expected_output_is_the_datasets_fault(
    broken: str, executor: LocalExecutor
) -> None:
    """The sample is ungraded, whatever the candidate prints, and the problem names the field."""
    row = SPLIT_ROW | {"generated_checker": BROKEN[broken]}
    programs = ("n = int(input())\nprint(1, n - 1)", "print('abc')", "1 / 0")

    scores = judge([sample(row, program) for program in programs], executor)

    assert {(score.verdict, score.is_outage) for score in scores} == {(Verdict.UNGRADED, False)}
    for score in scores:
        assert score.problem.startswith(
            "generated_checker: on the expected output of test case 1, the checker "
        )


@pytest.mark.usefixtures("impatient")
def test_a_checker_that_fails_on_another_output_refuses_it(executor: LocalExecutor) -> None:
    """The trial has shown that the checker works: it is the output that is malformed."""
    checkers = {
        name: f"""
import sys
given = open(sys.argv[3]).read().split()
if len(given) < 2 or given[0] != "7":
    print(int(given[:1] == ["1"]))
else:
{textwrap.indent(broken, "    ")}
"""
        for name, broken in BROKEN.items()
    }
    rows = [SPLIT_ROW | {"generated_checker": checker} for checker in checkers.values()]

    scores = judge([sample(row, "n = int(input())\nprint(7, n)") for row in rows], executor)

    found = {name: (s.verdict, s.correctness) for name, s in zip(BROKEN, scores, strict=True)}
    assert found == dict.fromkeys(BROKEN, (Verdict.WRONG_ANSWER, 0.0))
    assert all(case.message for score in scores for case in score.cases)


@pytest.mark.parametrize(
    ("function", "found"),
    [
        ("return None", "TypeError"),
        ("return (False, 'a reason')", "TypeError"),
        ("return 'False'", "ValueError"),
        ("return False", "printed '0.0'"),
        ("raise KeyError(input_str)", "KeyError"),
        ("exit()", "printed nothing"),
        ("return float('nan')", "printed 'nan'"),
    ],
)
def test_a_function_that_fails_is_the_datasets_fault(
    function: str, found: str, executor: LocalExecutor
) -> None:
    """A function must return True for the expected output; a true tuple is not True."""
    head = "def output_judging_function(input_str, candidate_output, reference_output):\n    "

    score = score_of(hardtests(head + function, ["1\n"], ["1\n"]), "print(1)", executor)

    assert score.verdict is Verdict.UNGRADED
    assert score.problem.startswith("test_cases_kit.output_judging_function: on the expected")
    assert found in score.problem


@pytest.mark.parametrize(
    "head",
    [
        "def output_judging_function(input_str, candidate_output, reference_output):",
        "def output_judging_function(reference_output, candidate_output, input_str):",
    ],
)
def test_texts_are_passed_by_name(head: str, executor: LocalExecutor) -> None:
    """As in HardTests, the order of the parameters does not matter."""
    function = f"{head}\n    return int(candidate_output) > int(input_str)\n"
    row = hardtests(function, ["1\n", "200\n", "3\n"], ["2\n", "201\n", "4\n"])

    right = score_of(row, "print(int(input()) + 5)", executor)

    assert (right.correctness, right.problem) == (1.0, "")
    assert score_of(row, "print(int(input()))", executor).correctness == 0.0


def test_other_names_are_passed_in_order(executor: LocalExecutor) -> None:
    """A function with names of its own gets input, candidate's output, reference output."""
    function = "def output_judging_function(a, b, c):\n    return int(a) < int(b) <= int(c)\n"
    row = hardtests(function, ["1\n", "200\n", "3\n"], ["9\n", "209\n", "11\n"])

    assert score_of(row, "print(int(input()) + 5)", executor).correctness == 1.0
    assert score_of(row, "print(int(input()) + 9)", executor).correctness == 0.0


# Guesses


def test_a_constant_that_most_cases_accept_is_not_paid_in_full(executor: LocalExecutor) -> None:
    """The best guess earns nothing, and a solution everything."""
    checker = (
        "import sys\nn, x = (int(open(name).read()) for name in (sys.argv[1], sys.argv[3]))\n"
        "print(int(n < x < n + 20))\n"
    )
    inputs = [f"{n}\n" for n in (-3, -2, -1, 0, 500)]
    row = codeforces(checker, inputs, [f"{int(text) + 9}\n" for text in inputs])

    guess = score_of(row, "print(1)", executor)

    assert guess.tests_passed == 4
    assert guess.correctness == 0.0
    assert score_of(row, "print(int(input()) + 1)", executor).correctness == 1.0


@pytest.mark.parametrize("checker", ["print(1)", "import sys\nprint(int(len(sys.argv) == 4))"])
def test_a_checker_that_accepts_everything_is_the_datasets_fault(
    checker: str, executor: LocalExecutor
) -> None:
    """Nobody is paid for an output that nobody looks at."""
    score = score_of(SPLIT_ROW | {"generated_checker": checker}, "print('x')", executor)

    assert score.verdict is Verdict.UNGRADED
    assert "accepts an empty output" in score.problem


# Batches


def test_a_batch_scores_each_sample_as_alone(executor: LocalExecutor) -> None:
    """Samples with and without checkers, with the same and with other ones, share a batch."""
    tokens = {key: SPLIT_ROW[key] for key in ("official_tests", "limits")}
    broken = SPLIT_ROW | {"generated_checker": "print(0)"}
    programs = ("n = int(input())\nprint(1, n - 1)", "n = int(input())\nprint(n - 1, 1)", "1 / 0")
    samples = [
        sample(row, program)
        for row in (SPLIT_ROW, tokens, broken, PERMUTATION_ROW, {"test": "x = f(1)"})
        for program in programs
    ]

    together = judge(samples, executor)

    alone = [judge([one], executor)[0] for one in samples]
    assert [(s.verdict, s.reward, s.problem) for s in together] == [
        (s.verdict, s.reward, s.problem) for s in alone
    ]


def test_a_cache_keeps_the_trials(executor: LocalExecutor) -> None:
    """With a cache, a second batch gives the same scores."""
    cache = DiscoveryCache()
    sample = Sample(
        completion="```python\nn = int(input())\nprint(n - 1, 1)\n```", reference=SPLIT_ROW
    )

    (first,) = judge([sample], executor, discovery_cache=cache)
    (second,) = judge([sample], executor, discovery_cache=cache)

    assert first.reward == second.reward == 1.0
    assert first.guess_baseline == second.guess_baseline
