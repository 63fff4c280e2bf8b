"""Run the tests once, with the answers of the candidate that are known, if any.

In: compiled tests, the questions of the last run, the answers to them, and the test items that are
lost. Out: the state of every item, and the questions of this run. An item is `open` while it lacks
answers; the run goes on behind it, statement by statement, to find out what else it will ask.

This runs in a guest that never holds a candidate: candidates follow each other in one guest where
tests leave no trace there; otherwise each gets a guest of its own.
"""

import builtins
import importlib
import linecache
import marshal
import sys
import types
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from opcode import opmap
from typing import Any, cast

from nova_code_verifier.verifier.test_code.harness import expectations, guess_baseline, script
from nova_code_verifier.verifier.test_code.harness.callables import Sources
from nova_code_verifier.verifier.test_code.harness.compile import TestCodeError, compile_tests
from nova_code_verifier.verifier.test_code.harness.pending import is_tool_attribute
from nova_code_verifier.verifier.test_code.harness.session import ProxySession
from nova_code_verifier.verifier.test_code.harness.transcript import (
    Answer,
    AnswerNeededError,
    AskedQuestion,
    CandidateLostError,
    ExhaustedError,
    TestItem,
    Transcript,
    UnsendableError,
)
from nova_code_verifier.verifier.test_code.protocol import (
    CandidateAnswers,
    CompiledTests,
    ItemReport,
    ItemState,
    Question,
    RunReport,
    TestCodeFields,
    unpack_tests,
)

_SUITE = "nova_code_verifier.verifier.test_code.harness.{}_suite"
_ATTRIBUTE_OPERATIONS = ("getattr", "method", "setattr")
_STEPS_MAX = 200_000
_TEXT_MAX = 200
_NEVER_POSTPONED = (
    CandidateLostError, ExhaustedError, GeneratorExit, ModuleNotFoundError, UnsendableError,
)  # fmt: skip
_NAMING_ERRORS = (NameError, ImportError, AttributeError, TypeError)


def run_tests(
    test_code: TestCodeFields,
    compiled: CompiledTests | None,
    questions: Sequence[Question],
    candidate: CandidateAnswers,
) -> RunReport:
    """Run the tests once. If they are not *compiled*, compile them, and report them compiled."""
    is_discovery = candidate.answers is None
    known = [AskedQuestion(question) for question in questions]
    for asked, answer in zip(known, candidate.answers or (), strict=False):
        asked.answer = None if answer is None else Answer.read(*answer)
    try:
        tests = compiled or compile_tests(test_code)
        if tests.style == "pytest" and _SUITE.format("pytest") not in sys.modules:
            return RunReport(needs_pytest=True, compiled=tests)
        test_run = TestRun(
            test_code,
            tests,
            Transcript(known),
            candidate.lost_items,
            is_discovery=is_discovery,
        )
        test_run.run()
        report = test_run.report()
    except TestCodeError as error:
        return RunReport(problem=str(error))
    return report._replace(compiled=test_run.with_guesses()) if is_discovery else report


def load_tests(packed: bytes) -> Callable[..., RunReport]:
    """Return a function that runs *packed* tests with one candidate's `CandidateAnswers`."""
    tests = unpack_tests(packed)
    return lambda *candidate: run_tests(*tests, CandidateAnswers(*candidate))


def load_guesses(packed: bytes) -> Callable[[int], int]:
    """Return a function that counts the items which a guess passes, given the guess's index."""
    test_code, compiled, _ = unpack_tests(packed)
    tests = cast("CompiledTests", compiled)

    def count_passed(index: int) -> int:
        guess = guess_baseline.ConstantCandidate(
            tests.guesses[index], tests.guessed_classes, tests.methods
        )
        try:
            test_run = TestRun(test_code, tests, guess)
            test_run.run()
            return sum(item.state is ItemState.PASSED for item in test_run.report().items)
        except TestCodeError:
            return 0

    return count_passed


class NotComparedError(Exception):
    """An item passed, but its tests cannot have compared the answer with what they expect."""


