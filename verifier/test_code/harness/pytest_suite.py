"""Tests that are written for pytest: run by the real one.

In: an exam and the module of its tests. Out: each item a unit of the exam. What the tool
prints is nobody's business. Must not know: stand-ins, answers.
"""

import types
from typing import Any

import pytest

from nova_code_verifier.verifier.test_code.harness.unittest_suite import quietly

_FILE, _SETTINGS = "test_tests.py", "pytest.ini"
_OPTIONS = [
    *("-p", "no:cacheprovider", "-p", "no:faulthandler", "-p", "no:terminal"),
    # In the work directory alone: what is above it is closed.
    *("-c", _SETTINGS, "--rootdir=.", "--confcutdir=.", "--basetemp=tmp"),
    *("--assert=plain", "--capture=sys"),
]


def run(exam: Any, module: types.ModuleType) -> None:
    """Run what pytest finds, each item a unit."""
    for name in (_FILE, _SETTINGS):
        with open(name, "w", encoding="ascii"):  # noqa: PTH123  (pytest wants files)
            pass
    with quietly():
        status = pytest.main([*_OPTIONS, _FILE], plugins=[_Plugin(exam, module)])
    if status in (pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.INTERNAL_ERROR):
        raise RuntimeError(f"pytest cannot run the tests ({status})")


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

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item: Any, call: Any) -> Any:
        """Hear what pytest makes of how a test ended, its marks included."""
        # Nobody reads how pytest shows an error, and showing a stand-in would ask about it.
        item.repr_failure = item._repr_failure_py = lambda *_, **__: ""  # noqa: SLF001
        report = yield
        if report.failed and item._error_ is None:
            item._error_ = AssertionError() if call.excinfo is None else call.excinfo.value
        elif report.skipped and not hasattr(report, "wasxfail"):
            self._exam.transcript.unit.state = "skipped"
        return report


class _Module(pytest.Module):
    """A module that is there already."""

    _tests_: types.ModuleType

    def _getobj(self) -> Any:
        return self._tests_


def _name_of(item: Any) -> str:
    return str(item.nodeid.partition("::")[2])
