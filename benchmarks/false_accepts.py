"""Count the wrong answers that each checker accepts: `python benchmarks/false_accepts.py`.

In: contest problems with expected outputs and the tolerance of each problem's own judge
(`tests/known/data/kodsport.jsonl`, or another file of that form). Every expected output is changed
in many ways: a digit of an integer, a decimal beyond the tolerance, tokens that are dropped,
doubled or swapped, nan and infinity, a cut. An independent judge decides which of these answers are
wrong: it has the problem's own tolerance, computes exactly, and follows the description of Kattis'
default output validator. Out: how many of the wrong answers a checker accepts, by kind of change.

`own` is the checker that the reference names, with the problem's tolerance. `default` is the one
for references that name none: it does not know the problem's tolerance, so it accepts errors of up
to 1e-6 where the problem allows less. The exit status is 1 if `own` accepts a wrong answer, or if
`default` accepts one that is wrong for a tolerance of 1e-6, too.
"""

import argparse
import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from nova_code_verifier.verifier.checking.checkers import output_matches
from nova_code_verifier.verifier.reference.plan import plan_tests
from nova_code_verifier.verifier.types import Checker, CheckerKind, StdioCase, TestPlan

DATA = Path(__file__).parent.parent / "tests" / "known" / "data" / "kodsport.jsonl"
TOKENS_MAX = 40  # of a long output, so many tokens are changed
_INTEGER = re.compile(r"[+-]?[0-9]+")
_FRACTION = re.compile(
    r"[+-]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[+-]?[0-9]+[eE][+-]?[0-9]+"
)
_DEFAULT_TOLERANCE = Fraction(1, 10**6)

Tokens = list[str]
Mutant = tuple[str, Tokens]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """A judge of contests: tokens in any case, and fractions within an exact tolerance."""

    abs_tol: Fraction
    rel_tol: Fraction

    def accepts(self, expected: Tokens, observed: Tokens) -> bool:
        """Return whether the output is right."""
        return len(expected) == len(observed) and all(map(self._accepts, expected, observed))

    def _accepts(self, expected: str, observed: str) -> bool:
        if expected.casefold() == observed.casefold():
            return True
        wanted, number = _number(expected), _number(observed)
        if wanted is None or number is None or not _FRACTION.fullmatch(expected):
            return False
        return abs(wanted - number) <= max(self.abs_tol, self.rel_tol * abs(wanted))


def _number(token: str) -> Fraction | None:
    is_number = _INTEGER.fullmatch(token) or _FRACTION.fullmatch(token)
    return Fraction(token) if is_number else None


def problems(path: Path) -> Iterator[tuple[Judge, Checker, list[str]]]:
    """Read the expected outputs of each problem once, with its judge and its checker."""
    seen = set()
    for line in path.read_text(encoding="utf-8").split("\n"):
        reference = json.loads(line)["sample"]["reference_answer"] if line else {}
        key = json.dumps(reference, sort_keys=True)
        if not line or key in seen:
            continue
        seen.add(key)
        plan = plan_tests(reference)
        assert isinstance(plan, TestPlan)
        checker = plan.checker
        is_numeric = checker.kind is CheckerKind.NUMERIC
        tolerances = (checker.abs_tol, checker.rel_tol) if is_numeric else (0.0, 0.0)
        abs_tol, rel_tol = (Fraction(repr(tolerance)) for tolerance in tolerances)
        outputs = [case.expected_stdout for case in plan.cases if isinstance(case, StdioCase)]
        yield Judge(abs_tol=abs_tol, rel_tol=rel_tol), checker, outputs


