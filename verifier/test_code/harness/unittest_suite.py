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

from nova_code_verifier.verifier.test_code.harness.run import TestRun
from nova_code_verifier.verifier.test_code.protocol import ItemState


def run(test_run: TestRun, module: types.ModuleType) -> None:
    """Run every method of every `TestCase`; all parts of a `subTest` count for one item."""
    tests = _flat(unittest.defaultTestLoader.loadTestsFromModule(module))
    for test in tests:
        # Now, so that a class that cannot be set up does not hide its tests.
        test_run.find_item(_name_of(test))
    result = _Result(test_run)
    with without_output():
        while tests:
            suite = unittest.TestSuite(test for test in tests if test_run.is_left(_name_of(test)))
            try:
                suite.run(result)
                tests = []
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # noqa: BLE001  (SystemExit of a setUpClass, perhaps)
                tests = result.go_on_behind(error, tests)


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
        self._has_ended = False

    def startTest(self, test: unittest.TestCase) -> None:  # noqa: N802  (unittest's name)
        super().startTest(test)
        self._error, self._has_ended = None, False
        self._item = self._test_run.item(_name_of(test))
        self._item.__enter__()

    def addSuccess(self, _test: object) -> None:  # noqa: N802
        self._has_ended = True

    def addError(self, test: object, err: Sequence[Any]) -> None:  # noqa: N802
        if isinstance(test, unittest.TestCase):
            self._error = self._error or err[1]
        else:
            self._end_tests_of(test, err[1])

    addFailure = addError  # noqa: N815

    def addSubTest(self, test: object, _subtest: object, err: Sequence[Any] | None) -> None:  # noqa: N802
        if err is not None:
            self.addError(test, err)

    def addSkip(self, test: object, reason: str) -> None:  # noqa: N802
        if isinstance(test, unittest.TestCase):
            self._has_ended = True
            self._test_run.note_skip(reason)
        else:
            self._end_tests_of(test, unittest.SkipTest(reason))

    def addExpectedFailure(self, _test: object, _err: Sequence[Any]) -> None:  # noqa: N802
        self._has_ended = True

    def addUnexpectedSuccess(self, _test: object) -> None:  # noqa: N802
        self._error = self._error or AssertionError("unexpected success")

    def _end_tests_of(self, holder: Any, error: BaseException) -> None:  # noqa: ANN401  (unittest's)
        """End the tests of a class or module whose set-up raised: `setUpClass (tests.TestX)`."""
        _, _, owner = holder.id().rstrip(")").partition(" (")
        prefix = f"{owner}.".removeprefix("tests.")
        self._end_items([name for name in self._test_run.items if name.startswith(prefix)], error)

    def _end_items(self, names: Sequence[str], error: BaseException) -> None:
        """End those items that have not begun."""
        run = self._test_run
        for name in names:
            if run.items[name].state is ItemState.NOT_REACHED and run.is_left(name):
                with run.item(name):
                    if isinstance(error, unittest.SkipTest):
                        run.note_skip(str(error))
                    else:
                        raise error

    def go_on_behind(
        self, error: BaseException, tests: list[unittest.TestCase]
    ) -> list[unittest.TestCase]:
        """End the tests of the class that *error* ended, and return the tests of other classes."""
        run = self._test_run
        if run.is_over:
            run.end_outside(error)
        self._testRunEntered = False  # the next suite is one of its own
        left = [
            test
            for test in tests
            if run.is_left(_name_of(test))
            and run.items[_name_of(test)].state is ItemState.NOT_REACHED
        ]
        ended = [_name_of(test) for test in left if type(test) is type(left[0])]
        self._end_items(ended, error)
        return [test for test in left if _name_of(test) not in ended]

    def stopTest(self, test: unittest.TestCase) -> None:  # noqa: N802
        error = self._error
        if error is None and not self._has_ended:
            error = AssertionError("the test did not come to its end")
        trace = error.__traceback__ if error else None
        self._item.__exit__(type(error) if error else None, error, trace)
        if self._test_run.is_over:
            self.stop()
        super().stopTest(test)


@contextlib.contextmanager
def without_output() -> Iterator[None]:
    """Drop what test tools print: the harness's output is its own."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield
