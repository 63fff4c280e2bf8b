"""The way that every front door takes, with a sandbox that does as it is told."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import pytest

from nova_code_verifier.handlers.service import OutageError, Outcome, Service, TextJudge, rows_of
from nova_code_verifier.handlers.settings import Settings, SettingsError
from nova_code_verifier.handlers.wire import Entry
from nova_code_verifier.sandbox.errors import SandboxError, UnreachableError
from nova_code_verifier.sandbox.types import Ending, Execution, IsolationLevel, Job
from nova_code_verifier.verifier.rubric import OutagePolicy, Rubric
from nova_code_verifier.verifier.types import Comparison, Sample, Similarity, Verdict

if TYPE_CHECKING:
    from nova_code_verifier.sandbox.host.local import LocalExecutor

DOUBLE = {"tests": {"kind": "stdio", "cases": [{"stdin": "21\n", "stdout": "42\n"}]}}
COMPLETION = "```python\nprint(42)\n```"
RIGHT = Execution(ending=Ending.FINISHED, exit_status=0, stdout=b"42\n", wall_seconds=0.25)
WRONG = Execution(ending=Ending.FINISHED, exit_status=0, stdout=b"43\n")
NOT_RUN = Execution(ending=Ending.NOT_RUN, detail="the deadline came first")


@dataclass(slots=True)
class ScriptedExecutor:
    """Answers every job by a script, the last one first."""

    answer: Callable[[Job], tuple[Execution, ...]] = lambda _: (RIGHT,)
    level: IsolationLevel = IsolationLevel.KERNEL
    deadlines: list[float] = field(default_factory=list)

    def with_deadline(self, deadline: float) -> "ScriptedExecutor":
        """Note the deadline."""
        self.deadlines.append(deadline)
        return self

    def run(self, jobs: Iterable[Job]) -> Iterator[tuple[int, tuple[Execution, ...]]]:
        """Do as the script says."""
        for place, job in reversed(list(enumerate(jobs))):
            yield place, self.answer(job)


class Bug(dict[str, object]):
    """A reference that meets a bug of ours."""

    def items(self) -> Any:
        """Fail as no code should."""
        raise RuntimeError("a bug")


def entry(
    number: int = 0, *, reference: object = DOUBLE, completion: str | None = COMPLETION
) -> Entry:
    """Make an entry, good unless told otherwise."""
    return Entry(id=f"s-{number}", sample=Sample(completion=completion, reference=reference))


BUGGY = entry(reference=Bug(tests=1))
UNREADABLE = Entry(id="s-9", problem="messages: missing")


def service(
    executor: ScriptedExecutor | None = None,
    settings: Settings | None = None,
    on_bug: Callable[[int], None] = lambda _: None,
    text_judge: TextJudge | None = None,
) -> Service:
    """Make a service with a scripted executor."""
    scripted = executor or ScriptedExecutor()
    return Service(
        cast("LocalExecutor", scripted),
        settings or Settings(),
        on_bug=on_bug,
        text_judge=text_judge,
    )


def scored(entries: Sequence[Entry], **parts: Any) -> list[Outcome]:
    """Score the entries; return their outcomes in order."""
    return sorted(service(**parts).score(entries), key=lambda outcome: outcome.index)


def metric(outcome: Outcome, name: str) -> float:
    """Return one metric of a row."""
    metrics = cast("list[dict[str, Any]]", outcome.row["metrics_list"])
    (value,) = [one["value"] for one in metrics if one["name"] == name]
    return float(value)


# Rows


def test_every_entry_has_an_outcome() -> None:
    """Good, bad, raw, unreadable: each has one outcome, at its own place, with its own id."""
    entries = [entry(1), UNREADABLE, entry(2, completion=None), entry(3, reference=7), entry(4)]

    outcomes = scored(entries)

    assert [(one.index, one.row["id"]) for one in outcomes] == [
        (0, "s-1"),
        (1, "s-9"),
        (2, "s-2"),
        (3, "s-3"),
        (4, "s-4"),
    ]


def test_executions_find_their_entries() -> None:
    """Jobs end in any order, and entries without a job are in between."""

    def answer(job: Job) -> tuple[Execution, ...]:
        return (RIGHT if "42" in job.program else WRONG,)

    wrong = entry(completion="```python\nprint(43)\n```")

    outcomes = scored([wrong, UNREADABLE, entry(), wrong], executor=ScriptedExecutor(answer))

    assert [one.score.correctness for one in outcomes] == [0.0, 0.0, 1.0, 0.0]


def test_what_needs_no_guest_is_known_first() -> None:
    """Rows that need no run do not wait for those that do."""
    outcomes = list(service().score([entry(), UNREADABLE]))

    assert [outcome.index for outcome in outcomes] == [1, 0]


def test_no_entries_have_no_outcomes() -> None:
    """An empty event is scored at once."""
    assert scored([]) == []


@pytest.mark.parametrize("level", IsolationLevel)
def test_the_wall_is_in_every_row(level: IsolationLevel) -> None:
    """Each outcome tells what the executor was granted."""
    outcomes = scored([entry(), UNREADABLE], executor=ScriptedExecutor(level=level))

    assert [outcome.level for outcome in outcomes] == [level, level]


def test_time_in_the_sandbox_counts() -> None:
    """The duration of a row is what its own questions took, and not the whole batch."""
    (outcome,) = scored([entry()])

    assert 250 <= metric(outcome, "duration_ms") < 1000


def test_the_default_limits_are_the_settings() -> None:
    """A reference without limits gets the operator's."""
    asked: list[Job] = []

    def answer(job: Job) -> tuple[Execution, ...]:
        asked.append(job)
        return (RIGHT,)

    scored([entry()], executor=ScriptedExecutor(answer), settings=Settings(cpu_seconds=1.25))

    assert asked[0].limits.cpu_seconds == 1.25


def test_the_deadline_is_handed_on() -> None:
    """The executor knows when to stop."""
    executor = ScriptedExecutor()

    list(service(executor).score([entry()], deadline=123.0))

    assert executor.deadlines == [123.0]


# The dataset is wrong


@pytest.mark.parametrize("bad", [UNREADABLE, entry(reference=7), entry(reference=None)])
def test_a_wrong_dataset_costs_its_row(bad: Entry) -> None:
    """The row is ungraded, at the operator's price, and is no outage."""
    (outcome,) = scored([bad], settings=Settings(ungraded_reward=-0.5))

    assert (outcome.row["aggregate_reward_score"], metric(outcome, "ungraded")) == (-0.5, 1.0)
    assert not outcome.score.is_outage


def test_the_problem_is_in_the_log_line() -> None:
    """Whoever owns the dataset finds the field in the log."""
    (outcome,) = scored([UNREADABLE])

    assert outcome.log_fields["problem"] == "messages: missing"


def test_a_raw_row_is_graded() -> None:
    """A row without an assistant turn scores 0, which is its right score."""
    (outcome,) = scored([entry(completion=None)], settings=Settings(ungraded_reward=-0.5))

    assert (outcome.row["aggregate_reward_score"], metric(outcome, "no_completion")) == (0.0, 1.0)


@pytest.mark.parametrize("completion", ["No.", ""])
def test_prose_is_not_a_raw_row(completion: str) -> None:
    """A model that wrote no program, or nothing at all, has a completion."""
    (outcome,) = scored([entry(completion=completion)])

    assert metric(outcome, "no_completion") == 0.0


# We are wrong


def test_a_bug_costs_the_sample_that_met_it() -> None:
    """The neighbours of a sample with a bug are scored as if it were not there."""
    outcomes = scored([entry(), BUGGY, entry()])

    assert [one.score.verdict for one in outcomes] == [
        Verdict.ACCEPTED,
        Verdict.UNGRADED,
        Verdict.ACCEPTED,
    ]


def test_a_bug_after_the_run_costs_one_sample_too() -> None:
    """A number of executions that cannot be is a bug, and is met in the last step."""
    answers = iter([(RIGHT,), (RIGHT, RIGHT), (RIGHT,)])

    outcomes = scored([entry()] * 3, executor=ScriptedExecutor(lambda _: next(answers)))

    assert [one.score.is_outage for one in outcomes] == [False, True, False]


def test_a_bug_is_reported_while_it_is_at_hand() -> None:
    """Whoever is told of a bug is told its place, and can log its traceback."""
    reports: list[tuple[int, str]] = []

    scored([entry(), BUGGY], on_bug=lambda place: reports.append((place, str(sys.exception()))))

    assert reports == [(1, "a bug")]


def test_a_bug_is_our_own_fault() -> None:
    """A sample that met a bug is to be sent again, not to be trained on."""
    (outcome,) = scored([BUGGY])

    assert outcome.score.is_outage


def test_a_sandbox_that_cannot_start_is_raised() -> None:
    """Without a sandbox there are no rows at all."""

    def refuse(_: Job) -> tuple[Execution, ...]:
        raise SandboxError("no zygote")

    with pytest.raises(SandboxError, match="no zygote"):
        scored([entry()], executor=ScriptedExecutor(refuse))


# Outages


class OutOfReach:
    """Is elsewhere, and nobody answers."""

    @property
    def level(self) -> IsolationLevel:
        """Fail to say."""
        raise UnreachableError("no route")

    def with_deadline(self, _: float) -> "OutOfReach":
        """Have all the time that there is."""
        return self

    def run(self, jobs: Iterable[Job]) -> Iterator[tuple[int, tuple[Execution, ...]]]:
        """Be given nothing."""
        assert not list(jobs)
        yield from ()


OUT_OF_REACH = cast("ScriptedExecutor", OutOfReach())


def test_an_executor_out_of_reach_is_raised() -> None:
    """By default, for the trainer to send all again."""
    with pytest.raises(UnreachableError):
        scored([entry()], executor=OUT_OF_REACH)


def test_an_executor_out_of_reach_may_have_a_value() -> None:
    """Where the operator says so, before the first sample as well as after it."""
    settings = Settings(on_outage=OutagePolicy.VALUE, ungraded_reward=-1.0)

    (outcome,) = scored([entry()], executor=OUT_OF_REACH, settings=settings)

    assert (outcome.score.is_outage, outcome.row["aggregate_reward_score"]) == (True, -1.0)
    assert outcome.score.problem == "no route"


def test_what_needs_no_executor_is_scored_without() -> None:
    """A label is right or wrong, whatever is out of reach."""
    label = entry(reference="positive", completion="\\boxed{positive}")

    (outcome,) = scored([label], executor=OUT_OF_REACH)

    assert outcome.row["aggregate_reward_score"] == 1.0


LOST_ONE = ScriptedExecutor(lambda job: (NOT_RUN if "LOST" in job.program else RIGHT,))
LOST = entry(7, completion="```python\nLOST\n```")


def test_an_outage_is_raised() -> None:
    """Samples that we could not grade fail the event: the trainer sends it again."""
    outcomes = scored([entry(), LOST, LOST], executor=LOST_ONE)

    with pytest.raises(OutageError, match=r"^2 of 3 samples .* the deadline came first$"):
        rows_of(outcomes, OutagePolicy.RAISE)


def test_an_outage_may_have_a_value() -> None:
    """Where the operator says so, the row has a value, and is flagged as ungraded."""
    outcomes = scored([LOST], executor=LOST_ONE, settings=Settings(ungraded_reward=-1.0))

    (row,) = rows_of(outcomes, OutagePolicy.VALUE)

    assert row["aggregate_reward_score"] == -1.0
    assert metric(outcomes[0], "ungraded") == 1.0


def test_what_is_ungraded_may_have_no_reward() -> None:
    """For trainers that leave such samples out: no number is given that could be learnt from."""
    settings = Settings(on_outage=OutagePolicy.NONE)
    outcomes = scored([LOST, entry(reference=7)], executor=LOST_ONE, settings=settings)

    rows = rows_of(outcomes, settings.rubric.on_outage)

    assert [row["aggregate_reward_score"] for row in rows] == [None, None]


@pytest.mark.parametrize("policy", OutagePolicy)
def test_a_wrong_dataset_is_no_outage(policy: OutagePolicy) -> None:
    """To send a broken reference again would not mend it: it has a row by either policy."""
    assert len(rows_of(scored([UNREADABLE, entry(reference=7)]), policy)) == 2


@pytest.mark.parametrize("policy", OutagePolicy)
def test_rows_are_in_the_order_of_the_samples(policy: OutagePolicy) -> None:
    """Whatever came first, the first row answers the first sample."""
    outcomes = list(
        service().score([entry(n, completion=("No.", COMPLETION)[n % 2]) for n in range(6)])
    )

    rows = rows_of(outcomes, policy)

    assert [row["id"] for row in rows] == [f"s-{n}" for n in range(6)]


# Texts


class LengthJudge:
    """Compares texts by their length, and remembers until when it had to."""

    def __init__(
        self, *, problem: str = "", is_outage: bool = True, bug: Exception | None = None
    ) -> None:
        """Fail with a *problem* or a *bug*, if it has one."""
        self._problem = problem
        self._is_outage = is_outage
        self._bug = bug
        self.deadlines: list[float] = []

    def submit(self, comparison: Comparison, *, deadline: float) -> Future[Similarity]:
        """Be done at once."""
        self.deadlines.append(deadline)
        future: Future[Similarity] = Future()
        lengths = sorted((len(comparison.response), len(comparison.reference)))
        value = None if self._problem else lengths[0] / lengths[1]
        if self._bug:
            future.set_exception(self._bug)
        else:
            similarity = Similarity(value=value, problem=self._problem, is_outage=self._is_outage)
            future.set_result(similarity)
        return future


PAID = Rubric(correctness=0.5, compile=0.0, format=0.0, similarity=0.5)
WITH_SOLUTION = {**DOUBLE, "solution": "print(int(input()) * 2)"}


def text_entry(answer: str) -> Entry:
    """Make an entry that asks for a text."""
    return Entry(id=1, sample=Sample(completion=answer, reference="four", tasks=("similarity",)))


def test_texts_are_compared_by_the_deadline() -> None:
    """What the judge says is the reward, and it is told how long there is."""
    judge = LengthJudge()

    outcomes = service(text_judge=judge).score([text_entry("ab"), text_entry("abcd")], deadline=7.0)

    rewards = sorted(outcome.score.reward or 0.0 for outcome in outcomes)
    assert (rewards, judge.deadlines) == ([0.5, 1.0], [7.0, 7.0])


def test_a_program_may_be_compared_too() -> None:
    """Where it is paid for, and there is a solution: half for the cases, half for likeness."""
    settings = Settings(rubric=PAID)

    plain, alike = scored(
        [entry(), entry(reference=WITH_SOLUTION)], settings=settings, text_judge=LengthJudge()
    )

    assert (metric(plain, "similarity"), plain.score.reward) == (0.0, 1.0)
    assert 0 < metric(alike, "similarity") < 1
    assert alike.score.reward == pytest.approx(0.5 + 0.5 * metric(alike, "similarity"))


@pytest.mark.parametrize(
    ("judge", "problem", "is_outage"),
    [
        (LengthJudge(problem="throttled"), "throttled", True),
        (LengthJudge(problem="refused", is_outage=False), "refused", False),
        (None, "similarity: the task of a sample, but there is no language model", True),
    ],
)
def test_a_text_that_nobody_compared_is_ungraded(
    judge: LengthJudge | None, problem: str, *, is_outage: bool
) -> None:
    """A judge that fails, or that there is not, is no zero; an outage if asking again may help."""
    (outcome,) = scored([text_entry("ab")], text_judge=judge)

    assert (outcome.score.verdict, outcome.score.is_outage) == (Verdict.UNGRADED, is_outage)
    assert outcome.score.problem.startswith(problem)


def test_a_program_that_the_judge_refuses_is_judged_by_its_tests() -> None:
    """Who fails them cannot have itself ungraded by a comment that nobody wants to read."""
    wrong = ScriptedExecutor(lambda _: (WRONG,))
    judge = LengthJudge(problem="refused", is_outage=False)

    (outcome,) = scored(
        [entry(reference=WITH_SOLUTION)],
        executor=wrong,
        settings=Settings(rubric=PAID),
        text_judge=judge,
    )

    assert (outcome.score.verdict, outcome.score.reward) == (Verdict.WRONG_ANSWER, 0.0)
    assert outcome.score.problem == "refused"


def test_a_bug_of_the_judges_costs_one_row() -> None:
    """As every other bug does."""
    judge = LengthJudge(bug=RuntimeError("a bug"))

    (text, plain) = scored([text_entry("ab"), entry()], text_judge=judge)

    assert (text.score.verdict, text.score.is_outage) == (Verdict.UNGRADED, True)
    assert plain.score.verdict is Verdict.ACCEPTED


def test_equal_texts_are_compared_once() -> None:
    """What a model says may differ from call to call: equal samples get equal rewards."""
    judge = LengthJudge()

    outcomes = list(service(text_judge=judge).score([text_entry("ab"), text_entry("ab")]))

    assert (len(outcomes), len(judge.deadlines)) == (2, 1)


def test_similarity_that_nobody_judges_stops_the_start() -> None:
    """A rubric that pays for it needs a model; the setting is named."""
    with pytest.raises(SettingsError, match=r"^VERIFIER_JUDGE_MODEL: the rubric pays"):
        service(settings=Settings(rubric=PAID))
