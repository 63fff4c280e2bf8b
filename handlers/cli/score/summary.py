"""Add up a run: what the summary at its end is made of.

In: scored lines, in order. Out: counts, a mean, the first few problems. Must not know:
how any of it is shown.
"""

from collections import Counter
from dataclasses import dataclass, field

from nova_code_verifier.handlers.cli.score.samples import ScoredLine
from nova_code_verifier.verifier.types import Verdict

PROBLEMS_KEPT = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What was wrong with one line."""

    line_number: int
    entry_id: object
    text: str


@dataclass(slots=True)
class Summary:
    """The sums so far. Of the problems only the first few are kept, however many there are."""

    verdicts: Counter[Verdict] = field(default_factory=Counter)
    reward_sum: float = 0.0
    problem_count: int = 0
    problems: list[Problem] = field(default_factory=list)
    outage_count: int = 0
    first_outage: str = ""
    first_bug: str = ""

    @property
    def count(self) -> int:
        """How many lines got a row."""
        return self.verdicts.total()

    @property
    def graded_count(self) -> int:
        """How many of them have a reward that means something."""
        return self.count - self.verdicts[Verdict.UNGRADED]

    @property
    def mean_reward(self) -> float | None:
        """The mean over what was graded; None if nothing was."""
        return self.reward_sum / self.graded_count if self.graded_count else None

    def add(self, line: ScoredLine) -> None:
        """Count one line."""
        self.verdicts[line.verdict] += 1
        if line.reward is not None:
            self.reward_sum += line.reward
        elif line.is_outage:
            self.outage_count += 1
            self.first_outage = self.first_outage or line.problem
        else:
            self._add_problem(line)

    def add_bug(self, traceback: str) -> None:
        """Keep the first traceback of a bug of our own."""
        self.first_bug = self.first_bug or traceback

    def _add_problem(self, line: ScoredLine) -> None:
        self.problem_count += 1
        if len(self.problems) < PROBLEMS_KEPT:
            text = line.problem.removeprefix(f"line {line.number}: ")
            self.problems.append(
                Problem(line_number=line.number, entry_id=line.row["id"], text=text)
            )
