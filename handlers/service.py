"""Score an event: the way through the house that every front door takes.

In: an event, an executor, the time there is. Out: one row for every sample, in order. A
bug costs the sample that met it; an outage of ours is raised, so that the trainer's own
retries work. Must not know: which front door it was.
"""

import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol

from nova_code_verifier.handlers.report import details_of, log_fields, metrics_of
from nova_code_verifier.handlers.settings import Settings, SettingsError
from nova_code_verifier.handlers.wire import Entry, response_row
from nova_code_verifier.sandbox.errors import InvocationError
from nova_code_verifier.sandbox.types import Execution, Executor, IsolationLevel, TimedExecutor
from nova_code_verifier.verifier.pipeline import (
    CaseResults,
    PreparedSample,
    conclude,
    judge_cases,
    prepare,
    run_all,
    seconds_of,
    ungraded,
)
from nova_code_verifier.verifier.rubric import OutagePolicy, Rubric
from nova_code_verifier.verifier.test_code.discovery import DiscoveryCache
from nova_code_verifier.verifier.types import Comparison, Score, Similarity, Verdict


class TextJudge(Protocol):
    """Whoever compares texts; `handlers.llm_judge.judge` asks a language model."""

    def submit(self, comparison: Comparison, *, deadline: float) -> Future[Similarity]:
        """Start to compare; what comes of it is there by *deadline* (of `time.monotonic`)."""


class OutageError(RuntimeError):
    """Samples that we could not grade, through no fault of theirs. To be sent again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one entry: its row, and the score behind it."""

    place: int
    row: dict[str, object]
    score: Score
    level: IsolationLevel

    @property
    def log_fields(self) -> dict[str, object]:
        """The fields of the entry's log line."""
        return log_fields(self.row, self.score, self.level)

    @property
    def details(self) -> dict[str, object]:
        """What each verdict rests on."""
        return details_of(self.score)


