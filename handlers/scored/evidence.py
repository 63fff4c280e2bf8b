"""Show what a verdict rests on: the program, and the input, expected and observed of each case.

In: a graded sample. Out: text, of which a candidate wrote a part, and which contains what was
expected: it is for the owner of the dataset. Each text is cut, and its whole size is told.
"""

import ast
import json
from collections.abc import Mapping
from dataclasses import dataclass

from nova_code_verifier.sandbox.protocol.encoding import EncodingError, from_tree
from nova_code_verifier.sandbox.types import Ending, Execution
from nova_code_verifier.verifier.pipeline import GradedSample
from nova_code_verifier.verifier.syntax import DEFINITIONS, read_python
from nova_code_verifier.verifier.test_code.harness import script
from nova_code_verifier.verifier.test_code.harness.compile import divide_script
from nova_code_verifier.verifier.types import (
    CallCase,
    CaseResult,
    CodePlan,
    StdioCase,
    TestCase,
    TestPlan,
)

PROGRAM_CHARACTERS = 4000
VALUE_CHARACTERS = 500
CASES_MAX = 100
_PARSED_CHARACTERS = 100_000
_NAMES_MAX = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """The beginning of a text, and the size of all of it, in bytes of UTF-8."""

    shown: str
    size_bytes: int

    @property
    def is_cut(self) -> bool:
        """Return whether it is only a part."""
        return len(self.shown.encode("utf-8", "replace")) < self.size_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseEvidence:
    """Hold input, expected and observed output of a test case; None for one that does not exist.

    For test code, the input is the line of the tests, which says what is expected, too.
    """

    given: Text
    expected: Text | None
    observed: Text | None


def details_with_evidence(details: dict[str, object], graded: GradedSample) -> dict[str, object]:
    """Add to the *details* of a row the program, and the evidence of each of the first cases."""
    prepared, cases = graded.prepared, details["cases"]
    if prepared is None or prepared.candidate is None or not isinstance(cases, list):
        return details
    program = text_of(prepared.candidate.program, PROGRAM_CHARACTERS)
    evidence = [] if prepared.plan is None else evidence_of(prepared.plan, graded.score.cases)
    shown = [case | _fields(found) for case, found in zip(cases, evidence, strict=False)]
    return details | {
        "program": program.shown,
        "program_bytes": program.size_bytes,
        "cases": shown + cases[len(shown) :],
    }


def _fields(case: CaseEvidence) -> dict[str, object]:
    texts = {"input": case.given, "expected": case.expected, "observed": case.observed}
    fields: dict[str, object] = {}
    for name, text in texts.items():
        fields[name] = text and text.shown
        fields[f"{name}_bytes"] = text and text.size_bytes
    return fields


def evidence_of(plan: TestPlan | CodePlan, cases: tuple[CaseResult, ...]) -> list[CaseEvidence]:
    """Return the evidence of the first *cases*."""
    shown = cases[:CASES_MAX]
    if isinstance(plan, TestPlan):
        pairs = zip(plan.cases, shown, strict=False)
        return [_evidence(case, result) for case, result in pairs]
    statements = statements_of(plan)
    return [_evidence_of_code(plan, result, statements) for result in shown]


def _evidence(case: TestCase, result: CaseResult) -> CaseEvidence:
    execution = result.execution
    if isinstance(case, StdioCase):
        size = max(result.stdout_bytes, len(execution.stdout))
        output = execution.stdout[: 4 * VALUE_CHARACTERS].decode("utf-8", "replace")
        return CaseEvidence(
            given=text_of(case.stdin),
            expected=text_of(case.expected_stdout),
            observed=Text(shown=output[:VALUE_CHARACTERS], size_bytes=size),
        )
    expected = text_of(shown_value(case.expected_value))
    observed = None
    if execution.ending is Ending.FINISHED:
        observed = text_of(observed_value(execution))
        if execution.value_bytes > len("null") and execution.value is None:
            observed = Text(shown="", size_bytes=execution.value_bytes)
    return CaseEvidence(given=text_of(_call(case)), expected=expected, observed=observed)


