"""Tests that are written for unittest: run by the real one.

In: an exam and the module of its tests. Out: each test a unit of the exam. What the tool
prints is nobody's business. Must not know: stand-ins, answers.
"""

import contextlib
import io
import types
import unittest
from typing import Any


def run(exam: Any, module: types.ModuleType) -> None:
    """Run every method of every `TestCase`; with `subTest`, all parts make one unit."""
    tests = _flat(unittest.defaultTestLoader.loadTestsFromModule(module))
    suite = unittest.TestSuite(test for test in tests if _name_of_test(test) not in exam.settled)
    with quietly():
        suite.run(_Result(exam))


def _flat(suite: Any) -> list[Any]:
    if not isinstance(suite, unittest.TestSuite):
        return [suite]
    return [test for part in suite for test in _flat(part)]


def _name_of_test(test: Any) -> str:
    return str(test.id().removeprefix("tests."))


class _Result(unittest.TestResult):
    """Gives each test to the exam as a unit."""

    def __init__(self, exam: Any) -> None:
        super().__init__()
        self._exam = exam
        self._error: BaseException | None = None

    def startTest(self, test: unittest.TestCase) -> None:  # noqa: N802  (unittest's name)
        super().startTest(test)
        self._error = None
        self._unit = self._exam.unit(_name_of_test(test))
        self._unit.__enter__()

    def _note(self, error: Any) -> None:
        self._error = self._error or error[1]

    def addError(self, test: Any, err: Any) -> None:  # noqa: N802
        self._note(err)

    def addFailure(self, test: Any, err: Any) -> None:  # noqa: N802
        self._note(err)

    def addSubTest(self, test: Any, subtest: Any, err: Any) -> None:  # noqa: N802
        if err is not None:
            self._note(err)

    def addSkip(self, test: Any, reason: str) -> None:  # noqa: N802
        self._exam.transcript.unit.state = "skipped"

    def addUnexpectedSuccess(self, test: Any) -> None:  # noqa: N802
        self._error = self._error or AssertionError("unexpected success")

    def stopTest(self, test: unittest.TestCase) -> None:  # noqa: N802
        error = self._error
        trace = error.__traceback__ if error else None
        self._unit.__exit__(type(error) if error else None, error, trace)
        super().stopTest(test)


@contextlib.contextmanager
def quietly() -> Any:
    """Keep what test tools print from our own output."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield
