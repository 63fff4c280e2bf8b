"""One run of the tests: with what is known of the candidate, or with nothing.

In: a test code (the tests), as it was pressed, the questions of the run before, the answers to
them, and the units that are settled. Out: the state of every unit, and the questions as they
are now. A unit is `open` while it waits for answers; the run goes on behind it, statement by
statement, to find out what else will be asked. Called in a guest, never the candidate's:
one after the other where tests leave no trace, else in a guest for each.
Must not know: the candidate.
"""

import builtins
import importlib
import linecache
import marshal
import sys
import types
from collections.abc import Callable
from contextlib import contextmanager
from opcode import opmap
from typing import Any

from nova_code_verifier.verifier.test_code.harness import script
from nova_code_verifier.verifier.test_code.harness.callables import Sources
from nova_code_verifier.verifier.test_code.harness.compile import (
    FILE_NAME,
    TestCodeError,
    compile_tests,
)
from nova_code_verifier.verifier.test_code.harness.guess_baseline import (
    ConstantCandidate,
    baseline_answers,
)
from nova_code_verifier.verifier.test_code.harness.pending import is_tool_attribute
from nova_code_verifier.verifier.test_code.harness.session import ProxySession
from nova_code_verifier.verifier.test_code.harness.transcript import (
    Answer,
    AnswerNeededError,
    CandidateLostError,
    ExhaustedError,
    Question,
    Transcript,
    Unit,
    UnsendableError,
)

_PYTEST_SUITE = "nova_code_verifier.verifier.test_code.harness.pytest_suite"
_OF_OBJECTS = ("getattr", "method", "setattr")
_STEPS_MAX = 200_000
_TEXT_MAX = 200
_NAMING = (NameError, ImportError, AttributeError, TypeError)


def run_tests(
    test_code: dict[str, Any],
    compiled: dict[str, Any] | None,
    questions: list[Any],
    answers: list[Any],
    settled: list[str],
) -> dict[str, Any]:
    """Run the tests once. A test code that is not *pressed* is pressed first, and that reported."""
    known = [Question(*question) for question in questions]
    for question, answer in zip(known, answers, strict=False):
        question.answer = None if answer is None else Answer.read(*answer)
    try:
        ready = compiled or compile_tests(test_code)
        if ready["style"] == "pytest" and _PYTEST_SUITE not in sys.modules:
            return {"compiled": ready, "needs": "pytest"}
        exam = TestRun(test_code, ready, Transcript(known), frozenset(settled))
        exam.run()
        # With what is asked before all answers goes what makes all later runs shorter.
        return exam.report() | ({} if answers else {"compiled": ready | exam.guesses()})
    except TestCodeError as problem:
        return {"problem": str(problem)}


def load_tests(prepared: bytes) -> Callable[[list[Any], list[str]], dict[str, Any]]:
    """Make of a test code, as it was pressed, and its questions what examines one candidate a call.

    *prepared* is marshalled, and comes from outside of all guests, as `test run` wrote it.
    """
    test_code, compiled, questions = marshal.loads(prepared)  # noqa: S302  (see above)
    return lambda answers, settled: run_tests(test_code, compiled, questions, answers, settled)


def load_guesses(prepared: bytes) -> Callable[[int], int]:
    """Return a function that counts the items which a guess passes, given the guess's index."""
    test_code, compiled, _ = marshal.loads(prepared)  # noqa: S302  (as for `load_tests`)

    def count_passed(place: int) -> int:
        guess = ConstantCandidate(compiled["guesses"][place], compiled["made"], compiled["methods"])
        exam = TestRun(test_code, compiled, guess, frozenset())
        try:
            exam.run()
            return sum(state == "passed" for _, state, *_ in exam.report()["units"])
        except TestCodeError:
            return 0

    return count_passed


class TestRun:
    """The tests, prepared to be run once."""

    def __init__(
        self,
        test_code: dict[str, Any],
        compiled: dict[str, Any],
        transcript: Transcript,
        settled: frozenset[str],
    ) -> None:
        """Lay out the test code. Raises TestCodeError."""
        self.test_code = test_code
        self.compiled = compiled
        self.transcript = transcript
        self.settled = settled
        self.problem = ""
        self.globals: dict[str, Any] = {"__name__": "__main__", "__builtins__": builtins}
        self._run_prompt()
        self.globals |= {name: __import__(name) for name in compiled["libraries"]}
        shared = {
            name: kind
            for name, kind in self.globals.items()
            if isinstance(kind, type) and kind.__module__ == "__main__"
        }
        self.shared = sorted(shared.keys() - set(compiled["names"]))
        sources = Sources(test_code["source"], test_code.get("prompt", ""))
        self.cast = ProxySession(
            transcript,
            sources,
            {name: shared[name] for name in self.shared},
            frozenset(compiled["classes"]),
        )
        if compiled["is_seeding"]:
            self.cast.share_random_state()

    def _run_prompt(self) -> None:
        try:
            exec(marshal.loads(self.compiled["prompt_code"]), self.globals)  # noqa: S102, S302  (the dataset's, through a guest of our own)
        except Exception as error:  # noqa: BLE001  (whatever it is, the dataset's owner should know)
            raise TestCodeError(f"the prompt raises {_describe(error, _text(error))}") from None

    # -- running -----------------------------------------------------------------------

    def run(self) -> None:
        """Run the tests, in the style that they are written in. Raises TestCodeError."""
        style = self.compiled["style"]
        self.provide_names()
        if style == "script":
            for name in self.compiled["units"]:
                self.transcript.find_unit(name)
            self._execute(self.globals)
            return
        module = types.ModuleType("tests")
        module.__dict__.update(self.globals, __name__="tests", __file__="test_tests.py")
        sys.modules["tests"] = module
        self._execute(module.__dict__)
        # By name: a suite's tool is loaded where it is needed, before the guest is walled in.
        run_suite = importlib.import_module(
            f"nova_code_verifier.verifier.test_code.harness.{style}_suite"
        ).run
        run_suite(self, self._view(module))
        outside = self.transcript.outside
        if self.transcript.units.keys() == {""} and not (self.settled or outside.error):
            raise TestCodeError("found no tests in it")

    def _view(self, module: types.ModuleType) -> types.ModuleType:
        """Show the tools the tests, and nothing that stands in for the candidate's."""
        view = types.ModuleType(module.__name__)
        view.__dict__.update(
            (name, value)
            for name, value in module.__dict__.items()
            if not self.cast.is_candidates(value)
        )
        return view

    def provide_names(self) -> None:
        """Put a stand-in wherever the tests look for a name of the candidate's."""
        module = _CandidateModule("solution")
        module.__dict__["_exam_"] = self
        for name in self.compiled["names"]:
            self.globals.pop(name, None)  # what the prompt begins, the candidate completes
            try:
                self.globals[name] = module.__dict__[name] = self.cast.name(name)
            except NameError:
                continue  # the tests will say so where they use it
        for name in self.test_code.get("modules") or ["solution"]:
            sys.modules[name] = module

    def _execute(self, names: dict[str, Any]) -> None:
        text = self.test_code["source"]
        linecache.cache[FILE_NAME] = (len(text), None, text.splitlines(keepends=True), FILE_NAME)
        names |= {
            script.STEP: _Step(self.transcript),
            script.BEGINS: lambda name: name not in self.settled,
            script.UNIT: self.unit,
        }
        outside = self.transcript.outside
        try:
            exec(marshal.loads(self.compiled["code"]), names)  # noqa: S102, S302  (see above)
        except (AnswerNeededError, ExhaustedError):
            outside.is_open = True
        except UnsendableError as error:
            self._note_unsendable(error)
        except BaseException as error:  # noqa: BLE001  (the tests may raise anything)
            is_own = isinstance(error, ModuleNotFoundError) and not outside.has_raised
            if is_own or not self.transcript.asked:
                raise TestCodeError(f"raises {_describe(error, _text(error))}") from None
            outside.error = outside.error or _told(error, outside)
            outside.said = outside.said or _said(error, outside)

    def _note_unsendable(self, error: UnsendableError) -> None:
        """Note what cannot be judged apart; where nobody wants that, only the units count."""
        if not self.test_code.get("shared_process"):
            self.problem = self.problem or (
                f"passes {error} to the candidate, which cannot travel; tests that need the "
                "candidate in their own process can ask for shared_process"
            )

    @contextmanager
    def unit(self, name: str) -> Any:
        """Run one unit: what it raises is its own."""
        transcript = self.transcript
        outer, transcript.unit = transcript.unit, transcript.find_unit(name)
        unit = transcript.unit
        try:
            yield
            _settle(unit, None)
        except UnsendableError as error:
            self._note_unsendable(error)
        except (AnswerNeededError, ExhaustedError):
            unit.is_open = True
        except BaseException as error:  # noqa: BLE001  (the tests may raise anything)
            _settle(unit, error)
        finally:
            transcript.unit, unit.raised = outer, None  # it would keep the frames of the tests

    def report(self) -> dict[str, Any]:
        """Say how every unit stands, and what was asked. Raises TestCodeError."""
        if self.problem:
            raise TestCodeError(self.problem)
        outside = self.transcript.outside
        units = [self._said_of(unit) for name, unit in self.transcript.units.items() if name]
        is_open = outside.is_open and not outside.ending
        asked = self.transcript.asked
        if not (is_open or any(state == "open" for _, state, *_ in units)):
            asked = []  # nobody will be asked again
        return {
            "units": units,
            "is_open": is_open,
            "outside": [outside.ending, outside.error],
            "shared": self.shared,
            "questions": [
                [one.unit, one.operation, one.on, one.keywords, one.nodes, one.is_guess]
                for one in asked
            ],
        }

    def guesses(self) -> dict[str, Any]:
        """List what is worth trying instead of working, after a run with nothing known."""
        read, wanted, asked = self.compiled["wanted"], self.cast.wanted, self.transcript.asked
        has_parts = wanted.has_parts or any(one.operation in _OF_OBJECTS for one in asked)
        raised = {name for name, _ in read["raised"]}.intersection(self.compiled["names"])
        made = raised.union(self.compiled["classes"] if has_parts else ())
        guesses = {"guesses": baseline_answers(read, wanted, asked), "made": sorted(made)}
        return guesses | {"wanted": {}}  # it has served, and all of this goes to every sitting

    def _said_of(self, unit: Unit) -> list[Any]:
        before = Unit("") if unit.state != "not_reached" else self.transcript.outside
        return [
            unit.name,
            "open" if unit.is_open and not unit.ending else unit.state,
            unit.ending or before.ending,
            unit.error or before.error,
            unit.self_compared,
            unit.said or before.said,
            unit.place,
        ]


