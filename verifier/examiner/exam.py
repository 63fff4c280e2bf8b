"""One run of the tests: with what is known of the candidate, or with nothing.

In: a paper (the tests), the questions of the run before, the answers to them, and the units
that are settled. Out: the state of every unit, and the questions as they are now. A unit is
`open` while it waits for answers; the run goes on behind it, statement by statement, to find
out what else will be asked. Called in a guest of its own: `sandbox` puts `examine` as a call.
Must not know: the candidate.
"""

import ast
import builtins
import linecache
import sys
import types
from contextlib import contextmanager
from typing import Any

from verifier.examiner import script
from verifier.examiner.cast import Cast
from verifier.examiner.sources import Sources
from verifier.examiner.transcript import (
    Answer,
    ExhaustedError,
    LostError,
    Question,
    SuspendedError,
    Transcript,
    Unit,
    UnsendableError,
)

FILE_NAME = "<tests>"
_STEPS_MAX = 200_000
_TEXT_MAX = 200
_BOUND = frozenset(vars(builtins)) | {
    "__name__", "__file__", "__doc__", "__builtins__", "__annotations__",
}  # fmt: skip


class PaperError(Exception):
    """The tests cannot be used as they stand."""


def examine(
    paper: dict[str, Any], questions: list[Any], answers: list[Any], settled: list[str]
) -> dict[str, Any]:
    """Run the tests once."""
    known = [Question(*question) for question in questions]
    for question, answer in zip(known, answers, strict=False):
        question.answer = None if answer is None else Answer.read(*answer)
    try:
        exam = Exam(paper, Transcript(known), frozenset(settled))
        exam.run()
        return exam.report()
    except PaperError as problem:
        return {"problem": str(problem)}


