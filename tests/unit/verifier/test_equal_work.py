"""Equal work is judged once, and only what a verdict depends on decides what is equal."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from nova_code_verifier.sandbox.types import (
    EncodedValue,
    Ending,
    Execution,
    IsolationLevel,
    Limits,
    Question,
    RaisedError,
)
from nova_code_verifier.verifier.equal_work import ResultCache
from nova_code_verifier.verifier.pipeline import GradedSample, grade
from nova_code_verifier.verifier.rubric import Grouping, Rubric
from nova_code_verifier.verifier.types import CaseResults, Sample, Verdict
from tests.fakes import ScriptedExecutor

DOUBLE = {"tests": {"kind": "stdio", "cases": [{"stdin": "21\n", "stdout": "42\n"}]}}
RIGHT = Execution(
    ending=Ending.FINISHED, exit_status=0, stdout=b"42\n", cpu_seconds=0.01, wall_seconds=0.02
)


def sample(program: str = "print(42)", reference: object = DOUBLE, around: str = "") -> Sample:
    """Make a sample; *around* is text that does not change its program."""
    return Sample(completion=f"{around}\n```python\n{program}\n```\n", reference=reference)


def scripted(answer: Execution | Callable[[Question], Execution] = RIGHT) -> ScriptedExecutor:
    """Make an executor that has fast paths, and counts its jobs."""
    function = answer if callable(answer) else lambda _: answer
    return ScriptedExecutor(function, fast_paths=True)


def graded(
    executor: ScriptedExecutor, *samples: Sample, cache: ResultCache | None = None
) -> list[GradedSample]:
    """Grade samples in one batch, and return them in order."""
    found = grade(samples, executor, result_cache=cache)
    return sorted(found, key=lambda each: each.index)


# Within a batch


def test_equal_programs_of_a_batch_run_once() -> None:
    """All get the result, and the time is that of the one that ran."""
    executor = scripted()

    first, second, third = graded(executor, sample(), sample(around="So:"), sample("print(43)"))

    assert len(executor.jobs) == 2
    assert [first.is_reused, second.is_reused, third.is_reused] == [False, True, False]
    assert (first.seconds, second.seconds) == (0.02, 0.0)
    assert first.score.cases == second.score.cases


def test_the_response_around_a_program_is_still_scored() -> None:
    """What does not depend on the run is that of each sample: here, its format."""
    unclosed = Sample(completion="```python\nprint(42)\n", reference=DOUBLE)
    first, second = graded(scripted(), sample(), unclosed)

    assert first.score.correctness == second.score.correctness == 1.0
    assert first.score.format > second.score.format


@pytest.mark.parametrize("ending", [Ending.OUT_OF_TIME, Ending.CRASHED, Ending.NOT_RUN])
def test_the_copies_in_a_batch_share_every_result(ending: Ending) -> None:
    """Even one that the machine may have caused: equal samples of a batch never differ."""
    endings = iter([ending, Ending.FINISHED])
    executor = scripted(lambda _: replace(RIGHT, ending=next(endings)))

    first, second = graded(executor, sample(), sample())

    assert first.score.verdict is second.score.verdict is not Verdict.ACCEPTED


def test_without_fast_paths_every_sample_runs() -> None:
    """The switch turns this off, within a batch and between batches."""
    executor, cache = ScriptedExecutor(lambda _: RIGHT), ResultCache()

    for _ in range(2):
        graded(executor, sample(), sample(), cache=cache)

    assert len(executor.jobs) == 4


def call(*arguments: object, **settings: object) -> dict[str, object]:
    """Make a reference with one call."""
    case = {"args": list(arguments), "expected": 1}
    return {"tests": {"kind": "call", "entry_point": "f", "cases": [case]}, **settings}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (call(1), call(*[True])),
        (call(1), call(1.0)),
        (call(0.0), call(-0.0)),
        (call(1), call(1, checker="exact")),
        (call(1), call(1, limits={"cpu_seconds": 1})),
        (call(1), call(1, prelude="import math")),
        (call(1), call(1, starter_code="def f(x):\n")),
    ],
)
def test_samples_that_differ_in_their_tests_run_each(
    first: dict[str, object], second: dict[str, object]
) -> None:
    """Arguments that are `==`, another checker, limits or code around the program are no copy."""
    executor = scripted(replace(RIGHT, value=EncodedValue(b"1"), value_bytes=1))
    program = "def f(x): return 1"

    graded(executor, sample(program, first), sample(program, second))

    assert len([job for job in executor.jobs if job.program]) == 2


def test_a_plan_without_a_text_runs_each_time() -> None:
    """Python does not write a number of 5000 digits."""
    executor = scripted(replace(RIGHT, value=EncodedValue(b"1"), value_bytes=1))

    found = graded(executor, *[sample("def f(x): return 1", call(10**5000))] * 2)

    assert len(executor.jobs) == 2
    assert not any(each.is_reused for each in found)


# Between batches


def runs_again(cache: ResultCache, executor: ScriptedExecutor | None = None, **more: Any) -> bool:
    """Return whether a sample that was graded with the *cache* before is run once more."""
    executor = executor or scripted()
    list(grade([sample()], executor, result_cache=cache, **more))
    return bool(executor.jobs)


@pytest.fixture
def cache() -> ResultCache:
    """Return a cache that holds the result of `sample()`."""
    cache = ResultCache()
    assert runs_again(cache)
    return cache


def test_a_later_batch_uses_the_result(cache: ResultCache) -> None:
    """The score is the same; the sample took no time, and says so."""
    (again,) = graded(scripted(replace(RIGHT, stdout=b"0")), sample(), cache=cache)

    assert (again.score.verdict, again.seconds, again.is_reused) == (Verdict.ACCEPTED, 0.0, True)


def test_wrong_and_failing_programs_are_cached_like_right_ones() -> None:
    """A program that tosses a coin cannot toss it until it is right."""
    for execution in (
        replace(RIGHT, stdout=b"0\n"),
        replace(RIGHT, exit_status=1),
        replace(RIGHT, ending=Ending.NOT_COMPILED, error=RaisedError(type_name="E", message="")),
    ):
        cache = ResultCache()
        runs_again(cache, scripted(execution))

        assert not runs_again(cache)


@pytest.mark.parametrize(
    "executor",
    [
        replace(scripted(), granted=IsolationLevel.INTERPRETER),
        replace(scripted(), environment="another package"),
        replace(scripted(), isolates_trusted_code=True),
    ],
    ids=["level", "environment", "executor"],
)
def test_another_executor_runs_it_again(cache: ResultCache, executor: ScriptedExecutor) -> None:
    """A result belongs to the level, the installed packages and the kind of the executor."""
    executor = replace(executor, jobs=[])
    assert runs_again(cache, executor)


@pytest.mark.parametrize(
    "more",
    [
        {"may_share_process": True},
        {"rubric": Rubric(groups=Grouping.MINIMUM)},
        {"default_limits": Limits(cpu_seconds=9)},
    ],
    ids=lambda more: next(iter(more)),
)
def test_other_settings_run_it_again(cache: ResultCache, more: dict[str, Any]) -> None:
    """A result belongs to the settings that it depends on."""
    assert runs_again(cache, **more)


LIMITS = Limits()
BY_THE_MACHINE = {
    "time": replace(RIGHT, ending=Ending.OUT_OF_TIME),
    "memory": replace(RIGHT, ending=Ending.OUT_OF_MEMORY),
    "skipped": replace(RIGHT, ending=Ending.SKIPPED),
    "crash": replace(RIGHT, ending=Ending.CRASHED, signal=11),
    "near the limit of CPU time": replace(RIGHT, cpu_seconds=LIMITS.cpu_seconds * 0.6),
    "near the limit of time": replace(RIGHT, wall_seconds=LIMITS.wall_seconds * 0.6),
    "near the total of time": replace(RIGHT, own_seconds=LIMITS.total_wall_seconds * 0.6),
    "near the limit of memory": replace(RIGHT, memory_bytes=int(LIMITS.memory_bytes * 0.6)),
}


@pytest.mark.parametrize("execution", BY_THE_MACHINE.values(), ids=BY_THE_MACHINE)
def test_what_the_machine_may_have_caused_is_never_cached(execution: Execution) -> None:
    """Not that result, and no later one of the same program: else it could be run until lucky."""
    cache = ResultCache()
    runs_again(cache, scripted(execution))

    assert runs_again(cache)
    assert runs_again(cache)


def test_an_outage_leaves_no_trace() -> None:
    """A sample that was not run, through our own fault, is cached when it has run."""
    cache = ResultCache()
    runs_again(cache, scripted(replace(RIGHT, ending=Ending.NOT_RUN)))

    assert runs_again(cache)
    assert not runs_again(cache)


@pytest.mark.parametrize(
    "executor",
    [replace(scripted(), environment=""), replace(scripted(), granted=IsolationLevel.NONE)],
    ids=["unknown environment", "no isolation"],
)
def test_where_results_may_change_later_batches_run_again(executor: ScriptedExecutor) -> None:
    """Within a batch, copies share a result there, too."""
    cache = ResultCache()
    found = graded(executor, sample(), sample(), cache=cache)

    assert [each.is_reused for each in found] == [False, True]
    assert runs_again(cache, replace(executor, jobs=[]))


def test_the_cache_is_bounded_by_what_candidates_wrote() -> None:
    """Outputs and messages count: no candidate can make the cache large."""
    cache, executor = ResultCache(), scripted(replace(RIGHT, stderr=b"x" * 2**20))
    for number in range(40):
        list(grade([sample(f"print({number})")], executor, result_cache=cache))

    assert len(executor.jobs) == 40
    assert runs_again(cache, replace(executor, jobs=[]))
    list(grade([sample("print(0)")], executor, result_cache=cache))
    assert len(executor.jobs) == 41
    list(grade([sample("print(39)")], executor, result_cache=cache))
    assert len(executor.jobs) == 41


def test_a_result_with_a_problem_is_not_cached() -> None:
    """It has no verdict that could be used."""
    cache = ResultCache()
    cache.put(b"key", CaseResults(problem="tests: broken", is_repeatable=True))

    assert cache.get(b"key") is None
