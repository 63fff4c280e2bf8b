"""Add up a run.

In: scored samples, in order. Out: counts, the mean reward, the first few problems.
"""

from collections import Counter
from dataclasses import dataclass, field

from nova_code_verifier.handlers.cli.score.samples import ScoredSample
from nova_code_verifier.verifier.types import Verdict

PROBLEMS_KEPT = 5


@dataclass(slots=True)
class Summary:
    """The sums so far. `problems` keeps only the first samples that the dataset broke."""

    verdicts: Counter[Verdict] = field(default_factory=Counter)
    reward_sum: float = 0.0
    problem_count: int = 0
    problems: list[ScoredSample] = field(default_factory=list)
    outage_count: int = 0
    first_outage: str = ""
    first_bug: str = ""

    @property
    def count(self) -> int:
        """The number of samples."""
        return self.verdicts.total()

    @property
    def graded_count(self) -> int:
        """The number of samples whose reward means something."""
        return self.count - self.verdicts[Verdict.UNGRADED]

    @property
    def mean_reward(self) -> float | None:
        """The mean over the graded samples; None if there are none."""
        return self.reward_sum / self.graded_count if self.graded_count else None

    def add(self, sample: ScoredSample) -> None:
        """Count one sample."""
        score = sample.score
        self.verdicts[score.verdict] += 1
        if score.reward is not None:
            self.reward_sum += score.reward
        elif score.is_outage:
            self.outage_count += 1
            self.first_outage = self.first_outage or score.problem
        else:
            self.problem_count += 1
            if len(self.problems) < PROBLEMS_KEPT:
                self.problems.append(sample)

    def add_bug(self, traceback: str) -> None:
        """Keep the traceback of the first bug of this program."""
        self.first_bug = self.first_bug or traceback
