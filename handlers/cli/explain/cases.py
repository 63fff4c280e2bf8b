"""Show what each test case of a sample expected, what was observed, and why it failed.

In: a reference, the results of its cases. Out: a table, which contains expected values. A
candidate's text cannot control the terminal.
"""

from collections.abc import Iterator, Sequence

from rich.table import Table
from rich.text import Text

from nova_code_verifier.handlers.cli.tables import printable, table_with_header
from nova_code_verifier.handlers.scored import evidence
from nova_code_verifier.handlers.scored.remark import case_text
from nova_code_verifier.verifier.types import CaseResult, CodePlan, TestPlan, Verdict

EXCERPT_CHARACTERS = 60
_FAILURES_MAX = 3
_STDERR_BYTES = 2000


def case_table(plan: TestPlan | CodePlan, cases: Sequence[CaseResult]) -> Table:
    """Return a table with one line per case."""
    table = table_with_header("case", "verdict", "expected", "observed", "remark")
    statements = evidence.statements_of(plan) if isinstance(plan, CodePlan) else {}
    for index, case in enumerate(cases[: evidence.CASES_MAX]):
        if isinstance(plan, TestPlan):
            shown = (
                evidence.expected_value(plan.cases[index]),
                evidence.observed_value(case.execution),
            )
        else:
            shown = evidence.test_line(plan, case, statements), evidence.last_answer(case.execution)
        remark = case_text(case)
        if case.message:
            remark = ": ".join(filter(None, (remark, f'"{case.message}"')))
        table.add_row(
            printable(case.name) or str(index + 1),
            case.verdict,
            *(printable(text, limit=EXCERPT_CHARACTERS) for text in shown),
            printable(remark),
        )
    if len(cases) > evidence.CASES_MAX:
        table.add_row("...", f"{len(cases) - evidence.CASES_MAX} more")
    return table


def failure_parts(plan: TestPlan | CodePlan, cases: Sequence[CaseResult]) -> Iterator[Text | str]:
    """Show the first failed cases in full length, or as much of it as a person reads."""
    pairs = zip(evidence.evidence_of(plan, tuple(cases)), cases, strict=False)
    failed = [
        (number, found, case)
        for number, (found, case) in enumerate(pairs, start=1)
        if case.verdict is not Verdict.ACCEPTED
    ]
    for number, found, case in failed[:_FAILURES_MAX]:
        yield Text(f"case {printable(case.name) or number}: {case.verdict}", style="bold")
        is_code = isinstance(plan, CodePlan)
        yield from _block("line of the tests" if is_code else "input", found.given)
        yield from _block("message of the tests" if is_code else "expected", found.expected)
        yield from _block("observed", found.observed)
        stderr = case.execution.stderr
        if stderr:
            end = evidence.Text(
                shown=stderr[-_STDERR_BYTES:].decode("utf-8", "replace"), size_bytes=len(stderr)
            )
            yield from _block("standard error", end, cut="the end")


def program_parts(program: str) -> Iterator[str]:
    """Show the program that was found, with the numbers of its lines."""
    text = evidence.text_of(program, evidence.PROGRAM_CHARACTERS)
    lines = text.shown.splitlines()
    yield f"program ({_size(text)}):"
    numbered = "\n".join(f"{number:4}  {line}" for number, line in enumerate(lines, start=1))
    yield from _lines(numbered)


def _block(title: str, text: evidence.Text | None, *, cut: str = "the beginning") -> Iterator[str]:
    if text is not None:
        yield f"  {title} ({_size(text, cut=cut)}):"
        yield from (f"    {line}" for line in _lines(text.shown))


def _size(text: evidence.Text, *, cut: str = "the beginning") -> str:
    noun = "byte" if text.size_bytes == 1 else "bytes"
    part = cut if text.shown else "too much to keep"
    return f"{text.size_bytes} {noun}{f', {part}' if text.is_cut else ''}"


def _lines(text: str) -> Iterator[str]:
    """Yield the lines of hostile *text* without the characters that could control a terminal."""
    for line in text.expandtabs(4).splitlines():
        yield "".join(char if char.isprintable() else "?" for char in line)
