"""Tell of one sample how its reward follows: the formula, with its numbers.

In: a score, the rubric. Out: lines. Must not know: what was answered, or expected.
"""

from collections.abc import Iterator
from fractions import Fraction

from nova_code_verifier.verifier.rubric import Grouping, Rubric, Shape
from nova_code_verifier.verifier.scoring.groups import correct_for_guessing
from nova_code_verifier.verifier.types import Score, Verdict


def reward_lines(score: Score, rubric: Rubric, paid: float) -> Iterator[str]:
    """Write the sum of what was paid for."""
    spec = " + ".join(
        f"{weight:.3g} x {getattr(score, name):.4g} {name}"
        for name, weight in score.weights or (("correctness", 1.0),)
        if weight
    )
    within = f"{rubric.lowest:g} + {rubric.highest - rubric.lowest:g} x "
    is_plain = (rubric.lowest, rubric.highest) == (0.0, 1.0)
    yield f"reward = {'' if is_plain else within}({spec}) = {paid:.4g}"
    if score.verdict is Verdict.SECURITY_VIOLATION and not score.cases:
        yield "  as it was not run"
    elif score.verdict is Verdict.SECURITY_VIOLATION:
        yield f"  of which a security violation takes {rubric.violation_penalty:.0%}"


def share_lines(score: Score, rubric: Rubric, *, has_groups: bool) -> Iterator[str]:
    """Write what was passed beyond the best guess."""
    total = score.tests_total
    guessed = round(score.guess_baseline * total)
    is_corrected = rubric.guess_correction and score.guess_baseline not in {0, 1}
    share = counted_share(score, rubric)
    if has_groups:
        how = (
            "all or nothing of each group" if rubric.groups is Grouping.MINIMUM else "of all groups"
        )
        yield f"points = {score.share:.4g}, {how}; the best guess has {score.guess_baseline:.4g}"
        if is_corrected:
            yield f"share = (points - guess) / (1 - guess), 0 at least = {share:.4g}"
    elif not is_corrected:
        is_sure = rubric.guess_correction and score.guess_baseline == 1
        why = ": no guess is wrong here" if is_sure else ""
        yield f"share = {score.tests_passed} / {total} passed = {share:.4g}{why}"
    else:
        yield (
            f"share = ({score.tests_passed} passed - {guessed} guessed) / "
            f"({total} cases - {guessed}), 0 at least = {share:.4g}"
        )


def counted_share(score: Score, rubric: Rubric) -> float:
    """Say what share of the cases counts: what was passed, or that beyond the best guess."""
    if not rubric.guess_correction:
        return score.share
    return float(correct_for_guessing(Fraction(score.share), Fraction(score.guess_baseline)))


def worth_line(score: Score, rubric: Rubric, share: float, *, worth: float = 1.0) -> str:
    """Write what a share comes to, by the rubric's shape, and by what a right answer is *worth*."""
    how, why = "", ""
    match rubric.shape:
        case Shape.POWER:
            how = f"{share:.4g} ^ {rubric.exponent:g} = "
        case Shape.THRESHOLD:
            is_enough = share >= rubric.threshold
            why = f", as the share is {'not ' if is_enough else ''}below {rubric.threshold:g}"
        case Shape.ALL_OR_NOTHING:
            why = f", as the share is {'all' if share == 1.0 else 'not all'}"
    if worth != 1.0:
        how = f"{how}{rubric.shaped(share):.4g} x {worth:.4g} = "
    return f"correctness = {how}{score.correctness:.4g}{why}"
