"""Tests that are written for unittest or pytest: run by the real ones.

In: an exam and the module of its tests. Out: each test a unit of the exam. What the tools
print is nobody's business. Must not know: stand-ins, answers.
"""

import contextlib
import io
import sys
import types
import unittest
from typing import Any

import pytest


def run_unittest(exam: Any, module: types.ModuleType) -> None:
    """Run every method of every `TestCase`; with `subTest`, all parts make one unit."""
    tests = _flat(unittest.defaultTestLoader.loadTestsFromModule(module))
    suite = unittest.TestSuite(test for test in tests if _name_of_test(test) not in exam.settled)
    with _quietly():
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
        self._unit.__exit__(type(error) if error else None, error, None)
        super().stopTest(test)


def run_pytest(exam: Any, module: types.ModuleType) -> None:
    """Run what pytest finds, each item a unit."""
    with open("test_tests.py", "w", encoding="ascii"):  # noqa: PTH123  (pytest wants a file)
        pass
    options = ["-p", "no:cacheprovider", "-p", "no:terminal", "-p", "no:faulthandler"]
    options += [
        "--assert=plain",
        "--capture=sys",
        "--basetemp=tmp",
        "-c",
        "/dev/null",
        "--rootdir=.",
        "-q",
    ]
    with _quietly():
        pytest.main([*options, "test_tests.py"], plugins=[_Plugin(exam, module)])


class _Plugin:
    """Gives pytest the module, and the exam its units."""

    def __init__(self, exam: Any, module: types.ModuleType) -> None:
        self._exam = exam
        self._module = module

    @pytest.hookimpl
    def pytest_pycollect_makemodule(self, module_path: Any, parent: Any) -> Any:
        collected = _Module.from_parent(parent, path=module_path)
        collected._tests_ = self._module
        return collected

    @pytest.hookimpl
    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        items[:] = [item for item in items if _name_of(item) not in self._exam.settled]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: Any) -> Any:
        with self._exam.unit(_name_of(item)):
            item._error_ = None
            outcome = yield
            if item._error_ is not None:
                raise item._error_
        return outcome

    @pytest.hookimpl
    def pytest_runtest_makereport(self, item: Any, call: Any) -> None:
        if call.excinfo is None:
            return
        if isinstance(call.excinfo.value, pytest.skip.Exception):
            self._exam.transcript.unit.state = "skipped"
        elif item._error_ is None:
            item._error_ = call.excinfo.value


class _Module(pytest.Module):
    """A module that is there already."""

    _tests_: types.ModuleType

    def _getobj(self) -> Any:
        return self._tests_


def _name_of(item: Any) -> str:
    return str(item.nodeid.partition("::")[2])


@contextlib.contextmanager
def _quietly() -> Any:
    """Keep what test tools print from our own output."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield
    sys.stdout.flush()


RUNNERS = {"unittest": run_unittest, "pytest": run_pytest}
