"""Measure whether a judge can be trusted: whether it repeats itself, and agrees with people.

In: rows of a file, a judge. Out: its answers to each row, and statistics over all rows.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from statistics import fmean

from nova_code_verifier.handlers.cli.dataset_files.reading import open_records
from nova_code_verifier.handlers.cli.dataset_files.record import Record
from nova_code_verifier.handlers.cli.files import UnusableFileError
from nova_code_verifier.handlers.cli.judge_check.statistics import histogram, spearman, spread
from nova_code_verifier.handlers.cli.progress import ProgressBar
from nova_code_verifier.handlers.llm_judge.types import FailedSimilarity, JudgeFailure
from nova_code_verifier.handlers.service import llm_judge_for
from nova_code_verifier.handlers.settings import Settings, SettingsError
from nova_code_verifier.verifier.types import Comparison, Similarity

_SHOWN_CHARACTERS = 60


@dataclass(slots=True, kw_only=True)
class Row:
    """A line of the file, and the judge's answers to it.

    `human_score` may be on any scale: only the order counts.
    """

    where: str
    number: int
    size_bytes: int
    id: object
    comparison: Comparison
    human_score: float | None
    answers: list[Similarity] = field(default_factory=list)

    @property
    def scores(self) -> list[float]:
        """The scores among the answers."""
        return [answer.value for answer in self.answers if answer.value is not None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """The answers, and statistics over all rows.

    `spreads` holds, for each row with two scores or more, the largest score minus the
    smallest. `agreement` is Spearman's correlation over the `compared` rows that have a score
    and a human score; None if it is undefined. `bins` counts the scores by tenths.
    """

    rows: tuple[Row, ...]
    spreads: tuple[float, ...]
    agreement: float | None
    compared: int
    bins: tuple[int, ...]
    failures: Counter[JudgeFailure]

    @property
    def answer_count(self) -> int:
        """The number of calls of the judge."""
        return sum(len(row.answers) for row in self.rows)

    @property
    def score_count(self) -> int:
        """The number of calls that gave a score."""
        return sum(self.bins)

    @property
    def same_count(self) -> int:
        """The number of rows that got the same score every time."""
        return self.spreads.count(0.0)

    @property
    def first_problem(self) -> str:
        """The reason why the first call without a score failed, with its line."""
        for row in self.rows:
            for answer in row.answers:
                if answer.value is None:
                    return f"{row.where}: {answer.problem}"
        return ""


def check_file(source: str, settings: Settings, *, repeats: int) -> Findings:
    """Judge each row of a file *repeats* times, and show a progress bar.

    Raises UnusableFileError, and SettingsError if there is no judge.
    """
    if not settings.judge_model:
        raise SettingsError("VERIFIER_JUDGE_MODEL: not set; set it, or pass --model")
    with open_records(source) as file:
        rows = read_rows(file.records, source)
    total_bytes = repeats * sum(row.size_bytes for row in rows)
    bar = ProgressBar(total_bytes=total_bytes, activity="judging", noun="answers")
    with closing(llm_judge_for(settings)) as judge, bar:
        for _ in range(repeats):  # not at once: the judge merges equal calls that are in progress
            futures = [judge.submit(row.comparison) for row in rows]
            for row, future in zip(rows, futures, strict=True):
                row.answers.append(future.result())
                bar.count_item(row.size_bytes)
    return sum_up(rows)


def read_rows(records: Iterable[Record], name: str) -> list[Row]:
    """Read every record. Raises UnusableFileError, naming its place and the field."""
    rows = []
    for record in records:
        try:
            rows.append(_read_row(record))
        except ValueError as error:
            raise UnusableFileError(f"{name}, {record.where}: {error}") from None
    if not rows:
        raise UnusableFileError(f"{name}: found no rows, expected one or more")
    return rows


def sum_up(rows: Sequence[Row]) -> Findings:
    """Compute the statistics over *rows*."""
    scores = [score for row in rows for score in row.scores]
    pairs = [
        # Rounded: sums of equal scores in different orders may differ in their last digits.
        (row.human_score, round(fmean(row.scores), 9))
        for row in rows
        if row.scores and row.human_score is not None
    ]
    answers = (answer for row in rows for answer in row.answers)
    return Findings(
        rows=tuple(rows),
        spreads=tuple(spread(row.scores) for row in rows if len(row.scores) > 1),
        agreement=spearman([human for human, _ in pairs], [mean for _, mean in pairs]),
        compared=len(pairs),
        bins=tuple(histogram(scores)),
        failures=Counter(a.kind for a in answers if isinstance(a, FailedSimilarity)),
    )


def _read_row(record: Record) -> Row:
    if record.problem:
        raise ValueError(f"found text that is {record.problem}, expected one JSON object")
    raw = record.value
    if not isinstance(raw, dict):
        found = json.dumps(raw)[:_SHOWN_CHARACTERS]
        raise ValueError(f"found {found}, expected one JSON object")  # noqa: TRY004  (of the file)
    for name in ("response", "reference"):
        if not isinstance(raw.get(name), str):
            raise _unexpected(raw, name, "text")
    return Row(
        where=record.where,
        number=record.number,
        size_bytes=record.size_bytes,
        id=raw.get("id"),
        comparison=Comparison(response=raw["response"], reference=raw["reference"]),
        human_score=_human_score(raw),
    )


def _human_score(raw: dict[str, object]) -> float | None:
    match raw.get("human_score"):
        case None:
            return None
        case bool():
            pass  # a number for Python, but not in JSON
        case int() | float() as number if abs(number) <= sys.float_info.max:
            return float(number)
    raise _unexpected(raw, "human_score", "a finite number, or nothing")


def _unexpected(raw: dict[str, object], field: str, expected: str) -> ValueError:
    found = json.dumps(raw[field])[:_SHOWN_CHARACTERS] if field in raw else "nothing"
    return ValueError(f"{field}: found {found}, expected {expected}")
