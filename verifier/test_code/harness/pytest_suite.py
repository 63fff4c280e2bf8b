"""Run tests that are written for pytest, with pytest.

In: a run and the module of its tests. Out: a test item for each of pytest's. pytest's own output is
dropped.
"""

import contextlib
import functools
import importlib
import inspect
import types
from collections.abc import Callable, Coroutine, Generator
from typing import TYPE_CHECKING, Any

import pytest
from _pytest import runner as pytest_runner
from _pytest.config import _prepareconfig, default_plugins

from nova_code_verifier.verifier.test_code.harness.run import TestRun
from nova_code_verifier.verifier.test_code.harness.unittest_suite import without_output

if TYPE_CHECKING:
    import asyncio

# pytest would import them when it runs, in each guest again.
for _name in default_plugins:
    importlib.import_module(f"_pytest.{_name}")
_FILE = "test_tests.py"
_OPTIONS = [
    *("-p", "no:cacheprovider", "-p", "no:faulthandler", "-p", "no:terminal"),
    # They collect garbage ten times in a run, to warn of what tests left behind.
    *("-p", "no:unraisableexception", "-p", "no:threadexception"),
    # Nothing in the work directory counts: the candidate writes there, too.
    *("-c", "/dev/null", "--rootdir=/dev", "--confcutdir=/dev", "--noconftest", "/dev/null"),
    *("--assert=plain", "--capture=sys"),
]
_ERROR = pytest.StashKey[BaseException]()


def run(test_run: TestRun, module: types.ModuleType) -> None:
    """Run the items that pytest finds in the module. It reads no file."""
    # The environment reaches the candidate, and must not show it which test runs.
    pytest_runner._update_current_test_var = lambda *_: None  # noqa: SLF001
    with without_output():
        config = _prepareconfig(_OPTIONS.copy(), [_Plugin(test_run, module)])
        try:
            status = config.hook.pytest_cmdline_main(config=config)
        finally:
            config._ensure_unconfigure()  # noqa: SLF001  (so does `pytest.main`)
    if status in (pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.INTERNAL_ERROR):
        raise RuntimeError(f"pytest cannot run the tests ({status})")


class _Plugin:
    """Gives pytest the module, and the run its items."""

    def __init__(self, test_run: TestRun, module: types.ModuleType) -> None:
        self._test_run = test_run
        self._module = module
        self._exits = contextlib.ExitStack()
        self._runner: asyncio.Runner | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_cmdline_parse(self, pluginmanager: pytest.PytestPluginManager) -> None:
        """Load no plugin that is installed: the same tests do the same everywhere."""
        pluginmanager.load_setuptools_entrypoints = lambda *_, **__: 0  # type: ignore[method-assign]

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> bool:
        """Collect the module, which is in no file."""
        collector = _Module.from_parent(session, path=session.config.rootpath / _FILE)
        collector._tests_ = self._module
        is_left = self._test_run.is_left
        items = [item for item in session.genitems(collector) if is_left(_name_of(item))]
        session.items = items
        session.config.hook.pytest_collection_modifyitems(
            session=session, config=session.config, items=items
        )
        session.testscollected = len(items)
        return True

    @pytest.hookimpl
    def pytest_exception_interact(
        self, node: pytest.Item | pytest.Collector, call: pytest.CallInfo[object]
    ) -> None:
        """Note why pytest cannot collect the module or a class."""
        if isinstance(node, pytest.Collector) and call.excinfo is not None:
            self._test_run.end_outside(call.excinfo.value)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        test_run = self._test_run
        outcome: object = None
        ended_by: BaseException | None = None
        with test_run.item(_name_of(item)), contextlib.ExitStack() as self._exits:
            try:
                outcome = yield
            except BaseException as error:  # pytest.exit, or KeyboardInterrupt
                ended_by = error
                raise
            failure = item.stash.get(_ERROR, None)
            if failure is not None:
                raise failure
        if test_run.is_over:
            item.session.shouldstop = "the candidate is lost"
        elif ended_by is not None:
            test_run.end_outside(ended_by)
            raise ended_by
        return outcome

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> bool | None:
        """Run a coroutine, whichever plugin its marks ask for: asyncio alone can do it."""
        if not inspect.iscoroutinefunction(pyfuncitem.obj):
            return None
        names = pyfuncitem._fixtureinfo.argnames  # noqa: SLF001  (so do the plugins)
        arguments = {name: pyfuncitem.funcargs[name] for name in names}
        self._run(pyfuncitem.obj(**arguments))
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_fixture_setup(self, fixturedef: "pytest.FixtureDef[object]") -> None:
        """Make a fixture that is a coroutine, or an asynchronous generator, one that is not."""
        function: Any = fixturedef.func
        if inspect.iscoroutinefunction(function):
            fixturedef.func = _awaited(function, self._run)  # type: ignore[misc]
        elif inspect.isasyncgenfunction(function):
            fixturedef.func = _generated(function, self._run)  # type: ignore[misc]

    def _run(self, coroutine: Coroutine[object, object, object]) -> object:
        """Run a coroutine in the event loop of the item that runs."""
        import asyncio  # noqa: PLC0415  (few tests need it, and it is big)

        if self._runner is None:
            self._runner = self._exits.enter_context(asyncio.Runner())
            self._exits.callback(setattr, self, "_runner", None)
        return self._runner.run(coroutine)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Note how pytest says that a test ended, which depends on its marks."""
        # Nobody reads how pytest shows an error, and to show a proxy would ask questions.
        item.repr_failure = item._repr_failure_py = lambda *_, **__: ""  # type: ignore[assignment, method-assign]  # noqa: SLF001
        report = yield
        error = AssertionError() if call.excinfo is None else call.excinfo.value
        if report.failed and _ERROR not in item.stash:
            item.stash[_ERROR] = error
            if isinstance(error, pytest.FixtureLookupError) and self._test_run.is_discovery:
                self._test_run.problem = (
                    f"use the fixture {error.argname}, which neither they nor pytest define"
                )
        elif report.skipped and not (hasattr(report, "wasxfail") and _is_marked_xfail(item)):
            # `pytest.xfail()` counts as a skip: only by its mark, a test is expected to fail.
            self._test_run.note_skip(str(error))
        return report


class _Module(pytest.Module):
    """A module that exists already."""

    _tests_: types.ModuleType

    def _getobj(self) -> types.ModuleType:
        return self._tests_


def _is_marked_xfail(item: pytest.Item) -> bool:
    return item.get_closest_marker("xfail") is not None


def _awaited(
    function: Callable[..., Any], run: Callable[[Coroutine[object, object, object]], object]
) -> Callable[..., object]:
    @functools.wraps(function)
    def call(*args: object, **kwargs: object) -> object:
        return run(function(*args, **kwargs))

    return call


def _generated(
    function: Callable[..., Any], run: Callable[[Coroutine[object, object, object]], object]
) -> Callable[..., object]:
    @functools.wraps(function)
    def generate(*args: object, **kwargs: object) -> Generator[object, None, None]:
        generator = function(*args, **kwargs)

        async def step() -> object:
            return await anext(generator, None)

        yield run(step())
        run(step())

    return generate


def _name_of(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[2]
