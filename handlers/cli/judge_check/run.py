"""Find out whether a judge can be trusted: the same answer twice, and the one that people give.

In: rows of a file, a judge. Out: what it said to each, and what that amounts to. Must not
know: how it is shown, who the judge is.
"""

import json
import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from statistics import fmean

from nova_code_verifier.handlers.cli.files import UnusableFileError, open_input, read_pieces
from nova_code_verifier.handlers.cli.judge_check.statistics import histogram, spearman, spread
from nova_code_verifier.handlers.cli.score.progress import ProgressBar
from nova_code_verifier.handlers.llm_judge.judge import LlmJudge
from nova_code_verifier.handlers.llm_judge.types import FailedSimilarity, JudgeFailure
from nova_code_verifier.handlers.settings import Settings, SettingsError
from nova_code_verifier.verifier.types import Comparison, Similarity


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line of the file. `human_score` may be on any scale: its order alone counts."""

    number: int
    size_bytes: int
    id: object
    comparison: Comparison
    human_score: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedRow:
    """A row, and what the judge said each time."""

    row: Row
    answers: tuple[Similarity, ...]

    @property
    def scores(self) -> list[float]:
        """The scores among the answers."""
        return [answer.value for answer in self.answers if answer.value is not None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What all rows together amount to.

    `spreads` are of rows with two scores or more: the largest less the smallest. `agreement`
    is Spearman's, over the `compared` rows with a score and a human one; None where they
    allow no statement. `bins` count the scores by tenths.
    """

    rows: tuple[JudgedRow, ...]
    spreads: tuple[float, ...]
    agreement: float | None
    compared: int
    bins: tuple[int, ...]
    failures: Counter[JudgeFailure]

    @property
    def answer_count(self) -> int:
        """How often the judge was asked."""
        return sum(len(judged.answers) for judged in self.rows)

    @property
    def score_count(self) -> int:
        """How often it gave a score."""
        return sum(self.bins)

    @property
    def same_count(self) -> int:
        """How many rows got the same score each time."""
        return sum(not one for one in self.spreads)

    @property
    def first_problem(self) -> str:
        """The first thing that was in the way, with its line."""
        for judged in self.rows:
            for answer in judged.answers:
                if answer.value is None:
                    return f"line {judged.row.number}: {answer.problem}"
        return ""


def check_file(source: str, settings: Settings, *, repeats: int) -> Findings:
    """Check the judge that is set on the rows of a file, with a progress bar.

    Raises UnusableFileError, and SettingsError where no judge is set.
    """
    if not settings.judge_model:
        raise SettingsError("VERIFIER_JUDGE_MODEL: not set; set it, or give --model")
    with open_input(source) as stream:
        rows = read_rows(read_pieces(stream, source), source)
    judge = LlmJudge.of(settings)
    total_bytes = repeats * sum(row.size_bytes for row in rows)
    bar = ProgressBar(total_bytes=total_bytes, doing="judging", what="answers")
    with closing(judge), bar:
        return check(
            rows, judge, repeats=repeats, on_answer=lambda row: bar.advance(row.size_bytes)
        )


def read_rows(pieces: Iterable[bytes], name: str) -> list[Row]:
    """Read every line that is not blank. Raises UnusableFileError, naming line and field."""
    rows = []
    for number, text in enumerate(pieces, start=1):
        if text.strip():
            try:
                rows.append(_read_row(number, text))
            except (ValueError, RecursionError) as error:
                raise UnusableFileError(f"{name}, line {number}: {error}") from None
    if not rows:
        raise UnusableFileError(f"{name}: there are no rows in it")
    return rows


def check(
    rows: Sequence[Row], judge: LlmJudge, *, repeats: int, on_answer: Callable[[Row], None]
) -> Findings:
    """Have each of *rows* judged *repeats* times. *on_answer* is told of every answer."""
    answers: list[list[Similarity]] = [[] for _ in rows]
    for _ in range(repeats):  # one after the other: what is under way is not asked twice
        futures = [judge.submit(row.comparison) for row in rows]
        for row, future, said in zip(rows, futures, answers, strict=True):
            said.append(future.result())
            on_answer(row)
    return sum_up(
        [JudgedRow(row=row, answers=tuple(said)) for row, said in zip(rows, answers, strict=True)]
    )


def sum_up(rows: Sequence[JudgedRow]) -> Findings:
    """Say what *rows* amount to."""
    scores = [score for judged in rows for score in judged.scores]
    pairs = [
        # Rounded, as sums of equal scores in another order may not be equal.
        (judged.row.human_score, round(fmean(judged.scores), 9))
        for judged in rows
        if judged.scores and judged.row.human_score is not None
    ]
    answers = (answer for judged in rows for answer in judged.answers)
    return Findings(
        rows=tuple(rows),
        spreads=tuple(spread(judged.scores) for judged in rows if len(judged.scores) > 1),
        agreement=spearman([one for one, _ in pairs], [other for _, other in pairs]),
        compared=len(pairs),
        bins=tuple(histogram(scores)),
        failures=Counter(a.failure for a in answers if isinstance(a, FailedSimilarity)),
    )


def _read_row(number: int, text: bytes) -> Row:
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("expected one JSON object") from None
    if not isinstance(raw, dict):
        raise ValueError("expected one JSON object")  # noqa: TRY004  (of the file, not of us)
    comparison = Comparison(response=_text(raw, "response"), reference=_text(raw, "reference"))
    return Row(
        number=number,
        size_bytes=len(text),
        id=raw.get("id"),
        comparison=comparison,
        human_score=_human_score(raw),
    )


def _text(raw: dict[str, object], field: str) -> str:
    found = raw.get(field)
    if not isinstance(found, str):
        raise ValueError(f"{field}: expected text")  # noqa: TRY004
    return found


def _human_score(raw: dict[str, object]) -> float | None:
    found = raw.get("human_score")
    if found is None:
        return None
    try:
        number = math.nan if isinstance(found, bool | str) else float(found)  # type: ignore[arg-type]
    except (TypeError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise ValueError("human_score: expected a number, or nothing")
    return number
