"""Run gold solutions and trivial programs through the pipeline.

In: problems, an executor. Out: results of all runs. A gold solution runs several times, and once
beside busy processes. Its later runs are programs of their own (a comment differs), so that no
cache of results answers for them.
"""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace

from nova_code_verifier.handlers.cli.audit.libraries import Libraries, imported_modules
from nova_code_verifier.handlers.cli.audit.load import busy_processors
from nova_code_verifier.handlers.cli.audit.options import Options
from nova_code_verifier.handlers.cli.audit.problem import Problem
from nova_code_verifier.handlers.cli.audit.solutions import Gold, completion_of
from nova_code_verifier.handlers.cli.convert.references import (
    Tests,
    read_reference,
    write_reference,
)
from nova_code_verifier.handlers.cli.convert.refusal import RefusedRowError
from nova_code_verifier.handlers.scored.remark import remark_on
from nova_code_verifier.handlers.scored.sample import ScoredSample, scored_sample
from nova_code_verifier.handlers.service import Outcome, Service
from nova_code_verifier.handlers.settings import Settings, SharedProcess
from nova_code_verifier.handlers.wire import Entry
from nova_code_verifier.sandbox.types import TimedExecutor
from nova_code_verifier.verifier.types import CodePlan, FailureClass, Sample, Verdict

_LONGER = 6
_CPU_SECONDS_MAX = 120.0
_TOTAL_SECONDS_MAX = 86_400.0
_WALL_FACTOR = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What stays in memory of a run.

    `accepted` says of each test case whether it passed. `cpu_seconds` is what the slowest case, or
    a session with all tests, needed. `scored` is for a page, if one is made.
    """

    verdict: Verdict
    share: float
    guess_baseline: float
    accepted: tuple[bool, ...]
    cpu_seconds: float
    remark: str
    problem: str
    failure: FailureClass
    shared_process: bool
    scored: ScoredSample | None = None

    @property
    def is_accepted(self) -> bool:
        """Whether all tests passed."""
        return self.verdict is Verdict.ACCEPTED

    @property
    def is_broken(self) -> bool:
        """Whether the run has no verdict, by the fault of the row."""
        return self.verdict is Verdict.UNGRADED and not self.failure.is_outage


@dataclass(slots=True, kw_only=True)
class Results:
    """The results of a problem's runs.

    `golds` has the repeated runs of each gold solution; `under_load` is a further run of the first
    that always passed; `longer` one of the first that ran out of time, by `longer_seconds`.
    `unshared` is why tests and candidates need one process. `missing` are libraries.
    """

    golds: list[list[Result]] = field(default_factory=list)
    trivials: list[Result] = field(default_factory=list)
    under_load: Result | None = None
    longer: Result | None = None
    unshared: str = ""
    missing: list[str] = field(default_factory=list)

    @property
    def all(self) -> list[Result]:
        """All results."""
        others = [result for result in (self.under_load, self.longer) if result]
        return [*(result for runs in self.golds for result in runs), *self.trivials, *others]

    @property
    def steady(self) -> int | None:
        """The index of the first gold solution that always passed, or None."""
        passed = (all(run.is_accepted for run in runs) for runs in self.golds)
        return next((index for index, is_steady in enumerate(passed) if is_steady), None)


class Trials:
    """Runs the programs of problems, with one executor and one set of settings."""

    def __init__(
        self,
        executor: TimedExecutor,
        settings: Settings,
        options: Options,
        *,
        on_bug: Callable[[int], None],
        with_details: bool = False,
    ) -> None:
        """Prepare to run; *on_bug* is that of `Service`. Results have all details on request."""
        allowing = replace(settings, shared_process=SharedProcess.ALLOW)
        self._service = Service(executor, settings, on_bug=on_bug)
        self._sharing = Service(executor, allowing, on_bug=on_bug)
        self._libraries = Libraries(executor)
        self._options = options
        self._with_details = with_details
        self.count = 0

    def run(self, problems: Sequence[Problem]) -> list[Results]:
        """Run all programs of *problems*; return the results in their order."""
        results = [Results() for _ in problems]
        self._run_all(problems, results)
        self._run_longer(problems, results)
        if self._options.busy_processes:
            self._run_under_load(problems, results)
        for problem, found in zip(problems, results, strict=True):
            if problem.plan is not None and found.steady is None:
                found.missing = self._libraries.missing(_modules(problem))
        return results

    def _run_all(self, problems: Sequence[Problem], results: Sequence[Results]) -> None:
        runs: list[tuple[int, list[Result], Sample]] = []
        for index, (problem, found) in enumerate(zip(problems, results, strict=True)):
            for gold in problem.programs:
                found.golds.append([])
                runs += [
                    (index, found.golds[-1], _sample(problem, gold.program, number))
                    for number in range(self._options.repeat)
                ]
            for trivial in problem.trivials:
                runs.append((index, found.trivials, _sample(problem, trivial.program)))
        scored = self._score(self._service, [sample for *_, sample in runs])
        refused = [
            number
            for number, (index, *_) in enumerate(runs)
            if scored[number].is_broken and isinstance(problems[index].plan, CodePlan)
        ]
        # Only a run shows whether tests need one process with the candidate.
        shared = self._score(self._sharing, [runs[number][-1] for number in refused])
        for number, result in zip(refused, shared, strict=True):
            if result.shared_process and not result.is_broken:
                found = results[runs[number][0]]
                found.unshared = found.unshared or scored[number].problem
                scored[number] = result
        for (_, place, _), result in zip(runs, scored, strict=True):
            place.append(result)

    def _run_longer(self, problems: Sequence[Problem], results: Sequence[Results]) -> None:
        """Run gold solutions that ran out of time once more, with higher limits."""
        chosen, samples = [], []
        for problem, found in zip(problems, results, strict=True):
            late = (
                gold
                for gold, runs in zip(problem.programs, found.golds, strict=True)
                if runs[0].verdict is Verdict.TIME_LIMIT_EXCEEDED
            )
            gold = next(late, None)
            sample = _with_more_time(problem, gold) if gold and found.steady is None else None
            if sample is not None:
                chosen.append(found)
                samples.append(sample)
        for found, result in zip(chosen, self._score(self._service, samples), strict=True):
            found.longer = result

    def _run_under_load(self, problems: Sequence[Problem], results: Sequence[Results]) -> None:
        chosen, samples, shared = [], [], []
        for problem, found in zip(problems, results, strict=True):
            if found.steady is not None:
                gold = problem.programs[found.steady]
                chosen.append(found)
                samples.append(_sample(problem, gold.program, self._options.repeat))
                shared.append(found.golds[found.steady][0].shared_process)
        if not samples:
            return
        with busy_processors(self._options.busy_processes):
            for service, is_shared in ((self._service, False), (self._sharing, True)):
                numbers = [i for i, shares in enumerate(shared) if shares is is_shared]
                scored = self._score(service, [samples[number] for number in numbers])
                for number, result in zip(numbers, scored, strict=True):
                    chosen[number].under_load = result

    def _score(self, service: Service, samples: Sequence[Sample]) -> list[Result]:
        """Return the results of *samples* in their order."""
        self.count += len(samples)
        results: dict[int, Result] = {}
        if samples:
            entries = [Entry(id=None, sample=sample) for sample in samples]
            outcomes = service.score(entries)
            with closing(outcomes):  # also after Ctrl-C: it must end before the executor is closed
                for outcome in outcomes:
                    result = _result(outcome)
                    if self._with_details:
                        scored = scored_sample(entries[outcome.index], outcome, full=True)
                        result = replace(result, scored=scored)
                    results[outcome.index] = result
        return [results[index] for index in range(len(samples))]


def _sample(problem: Problem, program: str, number: int = 0) -> Sample:
    assert problem.sample is not None  # noqa: S101  (only problems with tests have programs)
    return replace(problem.sample, completion=completion_of(program, number))


def _with_more_time(problem: Problem, gold: Gold) -> Sample | None:
    """Return the sample with higher limits; None if its tests cannot be written again."""
    assert problem.sample is not None  # noqa: S101  (see `_sample`)
    assert problem.plan is not None  # noqa: S101
    limits = problem.plan.limits
    cpu_seconds = min(_CPU_SECONDS_MAX, _LONGER * limits.cpu_seconds)
    longer = replace(
        limits,
        cpu_seconds=cpu_seconds,
        wall_seconds=_WALL_FACTOR * cpu_seconds,
        total_cpu_seconds=min(_TOTAL_SECONDS_MAX, _LONGER * limits.total_cpu_seconds),
        total_wall_seconds=min(_TOTAL_SECONDS_MAX, _LONGER * limits.total_wall_seconds),
    )
    try:
        tests = read_reference(problem.sample)
        if not isinstance(tests, Tests):
            return None
        written = write_reference(replace(tests, plan=replace(tests.plan, limits=longer)), {})
    except RefusedRowError:
        return None
    return replace(_sample(problem, gold.program), reference=written)


def _modules(problem: Problem) -> frozenset[str]:
    plan = problem.plan
    programs = [gold.program for gold in problem.programs]
    if not isinstance(plan, CodePlan):
        return imported_modules(programs)
    code = plan.test_code
    return imported_modules([*programs, code.prompt, code.source])


def _result(outcome: Outcome) -> Result:
    score = outcome.score
    return Result(
        verdict=score.verdict,
        share=score.share,
        guess_baseline=score.guess_baseline,
        accepted=tuple(case.verdict is Verdict.ACCEPTED for case in score.cases),
        cpu_seconds=outcome.graded.cpu_seconds,
        remark=remark_on(score, has_completion=True),
        problem=score.problem,
        failure=score.failure,
        shared_process=score.shared_process,
    )
