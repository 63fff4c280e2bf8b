"""Turn outcomes into scored samples: plain JSON, the same from every place that scores.

In: an entry and its outcome. Out: the row that a trainer gets, and details for people. A scored
sample may cross processes and machines; it holds no object of the pipeline.
"""

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass

from nova_code_verifier.handlers.report import details_of, summary_of
from nova_code_verifier.handlers.scored.evidence import defined_names, details_with_evidence
from nova_code_verifier.handlers.scored.formula import formula_lines
from nova_code_verifier.handlers.scored.remark import remark_on
from nova_code_verifier.handlers.service import Outcome, Service
from nova_code_verifier.handlers.wire import REWARD_FIELD, Entry
from nova_code_verifier.verifier.types import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredSample:
    """The row of a sample and its details, both plain JSON. Samples of one prompt share `group`.

    `details` always has:

    - `verdict`, `problem`, `failure`, `source`, `extraction_method`, `extraction_detail`,
      `prelude`, `notes`, `findings`, `format_issues`: see `report.summary_of`;
    - `is_outage`: whether the sample is ungraded by our fault;
    - `remark`: the problem, or the first case that led to the verdict, in a few words;
    - `tests_passed`, `tests_total`: numbers of test cases;
    - `no_completion`: whether the sample has no turn of the model;
    - `weights`: the weight of each dimension of the rubric that applies;
    - `program_bytes`: the size of the program; null if there is none.

    Full details also have `formula`, how the reward follows from the cases, and `program` and
    `cases` (`evidence.details_with_evidence`), which contain expected answers. Texts of a candidate
    are in all of them.
    """

    row: dict[str, object]
    details: dict[str, object]
    group: int | None = None

    @property
    def verdict(self) -> Verdict:
        """The verdict."""
        return Verdict(str(self.details["verdict"]))

    @property
    def reward(self) -> float | None:
        """The reward; None if the sample is ungraded, whatever its row pays for that."""
        reward = self.row[REWARD_FIELD]
        is_graded = self.verdict is not Verdict.UNGRADED
        return float(reward) if is_graded and isinstance(reward, int | float) else None

    @property
    def is_outage(self) -> bool:
        """Whether the sample is ungraded by our fault."""
        return bool(self.details["is_outage"])

    def metric(self, name: str) -> float | None:
        """Return a metric of the row; None if there is none of that *name*."""
        metrics = self.row["metrics_list"]
        assert isinstance(metrics, list)  # noqa: S101  (built by wire.response_row)
        return next((metric["value"] for metric in metrics if metric["name"] == name), None)


def score_entries(
    service: Service, entries: Sequence[Entry], *, deadline: float = float("inf"), full: bool
) -> Generator[tuple[int, ScoredSample], None, None]:
    """Yield the index and the scored sample of every entry as soon as it is known, in any order.

    *deadline* is in `time.monotonic` seconds. Raises SandboxError if the sandbox cannot start.
    """
    with closing(service.score(entries, deadline=deadline)) as outcomes:
        for outcome in outcomes:
            yield outcome.index, scored_sample(entries[outcome.index], outcome, full=full)


def scored_sample(entry: Entry, outcome: Outcome, *, full: bool) -> ScoredSample:
    """Return the outcome of *entry* as JSON; with all details if they are to be *full*."""
    score, sample = outcome.score, entry.sample
    prepared = outcome.graded.prepared
    candidate = prepared.candidate if prepared else None
    has_completion = sample is not None and sample.completion is not None
    defined: tuple[str, ...] = ()
    if score.verdict is Verdict.NO_ENTRY_POINT and candidate:
        defined = defined_names(candidate.program)
    details = details_of(score) if full else summary_of(score)
    details |= {
        "is_outage": score.is_outage,
        "remark": remark_on(score, has_completion=has_completion, defined=defined),
        "tests_passed": score.tests_passed,
        "tests_total": score.tests_total,
        "no_completion": sample is not None and not has_completion,
        "source": score.source,
        "weights": dict(score.weights),
        "program_bytes": len(candidate.program.encode("utf-8", "replace")) if candidate else None,
    }
    if full:
        details = details_with_evidence(details, outcome.graded)
        details["formula"] = []
        if prepared and score.reward is not None:
            details["formula"] = list(formula_lines(score, prepared, score.reward))
    return ScoredSample(row=outcome.row, details=details, group=outcome.group)
