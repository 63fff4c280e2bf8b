"""What would the best constant answer earn? A reward should not pay for it.

In: a test plan. Out: how many of its cases one and the same answer passes, at most. Must not
know: candidates, rewards.

The answers that are tried are those that cases expect. Where there are very many of them, or
very long ones, only cases that expect the same are counted together.
"""

import marshal
from collections import Counter
from typing import Any

from sandbox.types import Ending, Execution
from verifier.types import CallCase, Checker, CheckerKind, TestCase, TestPlan, Verdict
from verifier.verdict import judge_case

_COMPARED_MAX = 64
_COMPARED_BYTES_MAX = 2**16

_Guess = tuple[bytes, Execution]
"""A constant answer: its bytes, which tell whether two are the same, and what giving it is."""


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
        values = (case.expected_value, *case.also_accepted)
        return [(_bytes(v), Execution(ending=Ending.FINISHED, value=v)) for v in values]
    text = case.expected_stdout
    same = " ".join(text.split()) if checker.kind is CheckerKind.TOKENS else text
    stdout = text.encode("utf-8", "surrogatepass")
    printed = Execution(ending=Ending.FINISHED, exit_status=0, stdout=stdout)
    return [(same.encode("utf-8", "surrogatepass"), printed)]


def _bytes(value: Any) -> bytes:  # noqa: ANN401  (any plain data)
    """Write plain data; not by its `repr`, which a long number does not have."""
    try:
        return marshal.dumps(value, 0)  # this version writes equal values alike
    except ValueError:
        return str(id(value)).encode()


def _passed(plan: TestPlan, guess: Execution) -> int:
    return sum(judge_case(case, plan.checker, guess) is Verdict.ACCEPTED for case in plan.cases)
