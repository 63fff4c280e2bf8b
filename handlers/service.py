"""Score the entries of an event: every entry point uses this.

In: entries, an executor, a deadline. Out: a row for every entry. The pipeline grades; this module
adds the rows and separates bugs from outages. A bug is logged and makes its own sample ungraded;
all others are still graded. The rubric's `on_outage` decides about samples that are ungraded by our
fault: raise for the whole event, so that the trainer retries it, or pay a set reward, or none.
"""

import math
import time
from collections import defaultdict
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Protocol, TypeVar

from nova_code_verifier.handlers.report import details_of, log_fields, metrics_of
from nova_code_verifier.handlers.settings import Settings, SettingsError, SharedProcess
from nova_code_verifier.handlers.wire import Entry, response_row
from nova_code_verifier.sandbox.errors import DeadlineError, InvocationError
from nova_code_verifier.sandbox.types import (
    Cause,
    Company,
    Ending,
    Execution,
    Executor,
    IsolationLevel,
    Job,
    TimedExecutor,
)
from nova_code_verifier.verifier.control import Control
from nova_code_verifier.verifier.equal_work import ResultCache
from nova_code_verifier.verifier.pipeline import GradedSample, grade, ungraded
from nova_code_verifier.verifier.rubric import OutagePolicy, Rubric
from nova_code_verifier.verifier.test_code.discovery import DiscoveryCache
from nova_code_verifier.verifier.types import Comparison, FailureClass, Score, Similarity, Verdict

if TYPE_CHECKING:
    from nova_code_verifier.handlers.llm_judge.judge import LlmJudge

T = TypeVar("T")

# Of the time until the deadline, one sample may take this share of wall time: samples of stdio and
# calls, of test code, and with checker programs run one after the other, and others beside them.
_SAMPLE_SHARE = 0.25
# More than any right program of our data sets needs.
_SAMPLE_SECONDS_MIN = 10.0


class TextJudge(Protocol):
    """Compares texts; `handlers/llm_judge/judge.py` asks a language model."""

    def submit(self, comparison: Comparison, *, deadline: float) -> Future[Similarity]:
        """Start a comparison; its result is there by *deadline* (`time.monotonic` seconds)."""


class OutageError(RuntimeError):
    """Samples could not be graded through our fault. The trainer should send them again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The row of the entry at *index*, and the graded sample behind it.

    The samples of one prompt have the same *group*.
    """

    index: int
    row: dict[str, object]
    graded: GradedSample
    level: IsolationLevel
    group: int | None = None

    @property
    def score(self) -> Score:
        """The score of the entry."""
        return self.graded.score

    @property
    def log_fields(self) -> dict[str, object]:
        """The fields of the entry's log line."""
        return log_fields(self.row, self.graded, self.level)

    @property
    def details(self) -> dict[str, object]:
        """The data behind each verdict."""
        return details_of(self.score)


class Service:
    """Scores entries with one executor and one set of settings."""

    def __init__(
        self,
        executor: TimedExecutor,
        settings: Settings,
        *,
        on_bug: Callable[[int], None] = lambda _index: None,
        on_misjudged: Callable[[str], None] = lambda _problem: None,
        text_judge: TextJudge | None = None,
    ) -> None:
        """Prepare to score.

        *on_bug* is called inside the `except`, with the index of an entry that met a bug;
        *on_misjudged* with a text, when control samples were misjudged: nothing is graded then.
        *text_judge* replaces the one that the settings name. Raises SettingsError if the rubric
        gives similarity a weight and there is no text judge.
        """
        self._executor = executor
        self._text_judge = text_judge or _text_judge(settings)
        self._settings = settings
        self._on_bug = on_bug
        between = settings.control_samples
        self._control = Control(between, on_misjudged=on_misjudged) if between else None
        self._discovery_cache = DiscoveryCache()
        self._result_cache = ResultCache()

    @property
    def problem(self) -> str:
        """How control samples were misjudged, so that nothing is graded; "" if none were."""
        return self._control.problem if self._control else ""

    def score(
        self,
        entries: Sequence[Entry],
        *,
        deadline: float = float("inf"),
        sample_seconds_max: float | None = None,
        executor: TimedExecutor | None = None,
    ) -> Generator[Outcome, None, None]:
        """Yield the outcome of every entry as soon as it is known, in no particular order.

        *deadline* is in `time.monotonic` seconds. *sample_seconds_max* is that of `grade`; None is
        a share of the time until the deadline. *executor* replaces that of this service: a view
        of it. Raises SandboxError if the sandbox cannot start. If the sandbox is a function out of
        reach, the rubric's `on_outage` decides.
        """
        if sample_seconds_max is None:
            sample_seconds_max = _sample_seconds(deadline - time.monotonic())
        timed: Executor = (executor or self._executor).with_deadline(deadline)
        try:
            level = timed.level
        except InvocationError as error:
            timed = _UnreachableExecutor(error, self._settings.rubric.on_outage)
            level = timed.level
        stage_seconds: defaultdict[int, float] = defaultdict(float)  # by the index of an entry
        indexes, samples = [], []
        for index, entry in enumerate(entries):
            if entry.sample is None:
                score = ungraded(entry.problem or "sample: unreadable")
                yield self._outcome(entry, GradedSample(index=index, score=score), level, 0.0)
            else:
                indexes.append(index)
                samples.append(entry.sample)
        compare = partial(self._text_judge.submit, deadline=deadline) if self._text_judge else None
        for graded in grade(
            samples,
            timed,
            rubric=self._settings.rubric,
            default_limits=self._settings.limits,
            may_share_process=self._settings.shared_process is SharedProcess.ALLOW,
            discovery_cache=self._discovery_cache,
            result_cache=self._result_cache,
            control=self._control,
            compare=compare,
            attempt=lambda number, stage: self._run_stage(indexes[number], stage, stage_seconds),
            sample_seconds_max=sample_seconds_max,
        ):
            index = indexes[graded.index]
            seconds = graded.seconds + stage_seconds.pop(index, 0.0)
            yield self._outcome(entries[index], replace(graded, index=index), level, seconds)

    def lost(
        self,
        index: int,
        entry: Entry,
        problem: str,
        *,
        failure: FailureClass = FailureClass.INFRASTRUCTURE,
    ) -> Outcome:
        """Return the outcome of an entry that was not graded, through our own fault."""
        score = ungraded(problem, failure=failure)
        return self._outcome(
            entry, GradedSample(index=index, score=score), IsolationLevel.NONE, 0.0
        )

    def _run_stage(
        self, index: int, stage: Callable[[], T], seconds: defaultdict[int, float]
    ) -> T | Score:
        """Run a stage of the pipeline for an entry: measure it and isolate its bugs."""
        started = time.monotonic()
        try:
            return stage()
        except MemoryError:
            return ungraded(
                "the verifier's own process is out of memory", failure=FailureClass.INFRASTRUCTURE
            )
        except Exception:  # noqa: BLE001  (the entry point: a bug makes one sample ungraded)
            self._on_bug(index)
            return ungraded(
                "a bug of the verifier's own; see its log", failure=FailureClass.INFRASTRUCTURE
            )
        finally:
            seconds[index] += time.monotonic() - started

    def _outcome(
        self, entry: Entry, graded: GradedSample, level: IsolationLevel, seconds: float
    ) -> Outcome:
        return outcome_of(entry, graded, level=level, seconds=seconds, rubric=self._settings.rubric)


def outcome_of(
    entry: Entry, graded: GradedSample, *, level: IsolationLevel, seconds: float, rubric: Rubric
) -> Outcome:
    """Return the outcome of *entry*, which took so many *seconds*, with the row for a trainer."""
    reward = graded.score.reward
    metrics = metrics_of(
        graded.score,
        level=level,
        duration_ms=seconds * 1000,
        rubric=rubric,
        no_completion=entry.sample is not None and entry.sample.completion is None,
    )
    if graded.score.verdict is Verdict.UNGRADED and rubric.on_outage is not OutagePolicy.NONE:
        reward = rubric.ungraded_reward
    row = response_row(entry.id, reward, metrics)
    return Outcome(index=graded.index, row=row, graded=graded, level=level, group=entry.group)


@dataclass(frozen=True, slots=True)
class _UnreachableExecutor:
    """Replaces an unreachable executor. Samples without a job are still scored."""

    error: InvocationError
    policy: OutagePolicy
    level = IsolationLevel.NONE
    isolates_trusted_code = fast_paths = False
    environment = ""

    def run(
        self, jobs: Iterable[Job], *, company: Company | None = None
    ) -> Iterator[tuple[int, tuple[Execution, ...]]]:
        """Raise the outage, or report that every job was not run, as the policy says."""
        del company
        for index, job in enumerate(jobs):
            if self.policy is OutagePolicy.RAISE:
                raise self.error
            cause = Cause.DEADLINE if isinstance(self.error, DeadlineError) else Cause.NONE
            lost = Execution(ending=Ending.NOT_RUN, detail=str(self.error), cause=cause)
            yield index, (lost,) * len(job.questions)

    def with_preloaded(self, _modules: tuple[str, ...]) -> "_UnreachableExecutor":
        """Return itself: trusted programs do not run either."""
        return self

    with_sessions = with_preloaded


def _sample_seconds(seconds: float) -> float:
    """Return how much of the *seconds* of an invocation one sample may take.

    It is the same at each retry, though an invocation begins a moment later or earlier: *seconds*
    count as the next number with two digits, and the number of samples does not count.
    """
    if not 0 < seconds < math.inf:
        return math.inf if seconds > 0 else _SAMPLE_SECONDS_MIN
    unit = 10.0 ** (math.floor(math.log10(seconds)) - 1)
    return max(_SAMPLE_SECONDS_MIN, math.ceil(seconds / unit) * unit * _SAMPLE_SHARE)


def llm_judge_for(settings: Settings) -> "LlmJudge":
    """Return the language model that *settings* name, as a judge of texts."""
    # Imported here: only those who compare texts need its threads.
    from nova_code_verifier.handlers.llm_judge.judge import LlmJudge  # noqa: PLC0415

    return LlmJudge(
        model=settings.judge_model,
        prompt=settings.judge_prompt,
        concurrency=settings.judge_concurrency,
        extraction=settings.judge_extraction,
    )


def _text_judge(settings: Settings) -> TextJudge | None:
    if settings.judge_model:
        return llm_judge_for(settings)
    if settings.rubric.similarity:
        raise SettingsError(
            "VERIFIER_JUDGE_MODEL: the rubric pays for similarity; name the model that judges it"
        )
    return None


def rows_of(outcomes: Sequence[Outcome], policy: OutagePolicy) -> list[dict[str, object]]:
    """Return the rows in the order of the samples. Raises OutageError if the policy is `raise`."""
    lost = [outcome for outcome in outcomes if outcome.score.is_outage]
    if lost and policy is OutagePolicy.RAISE:
        raise OutageError(
            f"{len(lost)} of {len(outcomes)} samples could not be graded and should be sent "
            f"again; the first because: {lost[0].score.problem}"
        )
    return [outcome.row for outcome in sorted(outcomes, key=lambda outcome: outcome.index)]