class TestRun:
    """One run of compiled tests."""

    def __init__(
        self,
        test_code: TestCodeFields,
        compiled: CompiledTests,
        transcript: Transcript,
        lost_items: Sequence[str] = (),
        *,
        is_discovery: bool = False,
    ) -> None:
        """Run the prompt of the tests. Raises TestCodeError.

        In the run *is_discovery*, no candidate has a part: what goes wrong there is the fault of
        the dataset, or of this installation.
        """
        self.is_discovery = is_discovery
        self.test_code = test_code
        self.compiled = compiled
        self.transcript = transcript
        self.lost_items = frozenset(lost_items)
        self.problem = ""
        self.globals: dict[str, Any] = {"__name__": "__main__", "__builtins__": builtins}
        self._run_prompt()
        self.globals |= {name: __import__(name) for name in compiled.libraries}
        shared = {
            name: kind
            for name, kind in self.globals.items()
            if isinstance(kind, type) and kind.__module__ == "__main__"
            if name not in compiled.names
        }
        self.shared = sorted(shared)
        source = test_code["source"]
        sources = Sources(source, test_code.get("prompt", ""))
        self._may_expect_nan = expectations.may_expect_nan(source + test_code.get("prompt", ""))
        self.session = ProxySession(
            transcript,
            sources,
            shared,
            frozenset(compiled.classes),
            may_stop=expectations.may_expect_stop(source),
        )
        if "seed(" in source or "setstate(" in source:
            self.session.share_random_state()

    def _run_prompt(self) -> None:
        try:
            exec(marshal.loads(self.compiled.prompt_code), self.globals)  # noqa: S102, S302  (the dataset's, compiled in a guest without a candidate)
        except Exception as error:  # noqa: BLE001  (whatever it is, the dataset's owner should know)
            raise TestCodeError(f"the prompt raises {_describe(error, _text(error))}") from None

    # -- running -----------------------------------------------------------------------

    def run(self) -> None:
        """Run the tests, in the style that they are written in. Raises TestCodeError."""
        style = self.compiled.style
        self.provide_names()
        if style == "script":
            for name in self.compiled.items:
                self.transcript.find_item(name)
            self._execute(self.globals)
            return
        module = types.ModuleType("tests")
        module.__dict__.update(self.globals, __name__="tests", __file__="test_tests.py")
        sys.modules["tests"] = module
        self._execute(module.__dict__)
        # By name: only guests that need a test tool load it, before they are confined.
        suite = importlib.import_module(_SUITE.format(style))
        # Without proxies: test tools look for tests in every object that they see.
        shown = types.ModuleType("tests")
        is_proxy = self.session.is_proxy
        vars(shown).update(item for item in vars(module).items() if not is_proxy(item[1]))
        suite.run(self, shown)
        self._find_listed_items(module)
        if self.is_discovery and self.transcript.items.keys() == {""}:
            raise TestCodeError("contain no test")

    def _find_listed_items(self, module: types.ModuleType) -> None:
        """Add the tests that the source shows and that the tool has not found.

        Their class could not be made, perhaps through the candidate's fault: they count.
        """
        found = self.transcript.items
        for name in self.compiled.items:
            owner = name.replace("::", ".").rpartition(".")[0]
            starts = (f"{owner}.", f"{owner}::") if owner else (f"{name}[", name)
            if any(item.startswith(starts) for item in found):
                continue
            self.transcript.find_item(name)
            if self.is_discovery and self.session.is_proxy(vars(module).get(owner)):
                self.refuse(
                    f"define {owner} as a subclass of a class of the candidate's; set "
                    "shared_process: true to run both in one process"
                )

    def provide_names(self) -> None:
        """Put a proxy wherever the tests look for a name of the candidate's."""
        module = _CandidateModule("solution")
        module.__dict__["_session_"] = self.session
        for name in self.compiled.names:
            self.globals.pop(name, None)  # the prompt begins it, and the candidate completes it
            try:
                self.globals[name] = module.__dict__[name] = self.session.name(name)
            except NameError:
                continue  # the tests raise it where they use the name
            self.globals[script.CANDIDATE.format(name)] = self.globals[name]
        for name in self.compiled.modules:
            sys.modules[name] = module

    def _execute(self, names: dict[str, Any]) -> None:
        text = self.test_code["source"]
        lines = text.splitlines(keepends=True)
        linecache.cache[script.FILE_NAME] = (len(text), None, lines, script.FILE_NAME)
        names |= {
            script.STEP: _Step(self.transcript),
            script.SHOULD_RUN: lambda name: name not in self.lost_items,
            script.ITEM: self.item,
        }
        outside = self.transcript.outside
        try:
            exec(marshal.loads(self.compiled.code), names)  # noqa: S102, S302  (see above)
        except (AnswerNeededError, ExhaustedError):
            outside.is_open = True
        except UnsendableError as error:
            self._note_unsendable(error)
        except BaseException as error:  # noqa: BLE001  (the tests may raise anything)
            if self.is_discovery:
                if is_skip(type(error)):
                    raise TestCodeError(
                        f"are all skipped: {_describe(error, _text(error))}"
                    ) from None
                if isinstance(error, ImportError) or not self.transcript.asked:
                    raise TestCodeError(f"raise {_describe(error, _text(error))}") from None
            outside.error = outside.error or _public_error(error, outside)
            outside.message = outside.message or _secret_message(error, outside)

    def refuse(self, problem: str) -> None:
        """Refuse tests that need one process with the candidate, unless they get it."""
        if not self.test_code.get("shared_process"):
            self.problem = self.problem or problem

    def _note_unsendable(self, error: UnsendableError) -> None:
        self.refuse(
            f"pass {error} to the candidate, which cannot be sent to its process; set "
            "shared_process: true to run both in one process"
        )

    @contextmanager
    def item(self, name: str) -> Iterator[None]:
        """Run one item: an exception ends the item, and not the run."""
        transcript = self.transcript
        outer, transcript.item = transcript.item, transcript.find_item(name)
        item = transcript.item
        try:
            yield
            self._check_compared(item)
            _set_state(item, None)
        except UnsendableError as error:
            self._note_unsendable(error)
        except (AnswerNeededError, ExhaustedError):
            item.is_open = True
        except BaseException as error:  # noqa: BLE001  (the tests may raise anything)
            _set_state(item, error)
            if self.is_discovery and isinstance(error, ModuleNotFoundError):
                self.problem = self.problem or f"raise {item.error}"
            if self.is_discovery and is_skip(type(error)):
                item.state = ItemState.SKIPPED
        finally:
            transcript.item, item.raised = outer, None  # it would keep the frames of the tests

    def _check_compared(self, item: TestItem) -> None:
        """Fail an item with an answer that is nan, unless the tests speak of nan.

        All comparisons with nan are false, so it passes `assert not abs(f(1) - 2.5) > 1e-6`.
        """
        has_nan = item.has_nan or self.transcript.outside.has_nan
        if has_nan and not self._may_expect_nan and item.state is ItemState.NOT_REACHED:
            item.raised = NotComparedError("an answer is nan, and the tests do not speak of nan")
            raise item.raised

    def note_skip(self, reason: str) -> None:
        """Note that a test tool skips the item that runs."""
        item = self.transcript.item
        item.state, item.message = ItemState.SKIPPED, reason[:_TEXT_MAX]

    # -- reporting ---------------------------------------------------------------------

    def report(self) -> RunReport:
        """Report the state of every item, and the questions. Raises TestCodeError."""
        if self.problem:
            raise TestCodeError(self.problem)
        outside = self.transcript.outside
        items = [self._report_of(item) for name, item in self.transcript.items.items() if name]
        is_open = outside.is_open and not outside.ending
        asked = self.transcript.asked
        if not (is_open or any(item.state is ItemState.OPEN for item in items)):
            asked = []  # they will not be asked again
        return RunReport(
            items=items,
            outside=ItemReport(
                "", ItemState.FAILED, outside.ending, outside.error, line=outside.line
            ),
            is_open=is_open,
            shared=self.shared,
            questions=[known.question for known in asked],
        )

    def _report_of(self, item: TestItem) -> ItemReport:
        # A test that skips itself without a candidate does so whatever the answers are.
        is_open = item.is_open and not (self.is_discovery and item.state is ItemState.SKIPPED)
        is_reached = item.state is not ItemState.NOT_REACHED
        before = TestItem("") if is_reached else self.transcript.outside
        return ItemReport(
            name=item.name,
            state=ItemState.OPEN if is_open and not item.ending else item.state,
            ending=item.ending or before.ending,
            error=item.error or before.error,
            message=item.message or before.message,
            is_self_compared=item.is_self_compared,
            answers_used=item.answers_used,
            line=item.line or before.line,
        )

    def with_guesses(self) -> CompiledTests:
        """Return the compiled tests with the guesses that are worth a try.

        This is for a run without answers: it shows what the tests compare answers with.
        """
        tests, expected = self.compiled, self.session.expected
        asked = [known.question for known in self.transcript.asked]
        has_attributes = expected.has_attributes or any(
            question.operation in _ATTRIBUTE_OPERATIONS for question in asked
        )
        exceptions = {name for name, _ in tests.expected_exceptions}.intersection(tests.names)
        classes = exceptions.union(tests.classes if has_attributes else ())
        return tests._replace(
            guesses=guess_baseline.baseline_answers(
                tests, self.test_code["source"], expected, asked
            ),
            guessed_classes=sorted(classes),
            # They are not needed any more, and all the rest goes to every harness.
            expected_answers={},
            expected_exceptions=[],
        )


