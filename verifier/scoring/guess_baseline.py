"""Compute the guess baseline: the share of the cases that a guess passes.

In: a test plan. Out: the largest share that a guess earns. A guess is a program that gives the
same answer for every case, or a program that repeats its input. `scoring/score.py` subtracts this
share, so that a guess earns no correctness.

The constant answers are those that the cases expect and, for the checker `numeric`, every answer
where tolerances overlap (`scoring/tolerance_overlap.py`). To bound the time, a plan with many or
long answers only counts the cases that expect equal answers, and a plan with many cases is not
tried with programs that repeat their input. The share may then be too low, never too high.

A guess that passes all cases would not be corrected. So where the default tolerance makes one pass
that must not (0, where 1e-7 and 2e-7 are expected), `tell_apart` lowers the tolerance of the plan.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from fractions import Fraction
from functools import partial

from nova_code_verifier.sandbox.types import Ending, Execution
from nova_code_verifier.verifier.checking.verdict import judge_case
from nova_code_verifier.verifier.rubric import Grouping
from nova_code_verifier.verifier.scoring.groups import share_of
from nova_code_verifier.verifier.scoring.tolerance_overlap import (
    answer_from_text,
    answer_from_value,
    best_common_answer,
    value_key,
)
from nova_code_verifier.verifier.types import (
    CallCase,
    Checker,
    CheckerKind,
    StdioCase,
    TestCase,
    TestPlan,
    Verdict,
)

_MAX_COMPARISONS = 2**13
_MAX_ANSWER_BYTES, _MAX_SEARCHED_BYTES = 2**16, 2**18
_MAX_CASES_WITH_ECHO = 1000
_MAX_ARGUMENTS = 4
_SPARE_CHARACTERS = 64
# Without one of these, an output holds no fraction, no exponent, and neither nan nor infinity.
_MAY_BE_FRACTION = re.compile(rb"[.eEnN]")
_DEFAULT = Checker()

ToldApart = Callable[[], tuple[TestPlan, Fraction]]
"""Returns what `tell_apart` returns for one plan."""
_TOLERANCE_STEPS = 9


def tell_apart(plan: TestPlan, grouping: Grouping = Grouping.SUM) -> tuple[TestPlan, Fraction]:
    """Return the plan to judge by, and the share of its cases that the best guess earns.

    If some guess passes all cases only because of the default tolerance, divide the tolerance by
    ten until none does. Tolerances that a dataset or a run sets are never changed. Raise
    VerifierError if the checker cannot compare with an expected output or value.
    """
    guessed = best_guess(plan, grouping)
    if guessed < 1 or plan.checker != _DEFAULT or _with_tolerance(plan, 0.0, grouping)[1] == 1:
        return plan, guessed
    powers = range(1, _TOLERANCE_STEPS + 1)
    steps = (_with_tolerance(plan, 10.0**-power, grouping) for power in powers)
    told_apart = (step for step in steps if step[1] < 1)
    return next(told_apart, None) or _with_tolerance(plan, 0.0, grouping)


def _with_tolerance(plan: TestPlan, factor: float, grouping: Grouping) -> tuple[TestPlan, Fraction]:
    abs_tol, rel_tol = _DEFAULT.abs_tol * factor, _DEFAULT.rel_tol * factor
    stricter = replace(plan, checker=replace(_DEFAULT, abs_tol=abs_tol, rel_tol=rel_tol))
    return stricter, best_guess(stricter, grouping)


def best_guess(plan: TestPlan, grouping: Grouping = Grouping.SUM) -> Fraction:
    """Return the share, in [0, 1], that the best guess earns. With a single case it is 1.

    Raise VerifierError if the checker cannot compare with an expected output or value.
    """
    total = len(plan.cases)
    if total == 1:
        return Fraction(1)
    # The key of an answer is equal for answers that are written alike.
    cases_of: defaultdict[bytes, set[int]] = defaultdict(set)
    answers: dict[bytes, Execution] = {}
    for index, case in enumerate(plan.cases):
        for key, answer in _expected_answers(case, plan.checker):
            cases_of[key].add(index)
            answers[key] = answer
    passed = [*cases_of.values(), *(_passed_by_echo(plan) if total <= _MAX_CASES_WITH_ECHO else ())]
    answer_bytes = sum(map(len, answers))
    is_small = answer_bytes <= _MAX_ANSWER_BYTES
    if _is_lenient(plan) and is_small and len(answers) * total <= _MAX_COMPARISONS:
        # A lenient checker may accept one answer for cases that expect another one.
        passed += (_passed(plan, [answer] * total) for answer in answers.values())
    share = partial(share_of, total=total, groups=plan.groups, grouping=grouping)
    best = max(map(share, passed))
    if not (_has_tolerance(plan, answers) and answer_bytes <= _MAX_SEARCHED_BYTES):
        return best
    expected = [
        answer_from_text(cases_of[key], answer.stdout)
        if isinstance(plan.cases[0], StdioCase)
        else answer_from_value(cases_of[key], answer.value)
        for key, answer in answers.items()
    ]
    return best_common_answer(expected, plan.checker, share, best)


def _has_tolerance(plan: TestPlan, answers: Collection[bytes]) -> bool:
    """Return whether the checker has a tolerance that may apply to one of the *answers*."""
    is_text = isinstance(plan.cases[0], StdioCase)
    return plan.checker.kind is CheckerKind.NUMERIC and (
        not is_text or any(map(_MAY_BE_FRACTION.search, answers))
    )


def best_of(guessed: Iterable[Collection[int]], plan: TestPlan, grouping: Grouping) -> Fraction:
    """Return the largest share that a guess earns; *guessed* are the cases that each one passes."""
    total, groups = len(plan.cases), plan.groups
    if total == 1:
        return Fraction(1)
    return max(
        (share_of(passed, total, groups, grouping) for passed in guessed), default=Fraction()
    )


def _is_lenient(plan: TestPlan) -> bool:
    """Return whether the checker may accept an answer whose key differs from the expected one.

    The tolerance of `numeric` does not count: `best_common_answer` searches it.
    """
    strict = (CheckerKind.TOKENS, CheckerKind.EXACT, CheckerKind.NUMERIC)
    return isinstance(plan.cases[0], CallCase) or plan.checker.kind not in strict


def _passed_by_echo(plan: TestPlan) -> Iterator[set[int]]:
    """Yield the cases that a program passes that repeats its input or one of its arguments."""
    for argument in range(_MAX_ARGUMENTS):
        echoes = [_echo(case, argument) for case in plan.cases]
        if any(echoes):
            yield _passed(plan, echoes)


def _echo(case: TestCase, argument: int) -> Execution | None:
    """Answer a call with the argument at this index; answer stdin with all of it or its first line.

    Return None if there is no such argument, or if the input is too long to be the answer.
    """
    if isinstance(case, CallCase):
        if argument >= len(case.arguments):
            return None
        return Execution(ending=Ending.FINISHED, value=case.arguments[argument])
    repeated = (case.stdin, case.stdin.partition("\n")[0])[argument : argument + 1]
    # Comparing with a longer text would take time only to find that it differs.
    longest = 2 * len(case.expected_stdout) + _SPARE_CHARACTERS
    return _printed(repeated[0]) if repeated and len(repeated[0]) <= longest else None


def _printed(text: str) -> Execution:
    stdout = text.encode("utf-8", "surrogatepass")
    return Execution(ending=Ending.FINISHED, exit_status=0, stdout=stdout)


def _expected_answers(case: TestCase, checker: Checker) -> list[tuple[bytes, Execution]]:
    """Return the answers that a case expects, each with its key."""
    if isinstance(case, CallCase):
        values = (case.expected_value, *case.also_accepted)
        return [(value_key(v), Execution(ending=Ending.FINISHED, value=v)) for v in values]
    answer = _printed(case.expected_stdout)
    is_split = checker.kind in (CheckerKind.TOKENS, CheckerKind.NUMERIC)
    return [(b" ".join(answer.stdout.split()) if is_split else answer.stdout, answer)]


def _passed(plan: TestPlan, answers: Collection[Execution | None]) -> set[int]:
    """Return the indices of the cases that accept their answer."""
    return {
        index
        for index, (case, answer) in enumerate(zip(plan.cases, answers, strict=True))
        if answer and judge_case(case, plan.checker, answer) is Verdict.ACCEPTED
    }
