"""Find test cases that contradict or repeat each other, without running anything.

In: a test plan. Out: pairs of cases with the same input. Of test code, only asserts on a call with
literals are compared: `assert f(1) == 2`, `self.assertEqual(f(1), 2)`.
"""

import ast
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from nova_code_verifier.sandbox.types import Ending, Execution
from nova_code_verifier.verifier.checking.verdict import judge_case
from nova_code_verifier.verifier.errors import VerifierError
from nova_code_verifier.verifier.reference.entry_points import entry_points
from nova_code_verifier.verifier.syntax import read_python
from nova_code_verifier.verifier.types import (
    CallCase,
    CodePlan,
    StdioCase,
    TestCase,
    TestPlan,
    Verdict,
)

_Expected = TypeVar("_Expected")
_METHODS = ("assertEqual", "assertEquals")


@dataclass(frozen=True, slots=True, kw_only=True)
class SameInputs:
    """How many cases repeat another one, and the numbers of two that contradict, from 1.

    Of test code, the numbers are lines.
    """

    repeated: int = 0
    contradiction: tuple[int, int] | None = None


def compare_cases(plan: TestPlan | CodePlan) -> SameInputs:
    """Compare the cases of *plan* that have the same input."""
    if isinstance(plan, CodePlan):
        return _compare(_asserts(plan), lambda first, second: first == second)
    if plan.checker_program:
        return SameInputs()  # it may accept several answers
    cases = ((number, _input_key(case), case) for number, case in enumerate(plan.cases, start=1))
    return _compare(cases, lambda first, second: _agree(first, second, plan))


def _compare(
    cases: Iterable[tuple[int, Hashable, _Expected]],
    agree: Callable[[_Expected, _Expected], bool],
) -> SameInputs:
    first: dict[Hashable, tuple[int, _Expected]] = {}
    repeated, contradiction = 0, None
    for number, key, expected in cases:
        known = first.setdefault(key, (number, expected))
        if known[0] == number:
            continue
        if agree(known[1], expected):
            repeated += 1
        elif contradiction is None:
            contradiction = known[0], number
    return SameInputs(repeated=repeated, contradiction=contradiction)


def _input_key(case: TestCase) -> Hashable:
    # `repr` tells 1, 1.0 and True apart.
    return case.stdin if isinstance(case, StdioCase) else repr((case.entry_point, case.arguments))


def _agree(first: TestCase, second: TestCase, plan: TestPlan) -> bool:
    """Return whether an answer that one of the cases expects is right in the other, too."""
    pairs = ((first, second), (second, first))
    try:
        return any(
            judge_case(case, plan.checker, answer) is Verdict.ACCEPTED
            for case, other in pairs
            for answer in _answers(other)
        )
    except VerifierError:
        return True  # the run reports what the checker cannot compare


def _answers(case: TestCase) -> Iterator[Execution]:
    if isinstance(case, CallCase):
        for value in (case.expected_value, *case.also_accepted):
            yield Execution(ending=Ending.FINISHED, value=value)
    else:
        stdout = case.expected_stdout.encode("utf-8", "surrogatepass")
        yield Execution(ending=Ending.FINISHED, exit_status=0, stdout=stdout)


def _asserts(plan: CodePlan) -> Iterator[tuple[int, Hashable, str]]:
    """Yield line, call and value of each assert that compares a call with a literal."""
    tree = read_python(plan.test_code.source)
    names = {name.rpartition(".")[2] for name in entry_points(plan)} | {"candidate"}
    found = []
    for node in ast.walk(tree) if tree else ():
        match node:
            case ast.Assert(test=ast.Compare(left=call, ops=[ast.Eq()], comparators=[value])):
                found.append((node.lineno, call, value))
            case ast.Call(func=ast.Attribute(attr=name), args=[call, value, *_]) if name in (
                _METHODS
            ):
                found.append((node.lineno, call, value))
    for line, call, value in sorted(found, key=lambda item: item[0]):
        if _calls(call, names) and _is_literal(value):
            yield line, ast.dump(call), ast.dump(value)


def _calls(node: ast.expr, names: set[str]) -> bool:
    match node:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=args, keywords=kws):
            values = [*args, *(keyword.value for keyword in kws)]
            return name in names and all(map(_is_literal, values))
    return False


def _is_literal(node: ast.expr) -> bool:
    try:
        ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    return True