class _CandidateModule(types.ModuleType):
    """Stands for the module that the tests import the candidate from."""

    def __getattr__(self, name: str) -> object:
        if is_tool_attribute(name):
            raise AttributeError(name)
        try:
            value = self.__dict__["_session_"].name(name)
        except NameError as error:
            raise AttributeError(str(error)) from None
        self.__dict__[name] = value
        return value


class _Step:
    """Wraps one statement: while its item lacks answers, the tests go on behind it."""

    def __init__(self, transcript: Transcript) -> None:
        self._transcript = transcript

    def __enter__(self) -> None:
        transcript = self._transcript
        if transcript.item.is_open:
            transcript.steps += 1
            if transcript.steps > _STEPS_MAX:
                raise ExhaustedError

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        if kind is None or not self._transcript.item.is_open:
            return False
        return not (is_skip(kind) or issubclass(kind, _NEVER_POSTPONED))


def is_skip(kind: type[BaseException]) -> bool:
    """Return whether the tests raise exceptions of this *kind* to skip themselves."""
    unittest, pytest = sys.modules.get("unittest.case"), sys.modules.get("_pytest.outcomes")
    kinds = [module.SkipTest for module in [unittest] if module]
    kinds += [module.Skipped for module in [pytest] if module]
    return issubclass(kind, tuple(kinds))


