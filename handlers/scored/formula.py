"""Show the formula of a reward, with its numbers.

In: a score and what it was computed from. Out: lines. They hold no expected answer.
"""

from collections.abc import Iterator
from fractions import Fraction

from nova_code_verifier.verifier.pipeline import PreparedSample
from nova_code_verifier.verifier.rubric import Grouping, Polarity, Rubric, Shape
from nova_code_verifier.verifier.scoring.groups import correct_for_guessing
from nova_code_verifier.verifier.sentiment.answer import Expected, SentimentResult
from nova_code_verifier.verifier.types import Score, TestPlan, Verdict


def formula_lines(score: Score, prepared: PreparedSample, paid: float) -> Iterator[str]:
    """Yield how correctness and reward follow from the cases or from the answer."""
    rubric, plan = prepared.task.rubric, prepared.plan
    if score.cases and plan is not None:
        has_groups = isinstance(plan, TestPlan) and plan.groups is not None
        yield from _correctness_lines(score, rubric, has_groups=has_groups)
    elif prepared.sentiment is not None and prepared.sentiment[0].answer is not None:
        result, expected = prepared.sentiment
        worth = rubric.label_weight(result.answer) if isinstance(result.answer, Polarity) else 1.0
        yield _share_line(result, expected)
        yield _worth_line(score, rubric, result.correctness, worth=worth)
    yield from _reward_lines(score, rubric, paid)


def _reward_lines(score: Score, rubric: Rubric, paid: float) -> Iterator[str]:
    """Yield the formula of the reward: the weighted sum of the dimensions."""
    terms = " + ".join(
        f"{weight:.3g} x {getattr(score, name):.4g} {name}"
        for name, weight in score.weights or (("correctness", 1.0),)
        if weight
    )
    within = f"{rubric.lowest:g} + {rubric.highest - rubric.lowest:g} x "
    is_plain = (rubric.lowest, rubric.highest) == (0.0, 1.0)
    yield f"reward = {'' if is_plain else within}({terms}) = {paid:.4g}"
    if score.verdict is Verdict.SECURITY_VIOLATION and not score.cases:
        yield "  because of a security violation in its text; the program was not run"
    elif score.verdict is Verdict.SECURITY_VIOLATION:
        yield f"  after a security violation, which costs {rubric.violation_penalty:.0%}"


def _correctness_lines(score: Score, rubric: Rubric, *, has_groups: bool) -> Iterator[str]:
    """Yield the formulas of the share and of the correctness.

    The share is what was passed, without what the best constant answer passes.
    """
    total = score.tests_total
    guessed = f"{score.guess_baseline * total:.4g}"
    in_part = float(sum(case.share for case in score.cases) - score.tests_passed)
    passed = f"{score.tests_passed} passed" + (f" + {in_part:.4g} in part" if in_part else "")
    unpaid = 0.0
    if not rubric.pay_self_compared:
        unpaid = float(sum(case.share for case in score.cases if case.is_self_compared))
        passed += f" - {unpaid:.4g} compared by the program itself" if unpaid else ""
    is_corrected = rubric.guess_correction and score.guess_baseline not in {0, 1}
    share = score.share
    if rubric.guess_correction:
        share = float(correct_for_guessing(Fraction(score.share), Fraction(score.guess_baseline)))
    if has_groups:
        how = "if all of it passed" if rubric.groups is Grouping.MINIMUM else "in part"
        yield (
            f"points = {score.share:.4g} (each group counts {how}); "
            f"the best guess has {score.guess_baseline:.4g}"
        )
        if is_corrected:
            yield f"share = max(0, (points - guess) / (1 - guess)) = {share:.4g}"
    elif not is_corrected:
        is_sure = rubric.guess_correction and score.guess_baseline == 1
        why = ": every guess passes here, so none is subtracted" if is_sure else ""
        is_sum = in_part or unpaid
        passed = f"({passed}) / {total}" if is_sum else f"{score.tests_passed} / {total} passed"
        yield f"share = {passed} = {share:.4g}{why}"
    else:
        yield (
            f"share = max(0, ({passed} - {guessed} guessed) / "
            f"({total} cases - {guessed} guessed)) = {share:.4g}"
        )
    yield _worth_line(score, rubric, share)


def _worth_line(score: Score, rubric: Rubric, share: float, *, worth: float = 1.0) -> str:
    """Return the formula of the correctness: the shape of *share*, times *worth*."""
    how, why = "", ""
    match rubric.shape:
        case Shape.POWER:
            how = f"{share:.4g} ^ {rubric.exponent:g} = "
        case Shape.THRESHOLD:
            is_enough = share >= rubric.threshold
            why = f": the share is {'at least' if is_enough else 'below'} {rubric.threshold:g}"
        case Shape.ALL_OR_NOTHING:
            why = f": the share is {'1' if share == 1.0 else 'below 1'}"
    if worth != 1.0:
        how = f"{how}{rubric.shaped(share):.4g} x {worth:.4g} = "
    return f"correctness = {how}{score.correctness:.4g}{why}"


def _share_line(result: SentimentResult, expected: Expected) -> str:
    """Return the formula of an answer's share, with its numbers."""
    if isinstance(expected, Polarity):
        right_or_wrong = "right" if result.correctness else "wrong"
        return f"share = {result.correctness:.4g}: the label is {right_or_wrong}"
    if not (expected or result.count):
        return "share = 1: no opinions were expected, and none was answered"
    alike = sum(pair.likeness for pair in result.pairs)
    return (
        f"share = 2 x {alike:.4g} likeness / ({len(expected)} expected + {result.count} answered)"
        f" = {result.correctness:.4g}"
    )