class Service:
    """Scores entries with one executor and one set of settings."""

    def __init__(
        self,
        executor: TimedExecutor,
        settings: Settings,
        *,
        on_bug: Callable[[int], None] = lambda _place: None,
        text_judge: TextJudge | None = None,
    ) -> None:
        """*on_bug* is told, inside the `except`, the place of an entry that met a bug.

        *text_judge* compares texts, where that is asked for and paid for: the one that is set,
        unless given. Raises SettingsError where the rubric pays for it, and nobody does it.
        """
        self._executor = executor
        self._text_judge = text_judge or _text_judge(settings)
        self._settings = settings
        self._on_bug = on_bug
        self._asked_before = DiscoveryCache()

    def score(
        self, entries: Sequence[Entry], *, deadline: float = float("inf")
    ) -> Generator[Outcome, None, None]:
        """Yield the outcome of every entry as it is known, in no particular order.

        *deadline* is in seconds of `time.monotonic`. Raises SandboxError where the sandbox
        cannot start; where it is elsewhere, and out of reach, as the rubric's `on_outage` says.
        """
        executor = self._executor.with_deadline(deadline)
        level, outage = _wall_of(executor)
        waiting: list[tuple[int, PreparedSample]] = []
        for place, entry in enumerate(entries):
            started = time.monotonic()
            prepared = self._prepare(place, entry)
            if outage and isinstance(prepared, PreparedSample) and prepared.is_to_be_run:
                if self._settings.rubric.on_outage is OutagePolicy.RAISE:
                    raise outage
                prepared = ungraded(str(outage), is_outage=True)
            if isinstance(prepared, PreparedSample):
                waiting.append((place, prepared))
            else:
                yield self._outcome(place, entry, prepared, level, time.monotonic() - started)
        ready = [prepared for _, prepared in waiting]
        likenesses = self._compare(ready, deadline)
        ended: list[tuple[int, float, CaseResults]] = []
        for number, executions in run_all(ready, executor, self._asked_before):
            started = time.monotonic()
            place, prepared = waiting[number]
            judged = self._judged(place, prepared, executions)
            seconds = seconds_of(prepared, executions)
            if number in likenesses:
                # Not now: a guest whose keeper waits for a network has nobody to keep it.
                ended.append((number, seconds, judged))
                continue
            score = self._conclude(place, prepared, judged)
            seconds += time.monotonic() - started
            yield self._outcome(place, entries[place], score, level, seconds)
        for number, seconds, judged in ended:
            place, prepared = waiting[number]
            score = self._conclude(place, prepared, judged, likenesses[number])
            yield self._outcome(place, entries[place], score, level, seconds)

    def _compare(
        self, prepared: Sequence[PreparedSample], deadline: float
    ) -> dict[int, Future[Similarity]]:
        """Have texts compared while the guests run: the same ones once."""
        if self._text_judge is None:
            return {}
        asked = dict.fromkeys(one.comparison for one in prepared if one.comparison)
        futures = {one: self._text_judge.submit(one, deadline=deadline) for one in asked if one}
        return {
            number: futures[one.comparison]
            for number, one in enumerate(prepared)
            if one.comparison is not None
        }

    def _prepare(self, place: int, entry: Entry) -> PreparedSample | Score:
        if entry.sample is None:
            return ungraded(entry.problem or "sample: unreadable")
        try:
            settings = self._settings
            return prepare(entry.sample, rubric=settings.rubric, default_limits=settings.limits)
        except Exception:  # noqa: BLE001  (the front door: a bug costs one row, and is logged)
            return self._bug(place)

    def _judged(
        self, place: int, prepared: PreparedSample, executions: tuple[Execution, ...]
    ) -> CaseResults:
        try:
            return judge_cases(prepared, executions)
        except Exception:  # noqa: BLE001  (the front door: a bug costs one row, and is logged)
            return self._bug(place)

    def _conclude(
        self,
        place: int,
        prepared: PreparedSample,
        judged: CaseResults,
        alike: Future[Similarity] | None = None,
    ) -> Score:
        try:
            return conclude(prepared, judged, alike.result() if alike else None)
        except Exception:  # noqa: BLE001  (the front door: a bug costs one row, and is logged)
            return self._bug(place)

    def _bug(self, place: int) -> Score:
        self._on_bug(place)
        return ungraded("a bug of the verifier's own; see its log", is_outage=True)

    def _outcome(
        self, place: int, entry: Entry, score: Score, level: IsolationLevel, seconds: float
    ) -> Outcome:
        is_ungraded = score.verdict is Verdict.UNGRADED
        metrics = metrics_of(
            score,
            level=level,
            duration_ms=seconds * 1000,
            rubric=self._settings.rubric,
            no_completion=entry.sample is not None and entry.sample.completion is None,
        )
        reward = _paid_ungraded(self._settings.rubric) if is_ungraded else score.reward
        row = response_row(entry.id, reward, metrics)
        return Outcome(place=place, row=row, score=score, level=level)


def _wall_of(executor: Executor) -> tuple[IsolationLevel, InvocationError | None]:
    """Ask for the wall; if nobody can be asked, say why: there may be nothing to run."""
    try:
        return executor.level, None
    except InvocationError as error:
        return IsolationLevel.NONE, error


def _text_judge(settings: Settings) -> TextJudge | None:
    if settings.judge_model:
        from nova_code_verifier.handlers.llm_judge.judge import LlmJudge  # noqa: PLC0415  (threads, for those who need them)

        return LlmJudge.of(settings)
    if settings.rubric.similarity:
        raise SettingsError(
            "VERIFIER_JUDGE_MODEL: the rubric pays for similarity; name the model that judges it"
        )
    return None


def _paid_ungraded(rubric: Rubric) -> float | None:
    return None if rubric.on_outage is OutagePolicy.NONE else rubric.ungraded_reward


def rows_of(outcomes: Sequence[Outcome], policy: OutagePolicy) -> list[dict[str, object]]:
    """Put the rows into the samples' order. Raises OutageError where the policy says so."""
    lost = [outcome for outcome in outcomes if outcome.score.is_outage]
    if lost and policy is OutagePolicy.RAISE:
        raise OutageError(
            f"{len(lost)} of {len(outcomes)} samples could not be graded and should be sent "
            f"again; the first because: {lost[0].score.problem}"
        )
    return [outcome.row for outcome in sorted(outcomes, key=lambda outcome: outcome.place)]
