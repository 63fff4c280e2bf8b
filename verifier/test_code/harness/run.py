"""Run the tests once with a candidate, and note how each test item ends.

In: compiled tests, a candidate, and the test items that are lost. Out: the state of every item,
which is also reported while the run goes on: its process may be killed at any time.

Each item runs once. An exception ends its item, and not the run. Once the candidate is lost, no
further item begins.
"""

import builtins
import importlib
import linecache
import marshal
import sys
import types
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from nova_code_verifier.sandbox.protocol.progress import ProgressPage
from nova_code_verifier.verifier.test_code.harness import expectations, loops, script
from nova_code_verifier.verifier.test_code.harness.candidates import (
    Candidate,
    CandidateLostError,
    UncarriedError,
    is_skip,
    is_tool_attribute,
)
from nova_code_verifier.verifier.test_code.harness.compile import TestCodeError
from nova_code_verifier.verifier.test_code.harness.items import (
    NotComparedError,
    TestItem,
    describe,
    line_of,
)
from nova_code_verifier.verifier.test_code.protocol import (
    BEGIN,
    END,
    ITEM,
    NEEDS_ONE_PROCESS,
    CompiledTests,
    ItemReport,
    ItemState,
    RunReport,
    TestCodeFields,
    write_message,
)

SUITE = "nova_code_verifier.verifier.test_code.harness.{}_suite"
"""The names of the modules that run items with a test tool."""
_TEXT_MAX = 200
_FATAL = (CandidateLostError, UncarriedError)
_ENDS_A_LOOP = (*_FATAL, GeneratorExit, KeyboardInterrupt)


