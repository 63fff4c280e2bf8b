"""What would the best constant answer earn? A reward should not pay for it.

In: a test plan. Out: how many of its cases one and the same answer passes, at most. Must not
know: candidates, rewards.

The answers that are tried are those that cases expect. Where there are very many of them, or
very long ones, only cases that expect the same are counted together.
"""

import marshal
from collections import Counter
from typing import Any

from verifier.checkers import output_matches, value_matches
from verifier.types import CallCase, Checker, CheckerKind, StdioCase, TestCase, TestPlan

_COMPARED_MAX = 64
_COMPARED_BYTES_MAX = 2**16

_Guess = tuple[bytes, object]
"""A constant answer: its bytes, which tell whether two are the same, and itself."""


def best_guess(plan: TestPlan) -> int:
    """Count the cases that the best constant answer passes. Raises VerifierError."""
    if len(plan.cases) == 1:
        return 1
    answers = [_answers(case, plan.checker) for case in plan.cases]
    counts = Counter(same for some in answers for same in {same for same, _ in some})
    guesses = dict(guess for some in answers for guess in some)
    best = max(counts.values())
    length = sum(map(len, guesses))
    if len(guesses) > _COMPARED_MAX or length > _COMPARED_BYTES_MAX:
        return best
    # A lenient checker may take one answer for cases that expect another.
    return max(best, *(_passed(plan, guess) for guess in guesses.values()))


def _answers(case: TestCase, checker: Checker) -> list[_Guess]:
    if isinstance(case, CallCase):
        return [(_bytes(value), value) for value in (case.expected_value, *case.also_accepted)]
    text = case.expected_stdout
    same = " ".join(text.split()) if checker.kind is CheckerKind.TOKENS else text
    return [(same.encode("utf-8", "surrogatepass"), text)]


def _bytes(value: Any) -> bytes:  # noqa: ANN401  (any plain data)
    """Write plain data; not by its `repr`, which a long number does not have."""
    try:
        return marshal.dumps(value, 0)  # this version writes equal values alike
    except ValueError:
        return str(id(value)).encode()


def _passed(plan: TestPlan, guess: object) -> int:
    return sum(_passes(case, plan.checker, guess) for case in plan.cases)


def _passes(case: TestCase, checker: Checker, guess: object) -> bool:
    if isinstance(case, StdioCase):
        observed = str(guess).encode("utf-8", "surrogatepass")
        return output_matches(checker, case.expected_stdout, observed)
    return any(
        value_matches(checker, expected, guess)
        for expected in (case.expected_value, *case.also_accepted)
    )
