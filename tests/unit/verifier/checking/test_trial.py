"""Tests of trying a checker before any candidate."""

import pytest

from nova_code_verifier.sandbox.types import Ending, Execution
from nova_code_verifier.verifier.checking.trial import Trial, TrialCache, try_checkers
from nova_code_verifier.verifier.types import FailureClass, TestPlan
from tests.fakes import ScriptedExecutor
from tests.unit.verifier.checking.checker_programs import checking, plan_of, printed

NUMBERS = plan_of(*(f"{number} {number}\n" for number in range(20)))


def same(_: str, expected: str, observed: str) -> bool:
    """Accept the expected output only."""
    return expected == observed


def tried(plan: TestPlan, executor: ScriptedExecutor) -> Trial:
    """Try the checker of one plan."""
    (trial,) = try_checkers([plan], executor, TrialCache())
    return trial


def checks(executor: ScriptedExecutor) -> int:
    """Count the checks that were made."""
    assert executor.trusted
    return sum(len(job.questions) for job in executor.trusted.jobs)


def test_a_checker_that_accepts_what_is_expected_is_used() -> None:
    """A checker that accepts every expected output, and nothing else, has no problem."""
    assert tried(NUMBERS, checking(same)).problem == ""


@pytest.mark.parametrize(
    "verdict",
    [
        printed("0"),
        printed(""),
        printed("1", exit_status=1),
        printed("wrong"),
        Execution(ending=Ending.OUT_OF_TIME),
        Execution(ending=Ending.FORBIDDEN, detail="os.fork"),
    ],
)
def test_a_checker_that_does_not_accept_what_is_expected_is_unusable(verdict: Execution) -> None:
    """The problem names the field and the first case."""
    executor = checking(lambda stdin, *_: verdict if stdin in ("2\n", "7\n") else True)

    trial = tried(NUMBERS, executor)

    assert trial.problem.startswith("generated_checker: on the expected output of test case 3, ")
    assert not trial.failure.is_outage


def test_a_check_that_was_not_made_is_an_outage() -> None:
    """Our fault is not the dataset's, even if the checker fails, too."""
    not_run = Execution(ending=Ending.NOT_RUN, detail="no time")
    executor = checking(lambda stdin, *_: not_run if stdin == "7\n" else stdin != "2\n")

    assert tried(NUMBERS, executor) == Trial(problem="no time", failure=FailureClass.INFRASTRUCTURE)


def test_an_outage_while_guesses_are_tried_is_an_outage() -> None:
    """Without its guesses a trial is not complete."""
    not_run = Execution(ending=Ending.NOT_RUN, detail="no time")
    executor = checking(lambda _, expected, observed: True if expected == observed else not_run)

    assert tried(NUMBERS, executor).failure.is_outage


@pytest.mark.parametrize(
    ("accepts", "name"),
    [
        (lambda *_: True, "an empty output"),
        (lambda _, expected, observed: expected == observed or not observed, "an empty output"),
        (
            lambda _, expected, observed: observed.strip("-\n").isdigit() or expected == observed,
            "-9",
        ),
    ],
)
def test_a_checker_that_nonsense_pleases_is_unusable(accepts: object, name: str) -> None:
    """A checker that accepts every output, or every number, would pay anybody."""
    assert callable(accepts)

    trial = tried(NUMBERS, checking(accepts))

    assert name in trial.problem


def test_an_empty_output_for_the_only_case_is_unusable() -> None:
    """No problem asks for nothing, unless the dataset expects it."""
    assert "an empty output" in tried(plan_of("1\n"), checking(lambda *_: True)).problem


def test_a_constant_may_pass_the_only_case() -> None:
    """A single case says nothing about the checker."""
    plan = plan_of("1 2\n")

    assert tried(plan, checking(lambda _, __, observed: observed in ("0\n", "1 2\n"))).problem == ""


def test_a_constant_may_be_a_right_program() -> None:
    """Where any number above the input is right, a big one is right for all cases."""
    executor = checking(lambda stdin, _, observed: int(observed or 0) > int(stdin))

    assert tried(plan_of("7\n", "8\n", "9\n"), executor).problem == ""


def test_a_constant_that_all_cases_expect_is_no_problem() -> None:
    """Nothing tells a checker apart from another one there."""
    assert tried(plan_of("1\n", "1\n", "1\n"), checking(same)).problem == ""


def test_repeating_the_input_may_be_right() -> None:
    """A program that repeats its input has looked at it: it is a guess, and no problem."""
    plan = plan_of("9 9\n", "9 8\n", "9 7\n")
    executor = checking(lambda stdin, expected, observed: observed in (expected, stdin))

    trial = tried(plan, executor)

    assert trial.problem == ""
    assert frozenset({0, 1, 2}) in trial.guessed


def test_guesses_are_counted() -> None:
    """A constant that the checker accepts for most cases is known before any candidate."""

    def lenient(stdin: str, expected: str, observed: str) -> bool:
        return observed == expected or (observed == "1\n" and stdin != "3\n")

    trial = tried(NUMBERS, checking(lenient))

    assert frozenset(range(20)) - {3} in trial.guessed


def test_a_frequent_expected_output_is_a_guess() -> None:
    """A constant needs no check where it is what the case expects."""
    plan = plan_of("-1\n", "1 2\n", "-1\n", "2 1\n", "-1\n")

    assert frozenset({0, 2, 4}) in tried(plan, checking(same)).guessed


def test_refused_guesses_cost_little() -> None:
    """A guess that is refused for a few cases is not tried on hundreds of others."""
    executor = checking(same)

    tried(plan_of(*(f"{number} {number}\n" for number in range(500))), executor)

    assert checks(executor) < 500 + 100


def test_a_trial_is_made_once_for_equal_plans() -> None:
    """The completions of one prompt share it, within a batch and between batches."""
    executor, cache = checking(same), TrialCache()
    (first, second) = try_checkers([NUMBERS, NUMBERS], executor, cache)
    count = checks(executor)

    (third,) = try_checkers([NUMBERS], executor, cache)

    assert first == second == third
    assert checks(executor) == count


def test_another_checker_has_another_trial() -> None:
    """A trial belongs to its checker and its test cases."""
    executor, cache = checking(same), TrialCache()

    try_checkers([NUMBERS, plan_of("1\n")], executor, cache)

    assert executor.trusted
    assert {len(job.questions) for job in executor.trusted.jobs} >= {20, 1}


def test_an_outage_is_not_cached() -> None:
    """The next batch may have the time."""
    cache = TrialCache()
    not_run = Execution(ending=Ending.NOT_RUN, detail="no time")
    try_checkers([NUMBERS], checking(lambda *_: not_run), cache)

    (trial,) = try_checkers([NUMBERS], checking(same), cache)

    assert trial.problem == ""


def test_a_checker_that_failed_is_tried_again() -> None:
    """A fault of the machine may be the reason, for the next completion of the prompt."""
    cache = TrialCache()
    late = Execution(ending=Ending.OUT_OF_TIME)
    (first,) = try_checkers([NUMBERS], checking(lambda *_: late), cache)

    (second,) = try_checkers([NUMBERS], checking(same), cache)

    assert first.problem
    assert second.problem == ""


def test_guesses_that_met_a_limit_are_tried_again() -> None:
    """A guess that the checker had no time for is not refused for ever."""
    cache = TrialCache()
    late = Execution(ending=Ending.OUT_OF_TIME)
    slow = checking(lambda _, expected, observed: True if expected == observed else late)
    try_checkers([NUMBERS], slow, cache)
    executor = checking(same)

    try_checkers([NUMBERS, NUMBERS], executor, cache)

    assert checks(executor) > 0


def test_the_cache_is_bounded() -> None:
    """The trial that was not used for the longest time is dropped first."""
    cache, big = TrialCache(), Trial(guessed=(frozenset(range(2**18)),))
    for key in (b"1", b"2", b"3"):
        cache.put(key, big)
    cache.get(b"1")

    for key in (b"4", b"5"):
        cache.put(key, big)

    assert [cache.get(key) is not None for key in (b"1", b"2", b"3", b"5")] == [
        True,
        False,
        False,
        True,
    ]
