"""Score samples that no sandbox runs: unreadable ones, and those that a place has lost."""

from nova_code_verifier.handlers.scored.sample import ScoredSample, scored_sample
from nova_code_verifier.handlers.service import outcome_of
from nova_code_verifier.handlers.wire import Entry
from nova_code_verifier.sandbox.types import IsolationLevel
from nova_code_verifier.verifier.pipeline import GradedSample, ungraded
from nova_code_verifier.verifier.rubric import Rubric
from nova_code_verifier.verifier.types import FailureClass


def lost_sample(
    entry: Entry, problem: str, *, rubric: Rubric, level: IsolationLevel | None, full: bool
) -> ScoredSample:
    """Return an outage: *entry* could not be scored by our fault, because of *problem*.

    An entry that is unreadable anyway is no outage: nothing had to run for it.
    """
    if entry.sample is None:
        return unreadable_sample(entry, rubric=rubric, level=level, full=full)
    return _ungraded(entry, problem, FailureClass.INFRASTRUCTURE, rubric, level, full=full)


def unreadable_sample(
    entry: Entry, *, rubric: Rubric, level: IsolationLevel | None, full: bool
) -> ScoredSample:
    """Return what every place returns for an *entry* without a sample: its problem.

    A place that cannot send such an entry scores it with this.
    """
    problem = entry.problem or "sample: unreadable"
    return _ungraded(entry, problem, FailureClass.DATA, rubric, level, full=full)


def _ungraded(
    entry: Entry,
    problem: str,
    failure: FailureClass,
    rubric: Rubric,
    level: IsolationLevel | None,
    *,
    full: bool,
) -> ScoredSample:
    graded = GradedSample(index=0, score=ungraded(problem, failure=failure))
    level = level or IsolationLevel.NONE
    outcome = outcome_of(entry, graded, level=level, seconds=0.0, rubric=rubric)
    return scored_sample(entry, outcome, full=full)
