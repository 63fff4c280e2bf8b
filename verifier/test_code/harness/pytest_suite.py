"""Run tests that are written for pytest, with pytest.

In: a run and the module of its tests. Out: a test item for each of pytest's. pytest's own output is
dropped.
"""

import types
from collections.abc import Generator
from typing import TYPE_CHECKING

import pytest

from nova_code_verifier.verifier.test_code.harness.runner import TestRun
from nova_code_verifier.verifier.test_code.harness.unittest_suite import without_output
from nova_code_verifier.verifier.test_code.protocol import ItemState

if TYPE_CHECKING:
    from pathlib import Path

_FILE, _SETTINGS = "test_tests.py", "pytest.ini"
_OPTIONS = [
    *("-p", "no:cacheprovider", "-p", "no:faulthandler", "-p", "no:terminal"),
    # In the work directory alone: the sandbox denies access to the directories above it.
    *("-c", _SETTINGS, "--rootdir=.", "--confcutdir=.", "--basetemp=tmp"),
    *("--assert=plain", "--capture=sys"),
]
_ERROR = pytest.StashKey[BaseException]()


def run(test_run: TestRun, module: types.ModuleType) -> None:
    """Run the items that pytest finds."""
    for name in (_FILE, _SETTINGS):
        open(name, "w", encoding="ascii").close()  # noqa: PTH123  (pytest needs files)
    with without_output():
        status = pytest.main([*_OPTIONS, _FILE], plugins=[_Plugin(test_run, module)])
    if status in (pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.INTERNAL_ERROR):
        raise RuntimeError(f"pytest cannot run the tests ({status})")


class _Plugin:
    """Gives pytest the module, and the run its items."""

    def __init__(self, test_run: TestRun, module: types.ModuleType) -> None:
        self._test_run = test_run
        self._module = module

    @pytest.hookimpl
    def pytest_pycollect_makemodule(self, module_path: "Path", parent: pytest.Collector) -> object:
        collected = _Module.from_parent(parent, path=module_path)
        collected._tests_ = self._module
        return collected

    @pytest.hookimpl
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if _name_of(item) not in self._test_run.lost_items]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        with self._test_run.item(_name_of(item)):
            outcome = yield
            error = item.stash.get(_ERROR, None)
            if error is not None:
                raise error
        return outcome

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Note how pytest says that a test ended, which depends on its marks."""
        # Nobody reads how pytest shows an error, and to show a proxy would ask questions.
        item.repr_failure = item._repr_failure_py = lambda *_, **__: ""  # type: ignore[assignment, method-assign]  # noqa: SLF001
        report = yield
        if report.failed and _ERROR not in item.stash:
            item.stash[_ERROR] = AssertionError() if call.excinfo is None else call.excinfo.value
        elif report.skipped and not hasattr(report, "wasxfail"):
            self._test_run.transcript.item.state = ItemState.SKIPPED
        return report


class _Module(pytest.Module):
    """A module that exists already."""

    _tests_: types.ModuleType

    def _getobj(self) -> types.ModuleType:
        return self._tests_


def _name_of(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[2]