def _set_state(item: TestItem, error: BaseException | None) -> None:
    """Set the state of an item that ended; of several ends of one item, the worst counts."""
    if error is None:
        if item.state is ItemState.NOT_REACHED:
            item.state = ItemState.PASSED
    else:
        is_raised = item.has_raised and not isinstance(error, AssertionError)
        item.state = ItemState.RAISED if is_raised else ItemState.FAILED
        item.error, item.message = _public_error(error, item), _secret_message(error, item)
        item.line = _line_of(error)


def _public_error(error: BaseException, item: TestItem) -> str:
    """Describe an error without any text that may contain what the tests expect."""
    return _describe(error, _text(error) if _is_public(error, item) else "")


def _is_public(error: BaseException, item: TestItem) -> bool:
    """Return whether an error's text does not come from the tests.

    It comes from the candidate; or from Python itself, about a name or a type and not a value.
    """
    if error is item.raised:
        return True
    trace = error.__traceback__
    if trace is None or not isinstance(error, _NAMING_ERRORS):
        return False
    while trace.tb_next is not None:
        trace = trace.tb_next
    return trace.tb_frame.f_code.co_code[trace.tb_lasti] != opmap["RAISE_VARARGS"]


def _secret_message(error: BaseException, item: TestItem) -> str:
    """Return a text that may contain what the tests expect. Never ask the candidate for it."""
    match error.args:
        case [text] if type(text) is str and not _is_public(error, item):
            return text[:_TEXT_MAX]
    return ""


def _describe(error: BaseException, text: str) -> str:
    line = _line_of(error)
    parts = (text, f"line {line} of the tests" if line else "")
    return f"{type(error).__name__}: {', '.join(part for part in parts if part)}"


def _line_of(error: BaseException) -> int:
    """Return the line of the tests on which an error arose; 0 if it is not from there."""
    line, trace = 0, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == script.FILE_NAME:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _text(error: BaseException) -> str:
    try:
        return "" if isinstance(error, AssertionError) else str(error)[:_TEXT_MAX]
    except BaseException:  # noqa: BLE001  (the text of a proxy may be no text)
        return ""
