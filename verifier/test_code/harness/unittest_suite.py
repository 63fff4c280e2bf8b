"""Run tests that are written for unittest, with unittest.

In: a run and the module of its tests. Out: a test item for each test method. unittest's own output
is dropped.
"""

import contextlib
import io
import types
import unittest
from collections.abc import Iterator, Sequence
from typing import Any

from nova_code_verifier.verifier.test_code.harness.runner import TestRun
from nova_code_verifier.verifier.test_code.protocol import ItemState


def run(test_run: TestRun, module: types.ModuleType) -> None:
    """Run every method of every `TestCase`; all parts of a `subTest` count for one item."""
    tests = _flat(unittest.defaultTestLoader.loadTestsFromModule(module))
    for test in tests:
        # Now, so that a class that cannot be set up does not hide its tests.
        test_run.transcript.find_item(_name_of(test))
    suite = unittest.TestSuite(test for test in tests if _name_of(test) not in test_run.lost_items)
    with without_output():
        suite.run(_Result(test_run))


def _flat(suite: unittest.TestSuite | unittest.TestCase) -> list[unittest.TestCase]:
    if not isinstance(suite, unittest.TestSuite):
        return [suite]
    return [test for part in suite for test in _flat(part)]


def _name_of(test: unittest.TestCase) -> str:
    return test.id().removeprefix("tests.")


class _Result(unittest.TestResult):
    """Runs each test as an item of the run."""

    def __init__(self, test_run: TestRun) -> None:
        super().__init__()
        self._test_run = test_run
        self._error: BaseException | None = None

    def startTest(self, test: unittest.TestCase) -> None:  # noqa: N802  (unittest's name)
        super().startTest(test)
        self._error = None
        self._item = self._test_run.item(_name_of(test))
        self._item.__enter__()

    def addError(self, test: object, err: Sequence[Any]) -> None:  # noqa: N802
        if isinstance(test, unittest.TestCase):
            self._error = self._error or err[1]
        else:
            self._end_tests_of(test, err[1])

    def addFailure(self, test: object, err: Sequence[Any]) -> None:  # noqa: N802
        self.addError(test, err)

    def addSubTest(self, test: object, _subtest: object, err: Sequence[Any] | None) -> None:  # noqa: N802
        if err is not None:
            self.addError(test, err)

    def addSkip(self, test: object, reason: str) -> None:  # noqa: N802
        if isinstance(test, unittest.TestCase):
            self._test_run.note_skip(reason)
        else:
            self._end_tests_of(test, unittest.SkipTest(reason))

    def _end_tests_of(self, holder: Any, error: BaseException) -> None:  # noqa: ANN401  (unittest's)
        """End the tests of a class or module whose set-up raised: `setUpClass (tests.TestX)`."""
        _, _, owner = holder.id().rstrip(")").partition(" (")
        prefix = f"{owner}.".removeprefix("tests.")
        for name, item in list(self._test_run.transcript.items.items()):
            is_left = item.state is ItemState.NOT_REACHED
            if name and name.startswith(prefix) and is_left:
                with self._test_run.item(name):
                    if isinstance(error, unittest.SkipTest):
                        self._test_run.note_skip(str(error))
                    else:
                        raise error

    def addUnexpectedSuccess(self, _test: object) -> None:  # noqa: N802
        self._error = self._error or AssertionError("unexpected success")

    def stopTest(self, test: unittest.TestCase) -> None:  # noqa: N802
        error = self._error
        trace = error.__traceback__ if error else None
        self._item.__exit__(type(error) if error else None, error, trace)
        super().stopTest(test)


@contextlib.contextmanager
def without_output() -> Iterator[None]:
    """Drop what test tools print: the harness's output is its own."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield
