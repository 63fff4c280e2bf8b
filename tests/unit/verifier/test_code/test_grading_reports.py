"""What becomes of the reports of harnesses: a script plays the sandbox."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

import pytest

from nova_code_verifier.sandbox.types import (
    Call,
    Cause,
    Ending,
    Execution,
    Job,
    RaisedError,
    Session,
)
from nova_code_verifier.verifier.pipeline import judge
from nova_code_verifier.verifier.test_code import protocol
from nova_code_verifier.verifier.test_code.discovery import DiscoveryCache
from nova_code_verifier.verifier.test_code.grading import TestCodeRun, grade_all
from nova_code_verifier.verifier.test_code.protocol import (
    CompiledTests,
    ItemReport,
    ItemState,
    RunReport,
    write_message,
)
from nova_code_verifier.verifier.types import CodePlan, Sample, Score, TestCode, Verdict
from tests.fakes import ScriptedExecutor

COMPILED = CompiledTests(
    style="script",
    names=["f"],
    classes=[],
    libraries=[],
    modules=["solution"],
    items=["1", "2", "3"],
    methods=[],
    code=b"",
    prompt_code=b"",
    imports=[],
    may_patch=False,
    expected_answers={},
    expected_exceptions=[],
    guesses=["{}"],
)
PASS, FAIL, LATE = Verdict.ACCEPTED, Verdict.WRONG_ANSWER, Verdict.TIME_LIMIT_EXCEEDED
BROKEN = Verdict.RUNTIME_ERROR
COMPLETE = RunReport()
PASSED, FAILED, LOST = ItemState.PASSED, ItemState.FAILED, ItemState.LOST
TIMED_OUT = Execution(ending=Ending.OUT_OF_TIME, cause=Cause.CPU_TIME)
FINISHED = Execution(ending=Ending.FINISHED)


def messages(*items: ItemReport, end: RunReport | None = COMPLETE) -> tuple[bytes, ...]:
    """Return what a harness writes that runs these *items*; without an *end*, it was killed."""
    written = []
    for item in items:
        written += [
            write_message(protocol.BEGIN, item.name),
            write_message(protocol.ITEM, item),
        ]
    return (*written, *([write_message(protocol.END, end)] if end is not None else []))


def session(*states: ItemState | None) -> tuple[bytes, ...]:
    """Return what a harness writes whose items have these states: None for one that is not run."""
    items = [ItemReport(str(n), state) for n, state in enumerate(states, 1) if state]
    return messages(*items, end=RunReport(is_lost=LOST in states))


def scripted(
    *sessions: Execution | tuple[bytes, ...],
    items: Sequence[str | ItemReport] = ("1", "2", "3"),
    guessed: str = "0",
    discovered: RunReport | None = None,
    in_process: Callable[[], Execution] | None = None,
) -> ScriptedExecutor:
    """Return an executor whose harnesses report this: one session after the other."""
    left: Iterator[Execution | tuple[bytes, ...]] = iter(sessions)
    found = [ItemReport(item, FAILED) if isinstance(item, str) else item for item in items]

    def answer(job: Job) -> tuple[Execution, ...]:
        (question,) = job.questions
        if isinstance(question, Session):
            ended = next(left)
            return (replace(FINISHED, value=ended) if isinstance(ended, tuple) else ended,)
        assert isinstance(question, Call)
        if question.entry_point == "run_tests":
            report = discovered or RunReport(items=found)
            return (replace(FINISHED, value=tuple(report._replace(compiled=COMPILED))),)
        if question.entry_point == "guess":
            return (replace(FINISHED, value=guessed),)
        assert in_process is not None
        return (in_process(),)

    return ScriptedExecutor(trusted=ScriptedExecutor(answer_job=answer))


def run_of(
    executor: ScriptedExecutor, *, may_share: bool = False, shared: bool = False
) -> TestCodeRun:
    """Grade one program."""
    plan = CodePlan(test_code=TestCode(source="assert f(1)", shared_process=shared))
    run = TestCodeRun(program="def f(x): ...", plan=plan)
    assert list(grade_all([run], executor, DiscoveryCache(), may_share_process=may_share)) == [0]
    return run


def verdicts(run: TestCodeRun) -> dict[str, Verdict]:
    """Return the verdict of every item."""
    assert run.problem == ""
    return {case.name: case.verdict for case in run.cases}


def scored(executor: ScriptedExecutor, **reference: object) -> Score:
    """Score one program."""
    sample = Sample(
        completion="```python\ndef f(x): ...\n```",
        reference={"tests": {"kind": "code", "code": "assert f(1)", **reference}},
    )
    (score,) = judge([sample], executor)
    return score


def sources(executor: ScriptedExecutor) -> list[str]:
    """Return the harness of each session."""
    assert executor.trusted is not None
    questions = [job.questions[0] for job in executor.trusted.jobs]
    return [question.harness for question in questions if isinstance(question, Session)]


# Sessions that end as they should


def test_every_item_has_the_verdict_that_is_reported() -> None:
    """One session is enough."""
    run = run_of(scripted(session(PASSED, FAILED, ItemState.RAISED)))

    assert verdicts(run) == {"1": PASS, "2": FAIL, "3": BROKEN}


def test_the_candidate_is_no_part_of_the_harness() -> None:
    """The session's job has both, the harness has the tests alone."""
    executor = scripted(session(PASSED, PASSED, PASSED))
    run_of(executor)

    assert executor.trusted is not None
    (harness,) = sources(executor)
    assert "assert f(1)" in harness
    assert "def f(x)" not in harness
    assert executor.trusted.jobs[-1].program == "def f(x): ..."
    assert executor.jobs == []


def test_an_item_that_is_not_reported_has_not_passed() -> None:
    """It has the result of what stopped the tests."""
    outside = ItemReport("", FAILED, error="NameError: g")
    ended = messages(ItemReport("1", PASSED), end=RunReport(outside=outside))

    missing = Verdict.NO_ENTRY_POINT
    assert verdicts(run_of(scripted(ended))) == {"1": PASS, "2": missing, "3": missing}


def test_an_item_that_discovery_did_not_find_does_not_count() -> None:
    """Neither does one that skips itself, whoever the candidate is."""
    skipped = ItemReport("s", ItemState.SKIPPED, message="no network")
    ended = messages(*(ItemReport(name, PASSED) for name in ("1", "s", "4")))

    assert verdicts(run_of(scripted(ended, items=["1", skipped]))) == {"1": PASS}


@pytest.mark.parametrize(("second", "expected"), [(PASSED, PASS), (FAILED, FAIL)])
def test_items_of_the_same_function_stand_for_one_that_is_missing(
    second: ItemState, expected: Verdict
) -> None:
    """Arguments in a name may depend on the candidate; the worst of the items counts."""
    ended = messages(ItemReport("t[1]", PASSED), ItemReport("t[2]", second))

    assert verdicts(run_of(scripted(ended, items=["t[x0]"]))) == {"t[x0]": expected}


def test_the_last_answer_is_kept_for_people() -> None:
    """It is bytes that nobody has decoded; a long one is not kept, only its size."""
    reports = [ItemReport("1", PASSED, shown='{"is":5}'), ItemReport("2", PASSED, shown="5" * 9999)]
    run = run_of(scripted(messages(*reports), items=["1", "2"]))

    first, second = (case.execution for case in run.cases)
    assert (first.value, first.value_bytes) == (b'{"is":5}', 8)
    assert (second.value, second.value_bytes) == (None, 9999)


def test_cases_that_the_candidate_itself_judged_are_counted() -> None:
    """Each item says so itself."""
    reports = [ItemReport(str(n), PASSED, is_self_compared=n > 1) for n in (1, 2, 3)]

    cases = run_of(scripted(messages(*reports))).cases

    assert [case.is_self_compared for case in cases] == [False, True, True]


def test_a_problem_of_the_tests_leaves_the_sample_ungraded() -> None:
    """It is the dataset's fault, not an outage."""
    run = run_of(scripted(messages(end=RunReport(problem="raise it"))))

    assert (run.problem, run.failure.is_outage) == ("tests: raise it", False)


@pytest.mark.parametrize(
    "execution",
    [
        Execution(ending=Ending.NOT_RUN, detail="gone"),
        replace(FINISHED, harness_ending=Ending.NOT_RUN, detail="gone"),
    ],
)
def test_a_session_that_was_not_run_is_an_outage(execution: Execution) -> None:
    """The fault is ours, whichever guest it was."""
    run = run_of(scripted(execution))

    assert (run.problem, run.failure.is_outage) == ("gone", True)


# Sessions that a candidate does not survive


@pytest.mark.parametrize(
    ("execution", "error", "verdict"),
    [
        (Execution(ending=Ending.CRASHED, signal=11), "", BROKEN),
        (Execution(ending=Ending.OUT_OF_MEMORY), "", Verdict.MEMORY_LIMIT_EXCEEDED),
        (Execution(ending=Ending.FORBIDDEN, detail="socket"), "", Verdict.SECURITY_VIOLATION),
        (FINISHED, "", BROKEN),
        (FINISHED, protocol.BROKEN_PROTOCOL + "no such object", FAIL),
    ],
)
def test_the_item_that_the_candidate_did_not_survive_is_charged(
    execution: Execution, error: str, verdict: Verdict
) -> None:
    """The others run again without it, and what has a result keeps it."""
    first = messages(
        ItemReport("1", PASSED), ItemReport("2", LOST, error=error), end=RunReport(is_lost=True)
    )
    executor = scripted(replace(execution, value=first), session(FAILED, None, PASSED))

    assert verdicts(run_of(executor)) == {"1": PASS, "2": verdict, "3": PASS}
    assert ["run_session(" in source and "['2']" in source for source in sources(executor)] == [
        False,
        True,
    ]


def test_the_output_of_the_tests_is_not_shown() -> None:
    """The noise of a session is that of its harness: it may hold what the tests expect."""
    lost = Execution(
        ending=Ending.CRASHED, stderr=b"secret", stdout=b"secret", value=session(LOST, None, None)
    )
    run = run_of(scripted(lost, session(None, PASSED, PASSED)))

    assert "secret" not in repr(run.cases)


@pytest.mark.parametrize("ending", [Ending.NOT_COMPILED, Ending.NOT_LOADED])
def test_a_program_that_does_not_load_fails_all_items(ending: Ending) -> None:
    """There is no second session, even if the harness has begun an item."""
    error = RaisedError(type_name="SyntaxError", message="bad")
    run = run_of(scripted(Execution(ending=ending, error=error, value=session(LOST, None, None))))

    assert {case.execution.ending for case in run.cases} == {ending}
    assert {case.execution.error for case in run.cases} == {error}
    assert len(run.cases) == 3


def test_a_candidate_that_ends_outside_all_items_fails_those_without_a_result() -> None:
    """Another session would end like this one."""
    lost = messages(ItemReport("1", PASSED), end=RunReport(is_lost=True))
    run = run_of(scripted(Execution(ending=Ending.CRASHED, value=lost)))

    assert verdicts(run) == {"1": PASS, "2": BROKEN, "3": BROKEN}


def test_a_first_time_out_may_be_noise() -> None:
    """The item runs again; only a second time-out is charged."""
    late = replace(TIMED_OUT, value=session(PASSED, LOST, None))

    lucky = scripted(late, session(PASSED, PASSED, PASSED))
    assert verdicts(run_of(lucky)) == {"1": PASS, "2": PASS, "3": PASS}
    assert ["['2']" in source for source in sources(lucky)] == [False, False]

    slow = scripted(late, late, session(PASSED, None, PASSED))
    assert verdicts(run_of(slow)) == {"1": PASS, "2": LATE, "3": PASS}


def test_a_run_says_that_it_was_repeated() -> None:
    """The metric `reruns` counts it."""
    late = replace(TIMED_OUT, value=session(PASSED, LOST, None))

    assert run_of(scripted(late, session(PASSED, PASSED, PASSED))).has_timed_out
    assert not run_of(scripted(session(PASSED, PASSED, PASSED))).has_timed_out


def test_a_candidate_is_given_up_after_three_late_items() -> None:
    """The others have the same verdict, and are not run."""
    late = [
        replace(TIMED_OUT, value=session(*[None] * n, LOST, *[None] * (4 - n))) for n in range(3)
    ]
    run = run_of(scripted(late[0], *late, items=["1", "2", "3", "4", "5"]))

    assert set(verdicts(run).values()) == {LATE}
    assert "not run" in run.cases[-1].execution.detail


def test_a_candidate_is_given_up_after_twelve_lost_items() -> None:
    """A candidate cannot make us start a session for each of thousands of items."""
    items = [str(n) for n in range(1, 100)]
    lost = [Execution(ending=Ending.CRASHED, value=session(*[None] * n, LOST)) for n in range(12)]
    run = run_of(scripted(*lost, items=items))

    assert set(verdicts(run).values()) == {BROKEN}
    assert len(run.cases) == 99


# Harnesses that are killed


@pytest.mark.parametrize(
    ("ending", "verdict"),
    [
        (Ending.OUT_OF_TIME, LATE),
        (Ending.OUT_OF_MEMORY, Verdict.MEMORY_LIMIT_EXCEEDED),
        (Ending.FORBIDDEN, BROKEN),
        (Ending.FINISHED, BROKEN),
    ],
)
def test_an_item_that_ends_the_harness_is_charged_to_the_candidate(
    ending: Ending, verdict: Verdict
) -> None:
    """Without a candidate, the tests ran to their end. Nothing forbidden is laid to its charge."""
    killed = (
        *messages(ItemReport("1", PASSED), end=None),
        write_message(protocol.BEGIN, "2"),
    )
    first = replace(FINISHED, harness_ending=ending, value=killed)

    run = run_of(scripted(first, session(FAILED, None, PASSED)))

    assert verdicts(run) == {"1": PASS, "2": verdict, "3": PASS}


@pytest.mark.parametrize("value", [(b"[", b""), (b"[1]",), (b'["item", ["1", "won"]]',), None, 7])
def test_a_report_that_no_harness_writes_passes_nothing(value: object) -> None:
    """Nor does it raise: where the isolation is weak, a candidate may have written it."""
    assert set(verdicts(run_of(scripted(replace(FINISHED, value=value)))).values()) == {BROKEN}


# Items that pass in part


def test_a_loop_over_asserts_pays_the_share_that_held() -> None:
    """What a guess passes is subtracted, and whole items are counted as before."""
    loop = ItemReport("1", FAILED, parts=4, parts_passed=3)
    score = scored(scripted(messages(loop), items=["1"], guessed="1/4"))

    assert (score.verdict, score.tests_passed, score.tests_total) == (FAIL, 0, 1)
    assert (score.share, score.guess_baseline) == (0.75, 0.25)
    assert score.correctness == pytest.approx((0.75 - 0.25) / (1 - 0.25))


@pytest.mark.parametrize(
    ("report", "share"),
    [
        (ItemReport("1", PASSED, parts=4, parts_passed=4), Fraction(1)),
        (ItemReport("1", ItemState.RAISED, parts=4, parts_passed=1), Fraction(1, 4)),
        (ItemReport("1", FAILED, parts=4, parts_passed=4), Fraction(3, 4)),
        (ItemReport("1", FAILED, parts=0), Fraction(0)),
        (ItemReport("1", FAILED, parts_passed=1), Fraction(0)),
        (ItemReport("1", ItemState.SKIPPED, parts=4, parts_passed=3), Fraction(0)),
    ],
)
def test_only_an_item_that_passed_earns_all(report: ItemReport, share: Fraction) -> None:
    """An item that failed behind its last part earns less, and one that skips itself nothing."""
    (case,) = run_of(scripted(messages(report), items=["1"])).cases

    assert case.share == share


def test_a_lost_item_earns_nothing() -> None:
    """However many of its parts had held."""
    lost = messages(ItemReport("1", LOST, parts=4, parts_passed=3), end=RunReport(is_lost=True))
    run = run_of(scripted(Execution(ending=Ending.CRASHED, value=lost), session(None), items=["1"]))

    assert run.cases[0].share == 0


# Discovery


@pytest.mark.parametrize(
    ("discovered", "problem"),
    [
        (RunReport(), "tests: contain no test"),
        (RunReport(problem="raise it"), "tests: raise it"),
        (
            RunReport(items=[ItemReport("1", ItemState.SKIPPED, message="no disk")]),
            "tests: are all skipped: no disk",
        ),
    ],
)
@pytest.mark.parametrize("shared", [False, True])
def test_tests_without_an_item_are_the_datasets_fault(
    discovered: RunReport, problem: str, *, shared: bool
) -> None:
    """The sample is ungraded, and nothing is run."""
    score = scored(scripted(discovered=discovered), shared_process=shared)

    assert (score.verdict, score.problem, score.is_outage) == (Verdict.UNGRADED, problem, False)


# In one process

UNCARRIED = RunReport(problem=protocol.NEEDS_ONE_PROCESS + "walk frames, line 3 of the tests")
IN_PROCESS = replace(FINISHED, value=("", "", [ItemReport("1", PASSED), ItemReport("2", PASSED)]))


def test_tests_that_no_session_carries_are_ungraded_with_advice() -> None:
    """The problem names the line, and both ways to run them."""
    run = run_of(scripted(messages(end=UNCARRIED)))

    assert "line 3 of the tests" in run.problem
    assert "shared_process: true" in run.problem
    assert "--shared-process allow" in run.problem
    assert "VERIFIER_SHARED_PROCESS=allow" in run.problem
    assert not run.failure.is_outage


def test_an_operator_may_let_them_share_the_process() -> None:
    """The results are those of one process, and nothing of the session counts."""
    uncarried = messages(ItemReport("1", FAILED), end=UNCARRIED)
    run = run_of(scripted(uncarried, in_process=lambda: IN_PROCESS), may_share=True)

    assert run.shares_process
    assert verdicts(run) == {"1": PASS, "2": PASS, "3": FAIL}  # the third is not in the report


@pytest.mark.parametrize("may_share", [False, True])
def test_other_tests_do_not_share_the_process(*, may_share: bool) -> None:
    """The operator's permission changes nothing for tests that a session carries."""
    run = run_of(scripted(session(PASSED, PASSED, FAILED)), may_share=may_share)

    assert not run.shares_process
    assert verdicts(run) == {"1": PASS, "2": PASS, "3": FAIL}


def test_an_operator_cannot_let_them_share_a_process_on_another_machine() -> None:
    """No program of a candidate runs in the process that has the tests, and the advice says so."""
    executor = replace(scripted(messages(end=UNCARRIED)), isolates_trusted_code=True)
    run = run_of(executor, may_share=True)

    assert "line 3 of the tests" in run.problem
    assert "without an executor function" in run.problem
    assert not run.shares_process


def test_a_session_that_must_not_be_sent_is_ungraded_with_its_reason() -> None:
    """It is no outage: to send the sample again would not help."""
    unsendable = Execution(ending=Ending.UNSENDABLE, detail="missing: landlock")
    run = run_of(scripted(unsendable))

    assert (run.problem, run.failure.is_outage) == ("missing: landlock", False)


@pytest.mark.parametrize(
    "message",
    [b"[" * 100_000, b"[7, 7]", b'["item", {}]', b'["begin", 7]', b'["end", [7]]', b"\xff",
     b'["item", ["1", "passed", 7, "", false, 0, 1, 0, ""]]',
     b'["item", ["1", "passed", "", "", false, 0, 1, 9, ""]]'],
)  # fmt: skip
def test_a_forged_message_of_a_harness_passes_nothing(message: bytes) -> None:
    """A function that a candidate broke into may send anything: it is no report."""
    run = run_of(scripted((message, *session(PASSED, PASSED, PASSED))))

    assert PASS not in verdicts(run).values()


def test_an_item_that_one_process_reports_twice_has_not_passed() -> None:
    """Neither report counts: the candidate may have added one."""
    reports = [ItemReport(name, PASSED) for name in ("1", "1", "2", "3")]
    run = run_of(
        scripted(in_process=lambda: replace(FINISHED, value=("", "", reports))), shared=True
    )

    assert verdicts(run) == {"1": FAIL, "2": PASS, "3": PASS}


@pytest.mark.parametrize(
    "value",
    [None, 5, ("", "", [["1", "won", "", "", False, 0]]), ("", "", [ItemReport("x", PASSED)])],
)
def test_a_forged_report_of_one_process_passes_nothing(value: object) -> None:
    """Whatever the candidate writes, each item must be reported."""
    run = run_of(scripted(in_process=lambda: replace(FINISHED, value=value)), shared=True)

    assert PASS not in verdicts(run).values()
    assert len(run.cases) == 3