def mutants(tokens: Tokens, judge: Judge, rng: random.Random) -> Iterator[Mutant]:
    """Yield changed outputs, each with the kind of its change."""
    for kind, change in _CHANGES.items():
        indexes = range(len(tokens))
        for index in rng.sample(indexes, min(TOKENS_MAX, len(tokens))):
            for changed in change(tokens[index], judge):
                yield kind, [*tokens[:index], *changed, *tokens[index + 1 :]]
    for index in range(min(TOKENS_MAX, len(tokens) - 1)):
        yield "swapped tokens", _swapped(tokens, index)
    for length in rng.sample(range(len(tokens)), min(TOKENS_MAX, len(tokens))):
        yield "cut off", tokens[:length]


def _last_digit(token: str, _judge: Judge) -> Iterator[Tokens]:
    if _INTEGER.fullmatch(token):
        yield from ([str(int(token) + step)] for step in (-1, 1, 10))
        yield [f"{token}.0"]
        yield [f"{token}.0000001"]


def _decimal(token: str, judge: Judge) -> Iterator[Tokens]:
    number = _number(token)
    if number is None or not _FRACTION.fullmatch(token):
        return
    tolerance = max(judge.abs_tol, judge.rel_tol * abs(number), Fraction(1, 10**12))
    for factor in ("1.001", "1.1", "2", "10", "1000"):
        for sign in (-1, 1):
            yield [_written(number + sign * tolerance * Fraction(factor))]


def _far(token: str, _judge: Judge) -> Iterator[Tokens]:
    number = _number(token)
    if number is not None:
        yield from (
            [_written(changed)] for changed in (number + 1, number * 2, -number, number / 2)
        )


def _written(number: Fraction) -> str:
    """Write a number with 30 decimals."""
    digits = round(abs(number) * 10**30)
    return f"{'-' * (number < 0)}{digits // 10**30}.{digits % 10**30:030}"


def _swapped(tokens: Tokens, index: int) -> Tokens:
    return [*tokens[:index], tokens[index + 1], tokens[index], *tokens[index + 2 :]]


_CHANGES: dict[str, Callable[[str, Judge], Iterator[Tokens]]] = {
    "an integer, by its last digit": _last_digit,
    "a decimal, beyond the tolerance": _decimal,
    "another number": _far,
    "a dropped token": lambda _token, _judge: iter([[]]),
    "a doubled token": lambda token, _judge: iter([[token, token]]),
    "nan or infinity": lambda _token, _judge: iter([["nan"], ["inf"], ["-inf"], ["1e999"]]),
    "another case": lambda token, _judge: iter([[token.swapcase()]]),
    "a cut token": lambda token, _judge: iter([[token[:-1]]] if len(token) > 1 else []),
    "another spelling": lambda token, _judge: iter(
        [[f"0x{token}"], [f"{token}_0"], [f"{token}e1"]]
    ),
}


def main() -> int:
    """Print the table, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("path", nargs="?", type=Path, default=DATA, metavar="DATASET.jsonl")
    path = parser.parse_args().path
    wrong, accepted, loose, unexplained = Counter[str](), Counter[str](), Counter[str](), 0
    tolerant = Judge(abs_tol=_DEFAULT_TOLERANCE, rel_tol=_DEFAULT_TOLERANCE)
    rng = random.Random(1)
    for judge, checker, outputs in problems(path):
        for output in outputs:
            tokens = output.split()
            for kind, mutant in mutants(tokens, judge, rng):
                if judge.accepts(tokens, mutant):
                    continue
                printed = " ".join(mutant).encode()
                wrong[kind] += 1
                accepted[kind] += output_matches(checker, output, printed)
                if output_matches(Checker(), output, printed):
                    loose[kind] += 1
                    unexplained += not tolerant.accepts(tokens, mutant)
    print(f"{'kind of change':34} {'wrong':>8} {'own accepts':>12} {'default accepts':>16}")
    for kind in wrong:
        print(f"{kind:34} {wrong[kind]:8} {accepted[kind]:12} {loose[kind]:16}")
    print(f"{'all':34} {wrong.total():8} {accepted.total():12} {loose.total():16}")
    return int(accepted.total() > 0 or unexplained > 0)


if __name__ == "__main__":
    raise SystemExit(main())
