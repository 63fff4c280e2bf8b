"""What would the best guess earn? A reward should not pay for it.

In: a test plan. Out: what share of its cases one and the same answer passes, or a program that
repeats what it was given; at most. Must not know: candidates, rewards.

The answers that are tried are those that cases expect, and, where these have a tolerance, all
others. Where there are very many of them, or very long ones, only cases that expect the same are
counted together, and nothing is repeated.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from fractions import Fraction
from functools import partial

from nova_code_verifier.sandbox.types import Ending, Execution
from nova_code_verifier.verifier.checking.verdict import judge_case
from nova_code_verifier.verifier.rubric import Grouping
from nova_code_verifier.verifier.scoring.groups import share_of
from nova_code_verifier.verifier.scoring.tolerance_overlap import (
    Row,
    best_common_answer,
    bytes_of,
    row_of_text,
    row_of_value,
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
    worth = partial(share_of, total=total, groups=plan.groups, grouping=grouping)
    best = max(map(worth, passed))
    if plan.checker.kind is CheckerKind.NUMERIC and sum(map(len, guesses)) <= _COMPARED_BYTES_MAX:
        rows = [_row(plan.cases[0], places[same], guess) for same, guess in guesses.items()]
        return best_common_answer(rows, plan.checker, worth, best)
    return best


def _row(of: TestCase, places: set[int], guess: Execution) -> Row:
    if isinstance(of, StdioCase):
        return row_of_text(places, guess.stdout)
    return row_of_value(places, guess.value)


def _is_lenient(plan: TestPlan) -> bool:
    """Whether two answers may be taken for the same that are not, as we write them.

    Tolerances are `verifier.scoring.tolerance_overlap`' own.
    """
    printed = isinstance(plan.cases[0], StdioCase)
    plain = (CheckerKind.TOKENS, CheckerKind.EXACT, CheckerKind.NUMERIC)
    return not (printed and plan.checker.kind in plain)


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
        return [(bytes_of(v), Execution(ending=Ending.FINISHED, value=v)) for v in values]
    text = case.expected_stdout
    same = " ".join(text.split()) if checker.kind is CheckerKind.TOKENS else text
    return [(same.encode("utf-8", "surrogatepass"), _printed(text))]


def _passed(plan: TestPlan, guess: Execution) -> set[int]:
    return {
        place
        for place, case in enumerate(plan.cases)
        if judge_case(case, plan.checker, guess) is Verdict.ACCEPTED
    }