def _call(case: CallCase) -> str:
    return f"{case.entry_point}({', '.join(map(shown_value, case.arguments))})"


def _evidence_of_code(
    plan: CodePlan, result: CaseResult, statements: Mapping[str, int]
) -> CaseEvidence:
    answer = last_answer(result.execution)
    return CaseEvidence(
        given=text_of(test_line(plan, result, statements)),
        expected=text_of(result.message) if result.message else None,
        observed=text_of(answer) if answer else None,
    )


def text_of(text: str, characters: int = VALUE_CHARACTERS) -> Text:
    """Cut *text* to so many characters, and measure it."""
    return Text(shown=text[:characters], size_bytes=len(text.encode("utf-8", "replace")))


def defined_names(program: str) -> tuple[str, ...]:
    """Return the functions, classes and methods that *program* defines, the first of them."""
    tree = read_python(program) if len(program) <= _PARSED_CHARACTERS else None
    names = []
    for node in tree.body if tree else ():
        if isinstance(node, DEFINITIONS):
            names.append(node.name)
        if isinstance(node, ast.ClassDef):
            methods = (inner for inner in node.body if isinstance(inner, DEFINITIONS))
            names += [f"{node.name}.{method.name}" for method in methods]
    return tuple(names[:_NAMES_MAX])


def expected_value(case: TestCase) -> str:
    """Show what a case expects."""
    return shown_value(case.expected_stdout if isinstance(case, StdioCase) else case.expected_value)


def observed_value(execution: Execution) -> str:
    """Show the answer of the candidate, as far as it was kept."""
    if execution.ending is Ending.RAISED:
        return ""  # the remark shows the error
    if execution.value_bytes:
        is_kept = execution.value is not None or execution.value_bytes <= len("null")
        return shown_value(execution.value) if is_kept else f"({execution.value_bytes} bytes)"
    return repr(execution.stdout[: 4 * VALUE_CHARACTERS].decode("utf-8", "replace"))


def test_line(plan: CodePlan, case: CaseResult, statements: Mapping[str, int]) -> str:
    """Return the line of the tests at which a case failed, or else the line where it begins."""
    lines = plan.test_code.source.splitlines()
    number = case.test_line or statements.get(case.name, 0)
    return lines[number - 1].strip() if 0 < number <= len(lines) else ""


def statements_of(plan: CodePlan) -> dict[str, int]:
    """Return the lines on which the cases of a script begin, by their names; {} for no Python."""
    if read_python(plan.test_code.source) is None:
        return {}
    tree = ast.parse(plan.test_code.source)
    divide_script(tree, plan.test_code.entry_point)
    lines = {}
    for node in ast.walk(tree):
        match node:
            case ast.With(items=[ast.withitem(context_expr=call)], body=[statement]):
                match call:
                    case ast.Call(func=ast.Name(id=script.ITEM), args=[ast.Constant(unit)]):
                        lines[str(unit)] = statement.lineno
    return lines


def last_answer(execution: Execution) -> str:
    """Show the candidate's last answer in a case. It comes from the candidate: do not trust it."""
    if not isinstance(execution.value, bytes):
        return f"({execution.value_bytes} bytes)" if execution.value_bytes else ""
    try:
        answer = json.loads(execution.value)
        # If it raised, the remark shows the error.
        return shown_value(from_tree(answer["is"])) if "is" in answer else ""
    except EncodingError:
        return "(an object)"
    except (ValueError, TypeError, LookupError, RecursionError):
        return "(unreadable)"


def shown_value(value: object) -> str:
    """Write *value* as Python would."""
    try:
        return repr(value)
    except (ValueError, RecursionError):  # Python refuses to print very long integers
        return "(too long or too deep to show)"
