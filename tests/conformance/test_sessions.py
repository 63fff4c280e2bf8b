"""Tests that use a program in every way get the result of a plain interpreter.

In: the cases in `sessions/`, a file for each kind of use. A case is a program, its tests, and often
a wrong program:

    === name [expectation]
    program
    --- tests entry_point=f
    tests
    --- wrong
    program that must not get full marks

Without an expectation, the program is right. `wrong` programs do not get full marks, `zero` ones
nothing; of an `ungraded` case the dataset is at fault; `between 0.5 0.8` bounds the share of what
holds. `kernel` cases use what a guest has at that level only, such as databases and directories.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.sandbox.types import IsolationLevel
from nova_code_verifier.verifier.pipeline import judge
from nova_code_verifier.verifier.types import Sample, Score, Verdict

_FOLDER = Path(__file__).parent / "sessions"
_LIBRARIES = {"arrays": "numpy", "tables": "pandas"}  # what a file needs that may be missing
_HEAD = re.compile(r"^=== ([^\[\n]+?)(?: \[(.*)\])?$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One case of a file. `expectation` is "" for a right program."""

    needs_kernel: bool

    name: str
    expectation: str
    program: str
    tests: str
    entry_point: str
    wrong: str

    def sample(self, program: str) -> Sample:
        """Return a sample of a program and the tests of this case."""
        reference = {"test": self.tests, "entry_point": self.entry_point}
        if not self.entry_point:
            del reference["entry_point"]
        return Sample(completion=f"```python\n{program}```", reference=reference)


def read_cases(path: Path) -> Iterator[Case]:
    """Read the cases of a file."""
    _, *parts = _HEAD.split(path.read_text("utf-8"))
    for name, expectation, body in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
        program, _, rest = body.lstrip("\n").partition("--- tests")
        options, _, tests = rest.partition("\n")
        tests, _, wrong = tests.partition("--- wrong\n")
        yield Case(
            name=name,
            expectation=(expectation or "").removeprefix("kernel"),
            needs_kernel=(expectation or "").startswith("kernel"),
            program=program,
            tests=tests,
            entry_point=options.strip().removeprefix("entry_point="),
            wrong=wrong,
        )


def _problem(score: Score, expectation: str) -> str:
    """Return how a score departs from what is expected, or ""."""
    match expectation.split():
        case []:
            is_right = score.verdict is Verdict.ACCEPTED and score.correctness == 1.0
        case ["wrong"]:
            is_right = score.verdict is not Verdict.UNGRADED and score.correctness < 1
        case ["zero"]:
            is_right = score.verdict is not Verdict.UNGRADED and score.correctness == 0
        case ["between", low, high]:
            is_right = float(low) <= score.correctness <= float(high)
        case _:
            is_right = score.verdict is Verdict.UNGRADED
    failed = [
        f"{case.name} {case.execution.error or case.execution.detail} {case.message}"
        for case in score.cases
        if case.verdict is not Verdict.ACCEPTED
    ]
    found = f"{score.verdict} {score.correctness:.2f} {score.problem} {failed[:2]}"
    return "" if is_right else f"expected {expectation or 'right'}, found {found}"


@pytest.mark.parametrize("path", sorted(_FOLDER.glob("*.txt")), ids=lambda path: path.stem)
def test_tests_see_the_program_as_in_one_process(path: Path, executor: LocalExecutor) -> None:
    """Each case gets the result that its file states, and no wrong program gets full marks."""
    if path.stem in _LIBRARIES:
        pytest.importorskip(_LIBRARIES[path.stem], reason="a library is not installed")
    programs = [
        (f"{case.name}{' (wrong)' * is_wrong}", case, text, expectation)
        for case in read_cases(path)
        if executor.level is IsolationLevel.KERNEL or not case.needs_kernel
        for is_wrong, text, expectation in (
            (False, case.program, case.expectation),
            (True, case.wrong, "wrong"),
        )
        if text
    ]

    scores = judge([case.sample(text) for _, case, text, _ in programs], executor)

    problems = {
        name: problem
        for (name, _, _, expectation), score in zip(programs, scores, strict=True)
        if (problem := _problem(score, expectation))
    }
    assert not problems, "\n".join(f"{name}: {problem}" for name, problem in problems.items())


# Runs each folder in a fork of one process, in which pytest is loaded.
_PLAINLY = """
import json, os, runpy, signal, sys, unittest
import pytest

def run(folder, is_module):
    os.chdir(folder)
    sys.path.insert(0, folder)
    sys.argv = ["solution.py"]
    signal.alarm(20)
    for fd, flags in ((0, os.O_RDONLY), (1, os.O_WRONLY), (2, os.O_WRONLY)):
        os.dup2(os.open(os.devnull, flags), fd)
    if is_module:
        return int(pytest.main(["-q", "-p", "no:cacheprovider", "test_it.py"]))
    runpy.run_path("solution.py", run_name="__main__")
    return 0

found = []
for folder, is_module in json.load(sys.stdin):
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            status = run(folder, is_module)
        except SystemExit as end:
            status = 1 if end.code else 0
        finally:
            os._exit(status)
    found.append(os.waitpid(pid, 0)[1] == 0)
print(json.dumps(found))
"""


@pytest.mark.slow
@pytest.mark.parametrize("path", sorted(_FOLDER.glob("*.txt")), ids=lambda path: path.stem)
def test_the_cases_are_true_in_a_plain_interpreter(path: Path, tmp_path: Path) -> None:
    """The real pytest, in one process with the program, passes right programs and no wrong ones."""
    if path.stem in _LIBRARIES:
        pytest.importorskip(_LIBRARIES[path.stem], reason="a library is not installed")
    if path.stem in ("not_runnable", "partial_credit", "hostile"):
        pytest.skip("says what must hold here, not what a plain interpreter does")
    written = []
    for number, case in enumerate(read_cases(path)):
        is_right = {"": True, "wrong": False}[case.expectation]
        for text, expected in ((case.program, is_right), (case.wrong, False)):
            if text:
                folder = tmp_path / f"{number}-{expected}-{text == case.program}"
                written.append((case.name, expected, str(folder), _write(folder, case, text)))

    done = subprocess.run(
        [sys.executable, "-c", _PLAINLY],
        input=json.dumps([entry[2:] for entry in written]),
        capture_output=True,
        text=True,
        check=True,
    )

    passed = json.loads(done.stdout)
    wrong = [
        name
        for (name, expected, *_), is_passed in zip(written, passed, strict=True)
        if is_passed is not expected
    ]
    assert not wrong


def _write(folder: Path, case: Case, program: str) -> bool:
    """Write the files of a case; return whether its tests import the program."""
    folder.mkdir()
    is_module = "solution" in case.tests
    call = f"\ncheck({case.entry_point})\n" if "def check(" in case.tests else ""
    if "TestCase" in case.tests:
        call = "\nimport unittest\nunittest.main()\n"
    (folder / "solution.py").write_text(program if is_module else program + case.tests + call)
    (folder / "test_it.py").write_text(case.tests if is_module else "")
    return is_module