class TestRun:
    """One run of compiled tests.

    `shared` are the classes of the prompt, by their names. `more_names` are names that the compiled
    tests use and that no source shows.
    """

    __test__ = False

    def __init__(
        self,
        test_code: TestCodeFields,
        compiled: CompiledTests,
        candidate: Candidate,
        lost_items: Sequence[str] = (),
        *,
        report: Callable[[bytes], None] | None = None,
        page: ProgressPage | None = None,
        is_discovery: bool = False,
    ) -> None:
        """Run the prompt of the tests. Raises TestCodeError.

        In the run *is_discovery*, no candidate has a part: what goes wrong there is the fault of
        the dataset, or of this installation. Messages go to *report*, and the time at which an item
        begins to *page*.
        """
        self.is_discovery = is_discovery
        self.test_code = test_code
        self.compiled = compiled
        self.candidate = candidate
        self.problem = ""
        self.has_asked = False
        self.items: dict[str, TestItem] = {}
        self.outside = self._current = TestItem("")
        self._lost_items = frozenset(lost_items)
        self._report, self._page = report, page
        self._fatal: BaseException | None = None
        self._raised_outside: BaseException | None = None
        self.globals: dict[str, Any] = {"__name__": "__main__", "__builtins__": builtins}
        self._run_prompt()
        self.globals |= {name: __import__(name) for name in compiled.libraries}
        self.more_names: dict[str, object] = {}
        self.shared = {
            name: kind
            for name, kind in self.globals.items()
            if isinstance(kind, type) and kind.__module__ == "__main__"
            if name not in compiled.names
        }
        source = test_code["source"] + test_code.get("prompt", "")
        self._may_expect_nan = expectations.may_expect_nan(source)

    def _run_prompt(self) -> None:
        try:
            exec(marshal.loads(self.compiled.prompt_code), self.globals)  # noqa: S102, S302  (the dataset's, compiled in a guest without a candidate)
        except Exception as error:  # noqa: BLE001  (whatever it is, the dataset's owner should know)
            raise TestCodeError(f"the prompt raises {describe(error)}") from None

    # -- running -----------------------------------------------------------------------

    def run(self) -> None:
        """Run the tests, in the style that they are written in. Raises TestCodeError."""
        self._begin(self.outside)
        try:
            self._run_style()
        except TestCodeError:
            raise
        except BaseException as error:  # noqa: BLE001  (the tests may raise anything)
            if self.is_discovery and not isinstance(error, _FATAL):
                raise TestCodeError(f"raise {describe(error)}") from None
            self.end_outside(error)
        self._end(self.outside)

    def _run_style(self) -> None:
        style = self.compiled.style
        self.provide_names()
        if style == "script":
            for name in self.compiled.items:
                self.find_item(name)
            self._execute(self.globals)
            return
        module = types.ModuleType("tests")
        module.__dict__.update(self.globals, __name__="tests", __file__="test_tests.py")
        sys.modules["tests"] = module
        self.candidate.watch(module, is_own=True)
        self._execute(module.__dict__)
        # By name: only guests that need a test tool load it, before they are confined.
        suite = importlib.import_module(SUITE.format(style))
        # Without stand-ins: test tools look for tests in every object that they see.
        shown = types.ModuleType("tests")
        is_stand_in = self.candidate.is_stand_in
        vars(shown).update(item for item in vars(module).items() if not is_stand_in(item[1]))
        try:
            suite.run(self, shown)
        finally:
            self._find_listed_items(module)
        if self.is_discovery and not self.items:
            raise TestCodeError("contain no test")

    def provide_names(self) -> None:
        """Put the candidate's objects wherever the tests look for its names."""
        module = _CandidateModule("solution")
        module.__dict__.update(_find_=self._find, _is_constant_=self.candidate.is_stand_in)
        found_names = module.__dict__["__all__"] = []
        for name in self.compiled.names:
            self.globals.pop(name, None)  # the prompt begins it, and the candidate completes it
            try:
                found = self._find(name)
            except NameError:
                continue  # the tests raise it where they use the name
            self.globals[name] = self.globals[script.CANDIDATE.format(name)] = found
            found_names.append(name)
        for name in ("__main__", *self.compiled.modules):
            sys.modules[name] = module
        self.candidate.watch(module, is_own=False)

    def _find(self, name: str) -> object:
        self.has_asked = True
        return self.candidate.find(name)

    def _execute(self, names: dict[str, Any]) -> None:
        """Run the source of the tests: all of a script, or what defines the tests of a tool."""
        text = self.test_code["source"]
        lines = text.splitlines(keepends=True)
        linecache.cache[script.FILE_NAME] = (len(text), None, lines, script.FILE_NAME)
        names |= {script.SHOULD_RUN: self.is_left, script.ITEM: self.item, loops.PART: self.part}
        names |= self.more_names
        try:
            exec(marshal.loads(self.compiled.code), names)  # noqa: S102, S302  (see above)
        except BaseException as error:  # noqa: BLE001  (the tests may raise anything)
            self._refuse_what_raises(error)
            self.end_outside(error)

    def _refuse_what_raises(self, error: BaseException) -> None:
        """Raise TestCodeError if tests raise an *error* that no candidate can have a part in."""
        if not self.is_discovery:
            return
        if is_skip(type(error)):
            raise TestCodeError(f"are all skipped: {describe(error)}") from None
        if isinstance(error, ImportError) or not self.has_asked:
            raise TestCodeError(f"raise {describe(error)}") from None

    def _find_listed_items(self, module: types.ModuleType) -> None:
        """Add the tests that the source shows and that the tool has not found.

        Their class could not be made, perhaps through the candidate's fault: they count.
        """
        found = list(self.items)
        for name in self.compiled.items:
            owner = name.replace("::", ".").rpartition(".")[0]
            starts = (f"{owner}.", f"{owner}::") if owner else (f"{name}[", name)
            if any(item.startswith(starts) for item in found):
                continue
            self.find_item(name)
            if self.is_discovery and self.candidate.is_stand_in(vars(module).get(owner)):
                self.refuse(f"define {owner} as a subclass of a class of the candidate's")

    def refuse(self, reason: str) -> None:
        """Refuse tests that need one process with the candidate, unless they get it."""
        if not self.test_code.get("shared_process"):
            self.problem = self.problem or NEEDS_ONE_PROCESS + reason

    # -- items -------------------------------------------------------------------------

    def find_item(self, name: str) -> TestItem:
        """Return the item of that name; add it if it is new."""
        return self.items.setdefault(name, TestItem(name))

    def is_left(self, name: str) -> bool:
        """Return whether to run an item: it is not lost, and the run is not over."""
        return name not in self._lost_items and not self.is_over

    @property
    def is_over(self) -> bool:
        """Whether no further item may begin, because the candidate is lost."""
        return self._fatal is not None or self.candidate.fatal is not None

    @contextmanager
    def item(self, name: str) -> Iterator[None]:
        """Run one item: an exception ends the item, and not the run."""
        outer, item = self._current, self.find_item(name)
        self._raised_outside = self.candidate.raised
        self._end(outer)
        self._send(BEGIN, name)
        self._begin(item)
        try:
            yield
            self._check_compared(item)
            item.succeed()
        except BaseException as error:  # noqa: BLE001  (the tests may raise anything)
            self._end_by(item, error)
        finally:
            self._end(item)
            self._send(ITEM, item.report(self.outside))
            self._begin(outer)

    def _begin(self, item: TestItem) -> None:
        """Begin an item, or the code between two items."""
        self._current = item
        self.candidate.begin_item(item.name)
        if self._page is not None:
            self._page.begin_item()

    def _end(self, item: TestItem) -> None:
        """Keep what the candidate has noted of an item. What ended the run ended the item."""
        candidate = self.candidate
        item.has_nan |= candidate.has_nan
        item.is_self_compared |= candidate.is_self_compared
        item.shown = candidate.shown or item.shown
        if self._fatal is None and candidate.fatal is not None:
            self._end_by(item, candidate.fatal)

    def _end_by(self, item: TestItem, error: BaseException) -> None:
        """End an item by an *error*."""
        if item.parts:
            item.parts_passed = 0  # some of its iterations have not been tried
        if self.candidate.has_told and not isinstance(error, _FATAL):
            # Another candidate runs the other items: this one may know what they expect.
            kind = type(error).__name__
            error = CandidateLostError(f"protocol: {kind} after an operand that it was told")
        if isinstance(error, _FATAL):
            self._end_for_good(item, error)
            return
        if not (item.parts and item.has_failed):  # the first failure is the one to report
            # What ended the set-up of a class is raised again in each item of the class.
            is_of_set_up = error is self._raised_outside
            item.fail(error, error if is_of_set_up else self.candidate.raised)
        if self.is_discovery and isinstance(error, ModuleNotFoundError):
            self.problem = self.problem or f"raise {item.error}"
        if self.is_discovery and is_skip(type(error)):
            item.state = ItemState.SKIPPED

    def _end_for_good(self, item: TestItem, error: BaseException) -> None:
        self._fatal = self._fatal or error
        if isinstance(error, CandidateLostError):
            item.state, item.error = ItemState.LOST, str(error)[:_TEXT_MAX]
        else:
            line = line_of(error)
            self.refuse(f"{error} (line {line})" if line else str(error))

    def end_outside(self, error: BaseException) -> None:
        """Note what ended code between items: items that it should have run are not reached."""
        if isinstance(error, _FATAL):
            if self._fatal is None:
                self._end_by(self.outside, error)
        elif not self.outside.error:
            self.outside.note(error, self.candidate.raised)

    def _check_compared(self, item: TestItem) -> None:
        """Fail an item with an answer that is nan, unless the tests speak of nan.

        All comparisons with nan are false, so it passes `assert not abs(f(1) - 2.5) > 1e-6`.
        """
        if self.candidate.verdict is not None:
            raise self.candidate.verdict
        if item.state is ItemState.NOT_REACHED:
            self._check_nan()

    def _check_nan(self) -> None:
        has_nan = self.candidate.has_nan or self.outside.has_nan
        if has_nan and not self._may_expect_nan:
            raise NotComparedError("an answer is nan, and the tests do not speak of nan")

    def note_skip(self, reason: str) -> None:
        """Note that a test tool skips the item that runs."""
        self._current.state, self._current.message = ItemState.SKIPPED, reason[:_TEXT_MAX]

    # -- parts -------------------------------------------------------------------------

    @contextmanager
    def part(self, failures_max: int) -> Iterator[None]:
        """Run one iteration of a loop that asserts. A failure ends it, and not the loop.

        After *failures_max* failures in a row, the next one does end the loop.
        """
        item = self._current
        item.parts += 1
        try:
            yield
            self._check_nan()
        except BaseException as error:
            item.failures_in_row += 1
            if (
                self.is_over
                or self.candidate.has_told
                or item.failures_in_row > failures_max
                or isinstance(error, _ENDS_A_LOOP)
                or is_skip(type(error))
            ):
                raise
            if not item.has_failed:
                item.fail(error, self.candidate.raised)
        else:
            item.parts_passed += 1
            item.failures_in_row = 0

    # -- reporting ---------------------------------------------------------------------

    def report(self) -> RunReport:
        """Report the state of every item that is not lost already. Raises TestCodeError."""
        if self.problem:
            raise TestCodeError(self.problem)
        items = [item for name, item in self.items.items() if name not in self._lost_items]
        is_lost = isinstance(self._fatal, CandidateLostError)
        if is_lost:  # the others run with the next candidate
            items = [item for item in items if item.state is not ItemState.NOT_REACHED]
        return RunReport(
            items=[item.report(self.outside) for item in items],
            outside=self._report_of_outside(),
            is_lost=is_lost,
        )

    def _report_of_outside(self) -> ItemReport:
        outside = self.outside
        is_lost = outside.state is ItemState.LOST
        state = ItemState.LOST if is_lost else ItemState.FAILED
        return ItemReport("", state, outside.error, line=outside.line)

    def send_end(self) -> None:
        """Send what has not been reported yet: items that were not reached, and the end."""
        try:
            report = self.report()
        except TestCodeError as error:
            report = RunReport(problem=str(error))
        for item in report.items:
            if item.state is ItemState.NOT_REACHED:
                self._send(ITEM, item)
        self._send(END, report._replace(items=()))

    def _send(self, kind: str, content: str | ItemReport | RunReport) -> None:
        if self._report is not None:
            self._report(write_message(kind, content))


class _CandidateModule(types.ModuleType):
    """Stands for the module that the tests import the candidate from."""

    def __getattribute__(self, name: str) -> object:
        value = super().__getattribute__(name)
        names = super().__getattribute__("__dict__")
        if name[:1] == "_" or name not in names or names["_is_constant_"](value):
            return value
        try:
            return names["_find_"](name)  # the tests have set it, and the program may do so again
        except NameError:
            return value

    def __getattr__(self, name: str) -> object:
        if is_tool_attribute(name) and name != "__file__":
            raise AttributeError(name)
        try:
            value = self.__dict__["_find_"](name)
        except NameError as error:
            raise AttributeError(str(error)) from None
        if self.__dict__["_is_constant_"](value):
            self.__dict__[name] = value  # no plain data: the program may change its own
        return value

    def __dir__(self) -> list[str]:
        try:
            found = self.__dict__["_find_"]("*")
        except NameError:
            found = self.__dict__["__all__"]
        return ["__doc__", "__name__", *found]