class _CandidateModule(types.ModuleType):
    """Stands in for the module that the tests import the candidate from."""

    def __getattr__(self, name: str) -> Any:
        if is_tool_attribute(name):
            raise AttributeError(name)
        try:
            value = self.__dict__["_exam_"].cast.name(name)
        except NameError as error:
            raise AttributeError(str(error)) from None
        self.__dict__[name] = value
        return value


class _Step:
    """One statement: while its unit waits for answers, the tests go on behind it."""

    def __init__(self, transcript: Transcript) -> None:
        self._transcript = transcript

    def __enter__(self) -> None:
        transcript = self._transcript
        if transcript.unit.is_open:
            transcript.steps += 1
            if transcript.steps > _STEPS_MAX:
                raise ExhaustedError

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        if kind is None or not self._transcript.unit.is_open:
            return False
        return not issubclass(
            kind, ExhaustedError | CandidateLostError | UnsendableError | GeneratorExit
        )


def _settle(unit: Unit, error: BaseException | None) -> None:
    """Note how a unit ended; it may have been run before, and then the worst counts."""
    if error is None:
        unit.state = "passed" if unit.state in ("not_reached", "passed") else unit.state
    else:
        is_raised = unit.has_raised and not isinstance(error, AssertionError)
        unit.state = "raised" if is_raised else "failed"
        unit.error, unit.said = _told(error, unit), _said(error, unit)


def _told(error: BaseException, unit: Unit) -> str:
    """Describe an error to everybody."""
    return _describe(error, _text(error) if _may_be_told(error, unit) else "")


def _may_be_told(error: BaseException, unit: Unit) -> bool:
    """Tell whether an error's text is not the tests' own: that may tell what is expected."""
    return error is unit.raised or _names_only(error)


def _names_only(error: BaseException) -> bool:
    """Tell whether Python itself says it, of a name or a type, and so not of any value."""
    trace = error.__traceback__
    if trace is None or not isinstance(error, _NAMING):
        return False
    while trace.tb_next is not None:
        trace = trace.tb_next
    return trace.tb_frame.f_code.co_code[trace.tb_lasti] != opmap["RAISE_VARARGS"]


def _said(error: BaseException, unit: Unit) -> str:
    """Return what must not be told to everybody: nothing is asked of the candidate for it."""
    match error.args:
        case [text] if type(text) is str and not _may_be_told(error, unit):
            return text[:_TEXT_MAX]
    return ""


def _describe(error: BaseException, text: str) -> str:
    line = ""
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == FILE_NAME:
            line = f"line {trace.tb_lineno} of the tests"
        trace = trace.tb_next
    return f"{type(error).__name__}: {', '.join(part for part in (text, line) if part)}"


def _text(error: BaseException) -> str:
    try:
        return "" if isinstance(error, AssertionError) else str(error)[:_TEXT_MAX]
    except BaseException:  # noqa: BLE001  (a stand-in's text may be no text)
        return ""
