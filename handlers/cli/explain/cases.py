"""Show what each test case of a sample expected, what was observed, and why it failed.

In: a reference, the results of its cases. Out: a table, which contains expected values. A
candidate's text cannot control the terminal.
"""

import ast
import json
from collections.abc import Mapping, Sequence

from rich.table import Table

from nova_code_verifier.handlers.cli.score.remark import ending_text
from nova_code_verifier.handlers.cli.tables import printable, table_with_header
from nova_code_verifier.sandbox.protocol.encoding import EncodingError, from_tree
from nova_code_verifier.sandbox.types import Ending, Execution
from nova_code_verifier.verifier.test_code.harness import script
from nova_code_verifier.verifier.test_code.harness.compile import divide_script
from nova_code_verifier.verifier.types import CaseResult, CodePlan, StdioCase, TestCase, TestPlan

EXCERPT_CHARACTERS = 60
_CASES_MAX = 100


def case_table(plan: TestPlan | CodePlan, cases: Sequence[CaseResult]) -> Table:
    """Return a table with one line per case."""
    table = table_with_header("case", "verdict", "expected", "observed", "remark")
    statements = _statements(plan) if isinstance(plan, CodePlan) else {}
    for index, case in enumerate(cases[:_CASES_MAX]):
        if isinstance(plan, TestPlan):
            shown = _expected(plan.cases[index]), _observed(case.execution)
        else:
            shown = _test_line(plan, case, statements), _answered(case.execution)
        remark = ending_text(case.execution)
        if case.message:
            remark = ": ".join(filter(None, (remark, f'"{case.message}"')))
        table.add_row(
            printable(case.name) or str(index + 1),
            case.verdict,
            *(printable(text, limit=EXCERPT_CHARACTERS) for text in shown),
            printable(remark),
        )
    if len(cases) > _CASES_MAX:
        table.add_row("...", f"{len(cases) - _CASES_MAX} more")
    return table


def _expected(case: TestCase) -> str:
    return _shown(case.expected_stdout if isinstance(case, StdioCase) else case.expected_value)


def _observed(execution: Execution) -> str:
    if execution.ending is Ending.RAISED:
        return ""  # the remark shows the error
    if execution.value_bytes:
        is_kept = execution.value is not None or execution.value_bytes <= len("null")
        return _shown(execution.value) if is_kept else f"({execution.value_bytes} bytes)"
    return repr(execution.stdout[: 4 * EXCERPT_CHARACTERS].decode("utf-8", "replace"))


def _test_line(plan: CodePlan, case: CaseResult, statements: Mapping[str, int]) -> str:
    """Return the line of the tests at which a case failed, or else the line where it begins."""
    lines = plan.test_code.source.splitlines()
    number = case.test_line or statements.get(case.name, 0)
    return lines[number - 1].strip() if 0 < number <= len(lines) else ""


def _statements(plan: CodePlan) -> dict[str, int]:
    """Return the lines on which the cases of a script begin, by their names."""
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


def _answered(execution: Execution) -> str:
    """Show the candidate's last answer in a case. It comes from the candidate: do not trust it."""
    if not isinstance(execution.value, bytes):
        return f"({execution.value_bytes} bytes)" if execution.value_bytes else ""
    try:
        ((operation, answer),) = json.loads(execution.value).items()
        if "is" not in answer:
            return ""  # it raised, and the remark shows the error
        value = from_tree(answer["is"])
        if operation == "take" and isinstance(value, tuple):  # (whether there is more, items)
            value = value[-1]
        return _shown(value)
    except EncodingError:
        return "(an object)"
    except (ValueError, TypeError, AttributeError, LookupError, RecursionError):
        return "(unreadable)"


def _shown(value: object) -> str:
    try:
        return repr(value)
    except (ValueError, RecursionError):  # Python refuses to print very long integers
        return "(too long or too deep to show)"