class Exam:
    """The tests, prepared to be run once."""

    def __init__(
        self, paper: dict[str, Any], transcript: Transcript, settled: frozenset[str]
    ) -> None:
        """Read the paper. Raises PaperError."""
        self.paper = paper
        self.transcript = transcript
        self.settled = settled
        self.problem = ""
        self.tree = self._parse(paper["source"])
        prompt = self._parse_prompt(paper.get("prompt", ""))
        self._globals: dict[str, Any] = {"__name__": "__main__", "__builtins__": builtins}
        self._run_prompt(prompt)
        entry_point = str(paper.get("entry_point") or "").partition("(")[0].partition(".")[0]
        self._globals.pop(entry_point, None)  # what the prompt begins, the candidate completes
        shared = {
            name: kind
            for name, kind in self._globals.items()
            if isinstance(kind, type) and kind.__module__ == "__main__"
        }
        self.cast = Cast(transcript, Sources(self._parse(paper["source"]), prompt), shared)
        self.shared = sorted(shared)
        self.modules = frozenset(paper.get("modules") or ["solution"])
        self.names = self._names_of_candidate(entry_point)

    def _parse(self, source: str) -> ast.Module:
        try:
            return ast.parse(source, FILE_NAME)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise PaperError(f"does not parse: {error}") from None

    def _parse_prompt(self, prompt: str) -> ast.Module:
        """Parse what comes before the candidate; a function without a body does nothing."""
        for text in (prompt, f"{prompt.rstrip()}\n    pass\n"):
            try:
                return ast.parse(text, "<prompt>")
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                continue
        return ast.parse("")

    def _run_prompt(self, prompt: ast.Module) -> None:
        try:
            exec(compile(prompt, "<prompt>", "exec"), self._globals)  # noqa: S102  (the dataset's)
        except Exception as error:  # noqa: BLE001  (whatever it is, the dataset's owner should know)
            raise PaperError(f"the prompt raises {_describe(error)}") from None

    def _names_of_candidate(self, entry_point: str) -> list[str]:
        free = script.free_names(self.paper["source"], _BOUND | self._globals.keys())
        free |= {entry_point} if entry_point else set()
        free |= script.names_imported_from(self.tree, self.modules)
        if not free and not self.modules & script.imported_modules(self.tree):
            free = script.only_builtin_called(self.tree)
        called = {
            node.func.id
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        for name in sorted(free - called):
            if name in sys.stdlib_module_names:  # what the candidate's imports used to provide
                self._globals[name] = __import__(name)
        return sorted(free - self._globals.keys())

    # -- running -----------------------------------------------------------------------

    def run(self) -> None:
        """Run the tests, in the style that they are written in."""
        style = self.paper.get("style") or _style_of(self.tree)
        self._provide_names()
        if style == "script":
            self._run_script()
            return
        from verifier.examiner import suites  # noqa: PLC0415  (scripts do without)

        script.divide_into_steps(self.tree)
        module = types.ModuleType("tests")
        module.__dict__.update(self._globals, __name__="tests", __file__="test_tests.py")
        sys.modules["tests"] = module
        self._execute(self.tree, module.__dict__)
        suites.RUNNERS[style](self, module)
        if not any(self.transcript.units.keys() - {""}):
            raise PaperError("found no tests in it")

    def _provide_names(self) -> None:
        """Put a stand-in wherever the tests look for a name of the candidate's."""
        module = _CandidateModule("solution")
        module.__dict__["_exam_"] = self
        for name in self.names:
            try:
                self._globals[name] = module.__dict__[name] = self.cast.name(name)
            except NameError:
                continue  # the tests will say so where they use it
        for name in self.modules:
            sys.modules[name] = module

    def _run_script(self) -> None:
        entry_point = self.paper.get("entry_point")
        if entry_point and _has_uncalled_check(self.tree):
            self.tree.body += ast.parse(f"check({entry_point})").body
        names = script.divide_into_units(self.tree)
        if not names:
            raise PaperError("found nothing in it that asserts")
        for name in names:
            self.transcript.find_unit(name)
        script.divide_into_steps(self.tree)
        self._execute(self.tree, self._globals)

    def _execute(self, tree: ast.Module, names: dict[str, Any]) -> None:
        text = self.paper["source"]
        linecache.cache[FILE_NAME] = (len(text), None, text.splitlines(keepends=True), FILE_NAME)
        names |= {
            script.STEP: _Step(self.transcript),
            script.BEGINS: lambda name: name not in self.settled,
            script.UNIT: self.unit,
        }
        outside = self.transcript.outside
        try:
            exec(compile(tree, FILE_NAME, "exec"), names)  # noqa: S102  (the dataset's tests)
        except (SuspendedError, ExhaustedError):
            outside.is_open = True
        except UnsendableError as error:
            self.problem = self.problem or _unsendable(error)
        except BaseException as error:  # noqa: BLE001  (the tests may raise anything)
            is_own = isinstance(error, ModuleNotFoundError) and not outside.has_raised
            if is_own or not self.transcript.asked:
                raise PaperError(f"raises {_describe(error)}") from None
            outside.error = outside.error or _describe(error)

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
            self.problem = self.problem or _unsendable(error)
        except (SuspendedError, ExhaustedError):
            unit.is_open = True
        except BaseException as error:  # noqa: BLE001  (the tests may raise anything)
            _settle(unit, error)
        finally:
            transcript.unit = outer

    def report(self) -> dict[str, Any]:
        """Say how every unit stands, and what was asked. Raises PaperError."""
        if self.problem:
            raise PaperError(self.problem)
        outside = self.transcript.outside
        return {
            "units": [
                [
                    unit.name,
                    "open" if unit.is_open and not unit.ending else unit.state,
                    unit.ending or ("" if unit.state != "not_reached" else outside.ending),
                    unit.error or ("" if unit.state != "not_reached" else outside.error),
                    unit.self_judged,
                ]
                for name, unit in self.transcript.units.items()
                if name
            ],
            "is_open": outside.is_open and not outside.ending,
            "shared": self.shared,
            "questions": [
                [one.unit, one.operation, one.on, one.keywords, one.nodes, one.is_guess]
                for one in self.transcript.asked
            ],
        }


class _CandidateModule(types.ModuleType):
    """Stands in for the module that the tests import the candidate from."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
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
        return not issubclass(kind, ExhaustedError | LostError | UnsendableError | GeneratorExit)


def _settle(unit: Unit, error: BaseException | None) -> None:
    """Note how a unit ended; it may have been run before, and then the worst counts."""
    if error is None:
        unit.state = "passed" if unit.state in ("not_reached", "passed") else unit.state
    else:
        is_raised = unit.has_raised and not isinstance(error, AssertionError)
        unit.state = "raised" if is_raised else "failed"
        unit.error = _describe(error)


def _describe(error: BaseException) -> str:
    line = ""
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == FILE_NAME:
            line = f" (line {trace.tb_lineno})"
        trace = trace.tb_next
    if isinstance(error, AssertionError):
        return f"AssertionError{line}"  # its text may tell what is expected
    return f"{type(error).__name__}: {_text(error)}{line}"


def _text(error: BaseException) -> str:
    try:
        return str(error)[:_TEXT_MAX]
    except BaseException:  # noqa: BLE001  (a stand-in's text may be no text)
        return ""


def _unsendable(error: UnsendableError) -> str:
    return (
        f"passes {error} to the candidate, which cannot travel; "
        "tests that need the candidate in their own process can ask for shared_process"
    )


def _style_of(tree: ast.Module) -> str:
    """Tell how tests are meant to be run."""
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    cases = [node for node in classes if any("TestCase" in ast.unparse(one) for one in node.bases)]
    functions = [
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test")
    ]
    called = {
        node.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    tests = [name for name in functions if name not in called]
    if tests or any(node.name.startswith("Test") and node not in cases for node in classes):
        return "pytest"
    return "unittest" if cases else "script"


def _has_uncalled_check(tree: ast.Module) -> bool:
    defined = any(isinstance(one, ast.FunctionDef) and one.name == "check" for one in tree.body)
    called = any(
        isinstance(one, ast.Call) and isinstance(one.func, ast.Name) and one.func.id == "check"
        for node in tree.body
        if not isinstance(node, ast.FunctionDef)
        for one in ast.walk(node)
    )
    return defined and not called
