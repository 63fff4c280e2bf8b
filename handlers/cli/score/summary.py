"""Show a run: the table of samples, the summary, the list of problems.

In: scored samples, in order. Out: sums, and text for people.
"""

import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TextIO

from rich.table import Column, Table
from rich.text import Text

from nova_code_verifier.handlers.cli.score.rows import Row
from nova_code_verifier.handlers.cli.tables import console_for, printable, render, table_with_header
from nova_code_verifier.handlers.prompt_groups import PromptGroups
from nova_code_verifier.handlers.scored.sample import ScoredSample
from nova_code_verifier.sandbox.types import IsolationLevel
from nova_code_verifier.verifier.rubric import DIMENSIONS
from nova_code_verifier.verifier.types import Verdict

PROBLEMS_KEPT = 5
_ID_CHARACTERS_MAX = 40
_NARROW_COLUMNS = 100
_REASONS_KEPT, _REASON_CHARACTERS = 1000, 1000

_STYLES = {
    Verdict.ACCEPTED: "green",
    Verdict.UNGRADED: "yellow",
    Verdict.SECURITY_VIOLATION: "bold red",
}
_FAILURE_STYLE = "red"
_ALL_EQUAL = (
    "warning: in every prompt group, all rewards are equal: a trainer that compares the samples of "
    "a prompt learns nothing from them; choose prompts that the model sometimes solves\n"
)
_SHORT_NAMES = {"correctness": "correct", "conciseness": "concise", "similarity": "similar"}


@dataclass(slots=True)
class Summary:
    """The sums so far. `problems` keeps only the first samples that the dataset broke.

    `kept_count` is the number of rows that an earlier run has graded. `reasons` counts why samples
    are ungraded, and `outage_reasons` why we failed to grade some; new reasons are left out when
    there are many. `prompts` counts prompt groups.
    """

    verdicts: Counter[Verdict] = field(default_factory=Counter)
    reward_sum: float = 0.0
    problem_count: int = 0
    problems: list[Row] = field(default_factory=list)
    outage_count: int = 0
    first_outage: str = ""
    no_completion_count: int = 0
    kept_count: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    outage_reasons: Counter[str] = field(default_factory=Counter)
    prompts: PromptGroups = field(default_factory=PromptGroups)

    @property
    def count(self) -> int:
        """The number of samples."""
        return self.verdicts.total()

    @property
    def graded_count(self) -> int:
        """The number of samples whose reward means something."""
        return self.count - self.verdicts[Verdict.UNGRADED]

    @property
    def has_graded_nothing(self) -> bool:
        """Return whether there are samples, and not one of them has a verdict."""
        return self.count > 0 and self.graded_count + self.kept_count == 0

    @property
    def mean_reward(self) -> float | None:
        """The mean over the graded samples; None if there are none."""
        return self.reward_sum / self.graded_count if self.graded_count else None

    def add(self, line: Row) -> None:
        """Count one sample."""
        sample = line.scored
        reward, verdict = sample.reward, sample.verdict
        self.verdicts[verdict] += 1
        self.no_completion_count += bool(sample.details["no_completion"])
        self.prompts.add(sample.group, reward)
        if verdict is Verdict.UNGRADED:
            _count(self.reasons, line.problem)
        if reward is not None:
            self.reward_sum += reward
        elif sample.is_outage:
            self.outage_count += 1
            self.first_outage = self.first_outage or str(sample.details["problem"])
            _count(self.outage_reasons, line.problem)
        else:
            self.problem_count += 1
            if len(self.problems) < PROBLEMS_KEPT:
                self.problems.append(line)


def _count(reasons: Counter[str], reason: str) -> None:
    reason = reason[:_REASON_CHARACTERS]
    if reason in reasons or len(reasons) < _REASONS_KEPT:
        reasons[reason] += 1


def sample_text(lines: Sequence[Row], stream: TextIO | None) -> str:
    """Return a table with one line per sample, as text that suits *stream*.

    On a narrow terminal, it shows only the first dimension.
    """
    is_narrow = console_for(stream).width < _NARROW_COLUMNS
    dimensions = DIMENSIONS[:1] if is_narrow else DIMENSIONS
    names = ("reward", *(_SHORT_NAMES.get(name, name) for name in dimensions), "tests")
    numbers = (Column(name, justify="right", no_wrap=True) for name in names)
    # The id and the remark shrink if the terminal is narrow.
    table = table_with_header("id", *numbers, Column("verdict", no_wrap=True), "remark")
    for line in lines:
        sample = line.scored
        reward, verdict, details = sample.reward, sample.verdict, sample.details
        style = _STYLES.get(verdict, _FAILURE_STYLE)
        table.add_row(
            _one_line(_id_text(sample.row["id"])),
            Text("-" if reward is None else f"{reward:.3f}", style=style),
            *(_dimension(sample, name) for name in dimensions),
            f"{details['tests_passed']}/{details['tests_total']}",
            Text(verdict, style=style),
            _one_line(printable(str(details["remark"]))),
        )
    return render(table, stream)


def summary_text(
    summary: Summary,
    seconds: float,
    level: IsolationLevel | None,
    facts: Sequence[tuple[str, str, str]] = (),
) -> str:
    """Return what standard error shows at the end of a run of *seconds*.

    *facts* about the place have a line each.
    """
    table = Table.grid("", Column(justify="right"), "", padding=(0, 2))
    mean = summary.mean_reward
    ungraded = summary.count - summary.graded_count
    note = f"of the {summary.graded_count} graded" if ungraded else ""
    kept = f"and {summary.kept_count} kept from before" if summary.kept_count else ""
    table.add_row("samples", str(summary.count), kept)
    if summary.count or not kept:
        table.add_row("mean reward", "-" if mean is None else f"{mean:.4f}", note)
    for verdict, count in summary.verdicts.most_common():
        name = Text(f"  {verdict}", style=_STYLES.get(verdict, _FAILURE_STYLE))
        table.add_row(name, str(count), f"{count / summary.count:6.1%}")
    if groups := summary.prompts.count:
        equal = summary.prompts.equal_count
        about = "about " if summary.prompts.is_estimate else ""
        share = f"{equal / groups:6.1%} of {about}{groups} prompts with several graded samples"
        table.add_row("groups of equal rewards", f"{about}{equal}", share)
    if summary.count or not kept:
        table.add_row("samples per second", f"{summary.count / seconds:.1f}" if seconds else "-")
    table.add_row("isolation level", level or "unknown")
    for fact in facts:
        table.add_row(*fact)
    text = render(table, sys.stderr)
    if groups and groups == summary.prompts.equal_count:
        text += _ALL_EQUAL
    if summary.no_completion_count:
        text += (
            f"{_samples(summary.no_completion_count)} without an assistant turn: nothing to run\n"
        )
    if summary.problem_count:
        text += f"{problem_list(summary)}\n"
    return f"{text}{outage_list(summary)}\n" if summary.outage_count else text


def outage_list(summary: Summary) -> str:
    """List why samples could not be graded by our fault, the most common reasons first."""
    reasons = summary.outage_reasons
    common = reasons.most_common(PROBLEMS_KEPT)
    width = len(str(common[0][1]))
    shown = [f"  {count:>{width}}  {printable(reason)}" for reason, count in common]
    more = summary.outage_count - sum(count for _, count in common)
    heading = f"{_samples(summary.outage_count)} could not be graded by our fault; the reasons:"
    return "\n".join([heading, *shown, *([f"  and {more} more"] if more else [])])


def problem_list(summary: Summary) -> str:
    """List the first problems of the dataset, and count the others."""
    shown = [f"  {_problem_line(line)}" for line in summary.problems]
    more = summary.problem_count - len(shown)
    heading = f"{_samples(summary.problem_count)} could not be graded; fix these in the dataset:"
    return "\n".join([heading, *shown, *([f"  and {more} more"] if more else [])])


def outage_text(summary: Summary) -> str:
    """Say how many samples must be scored again, and the first reason."""
    return (
        f"{summary.outage_count} of {_samples(summary.count)} could not be graded because the "
        "verifier failed, not the program or the dataset; score them again. "
        f"First reason: {printable(summary.first_outage)}"
    )


def nothing_graded_text(summary: Summary) -> str:
    """Say that no sample has a verdict, and why most of them have none."""
    ((reason, count),) = summary.reasons.most_common(1)
    return (
        f"found {_samples(summary.count)}, of which none could be graded; "
        f"the most common reason ({_samples(count)}): {printable(reason)}"
    )


def _samples(count: int) -> str:
    return "1 sample" if count == 1 else f"{count} samples"


def _one_line(text: str) -> Text:
    return Text(text, no_wrap=True, overflow="ellipsis")


def _dimension(sample: ScoredSample, name: str) -> str:
    """Show a dimension of the rubric, if it applies."""
    weights = sample.details["weights"]
    applies = isinstance(weights, dict) and name in weights
    return f"{sample.metric(name):.2f}" if applies else "-"


def _problem_line(line: Row) -> str:
    sample_id = line.scored.row["id"]
    where = line.where if sample_id is None else f"{line.where} (id {_id_text(sample_id)})"
    return f"{where}: {printable(line.problem)}"


def _id_text(sample_id: object) -> str:
    text = sample_id if isinstance(sample_id, str) else json.dumps(sample_id)
    return printable(text, limit=_ID_CHARACTERS_MAX)
