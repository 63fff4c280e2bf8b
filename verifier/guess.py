"""What would the best guess earn? A reward should not pay for it.

In: a test plan. Out: what share of its cases one and the same answer passes, or a program that
repeats what it was given; at most. Must not know: candidates, rewards.

The answers that are tried are those that cases expect. Where there are very many of them, or
very long ones, only cases that expect the same are counted together, and nothing is repeated.
"""

import marshal
from collections import defaultdict
from collections.abc import Collection, Iterator
from fractions import Fraction
from typing import Any

from sandbox.types import Ending, Execution
from verifier.groups import share_of
from verifier.rubric import Grouping
from verifier.types import (
    CallCase,
    Checker,
    CheckerKind,
    StdioCase,
    TestCase,
    TestPlan,
    Verdict,
)
from verifier.verdict import judge_case

_COMPARISONS_MAX = 2**13
_REPEATED_MAX = 1000
_COMPARED_BYTES_MAX = 2**16
_ARGUMENTS_MAX = 4
_SPARE_CHARACTERS = 64

_Guess = tuple[bytes, Execution]
"""A constant answer: its bytes, which tell whether two are the same, and what giving it is."""


def best_guess(plan: TestPlan, grouping: Grouping = Grouping.SUM) -> Fraction:
    """Return the share, as the points go, that the best guess passes.

    Raises VerifierError.
    """
    total = len(plan.cases)
    if total == 1:
        return Fraction(1)
    places: defaultdict[bytes, set[int]] = defaultdict(set)
    guesses: dict[bytes, Execution] = {}
    for place, case in enumerate(plan.cases):
        for same, guess in _answers(case, plan.checker):
            places[same].add(place)
            guesses[same] = guess
    passed = [*places.values(), *(_repeated(plan) if total <= _REPEATED_MAX else ())]
    if _is_lenient(plan) and _are_few(guesses, total):
        # A lenient checker may take one answer for cases that expect another.
        passed += (_passed(plan, guess) for guess in guesses.values())
    return max(share_of(some, total, plan.groups, grouping) for some in passed)


def _is_lenient(plan: TestPlan) -> bool:
    """Whether two answers may be taken for the same that are not, as we write them."""
    printed = isinstance(plan.cases[0], StdioCase)
    return not (printed and plan.checker.kind in (CheckerKind.TOKENS, CheckerKind.EXACT))


def _are_few(guesses: Collection[bytes], total: int) -> bool:
    comparisons = len(guesses) * total
    return comparisons <= _COMPARISONS_MAX and sum(map(len, guesses)) <= _COMPARED_BYTES_MAX


def _repeated(plan: TestPlan) -> Iterator[set[int]]:
    """Find the cases that programs pass which repeat their input, or one of their arguments."""
    for argument in range(_ARGUMENTS_MAX):
        echoes = [_echo(case, argument) for case in plan.cases]
        if any(echoes):
            yield {
                place
                for place, (case, echo) in enumerate(zip(plan.cases, echoes, strict=True))
                if echo and judge_case(case, plan.checker, echo) is Verdict.ACCEPTED
            }


def _echo(case: TestCase, argument: int) -> Execution | None:
    """Answer with an argument; of an input, with all of it or with its first line."""
    if isinstance(case, CallCase):
        if argument >= len(case.arguments):
            return None
        return Execution(ending=Ending.FINISHED, value=case.arguments[argument])
    repeated = (case.stdin, case.stdin.partition("\n")[0])[argument : argument + 1]
    # Longer than what is expected, it would only cost the time to find that out.
    longest = 2 * len(case.expected_stdout) + _SPARE_CHARACTERS
    return _printed(repeated[0]) if repeated and len(repeated[0]) <= longest else None


def _printed(text: str) -> Execution:
    stdout = text.encode("utf-8", "surrogatepass")
    return Execution(ending=Ending.FINISHED, exit_status=0, stdout=stdout)


def _answers(case: TestCase, checker: Checker) -> list[_Guess]:
    if isinstance(case, CallCase):
        values = (case.expected_value, *case.also_accepted)
        return [(_bytes(v), Execution(ending=Ending.FINISHED, value=v)) for v in values]
    text = case.expected_stdout
    same = " ".join(text.split()) if checker.kind is CheckerKind.TOKENS else text
    return [(same.encode("utf-8", "surrogatepass"), _printed(text))]


def _bytes(value: Any) -> bytes:  # noqa: ANN401  (any plain data)
    """Write plain data; not by its `repr`, which a long number does not have."""
    try:
        return marshal.dumps(value, 0)  # this version writes equal values alike
    except ValueError:
        return str(id(value)).encode()


def _passed(plan: TestPlan, guess: Execution) -> set[int]:
    return {
        place
        for place, case in enumerate(plan.cases)
        if judge_case(case, plan.checker, guess) is Verdict.ACCEPTED
    }
