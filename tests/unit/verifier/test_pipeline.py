"""The corridor, from a sample to its score, with a sandbox that does as it is told."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nova_code_verifier.sandbox.errors import SandboxError
from nova_code_verifier.sandbox.types import (
    Call,
    Ending,
    Execution,
    Limits,
    Question,
    Run,
)
from nova_code_verifier.verifier.pipeline import PreparedSample, judge, judge_cases, prepare
from nova_code_verifier.verifier.rubric import Rubric
from nova_code_verifier.verifier.types import (
    ExtractionMethod,
    Sample,
    Score,
    Similarity,
    Source,
    Verdict,
)
from tests.fakes import ScriptedExecutor

SECRET = "s3cret"
DOUBLE = {"tests": {"kind": "stdio", "cases": [{"stdin": "21\n", "stdout": "42\n"}]}}
RIGHT = Execution(ending=Ending.FINISHED, exit_status=0, stdout=b"42\n")
WRONG = replace(RIGHT, stdout=b"43\n")


def fenced(program: str) -> str:
    """Write a completion that holds a program."""
    return f"Here it is.\n```python\n{program}\n```\n"


def sample(reference: object = DOUBLE, completion: str | None = fenced("print(42)")) -> Sample:
    """Make a sample, good unless told otherwise."""
    return Sample(completion=completion, reference=reference)


def judged(one: Sample, execution: Execution = RIGHT) -> Score:
    """Judge one sample whose every question ends like this."""
    (score,) = judge([one], ScriptedExecutor(lambda _: execution))
    return score


def call_reference(**case: object) -> object:
    """Make a reference with one call."""
    return {"tests": {"kind": "call", "entry_point": "f", "cases": [case]}}


# The way through


def test_a_right_answer_is_accepted() -> None:
    """A program that prints what it should gets full marks."""
    score = judged(sample())

    assert (score.verdict, score.reward) == (Verdict.ACCEPTED, 1.0)


def test_a_wrong_answer_is_not() -> None:
    """A program that prints anything else earns no correctness."""
    score = judged(sample(), WRONG)

    assert (score.verdict, score.correctness) == (Verdict.WRONG_ANSWER, 0.0)


def test_running_out_of_time_beats_a_right_answer() -> None:
    """Output printed before the limit does not rescue a timed-out candidate."""
    late = replace(RIGHT, ending=Ending.OUT_OF_TIME)

    assert judged(sample(), late).verdict is Verdict.TIME_LIMIT_EXCEEDED


def test_a_violation_earns_nothing() -> None:
    """A forbidden attempt is named, and costs the whole reward."""
    score = judged(sample(), Execution(ending=Ending.FORBIDDEN, detail="os.fork"))

    assert (score.verdict, score.reward) == (Verdict.SECURITY_VIOLATION, 0.0)


def test_each_case_is_judged_by_its_own_execution() -> None:
    """A score tells which of the cases passed, in their order."""
    cases = [{"args": [number], "expected": number % 2} for number in range(4)]
    reference = {"tests": {"kind": "call", "entry_point": "f", "cases": cases}}
    zero = Execution(ending=Ending.FINISHED, value=0)

    verdicts = [case.verdict for case in judged(sample(reference), zero).cases]

    assert verdicts == [Verdict.ACCEPTED, Verdict.WRONG_ANSWER] * 2


def test_a_value_that_is_also_accepted_is_right() -> None:
    """Rows that may wrap their expected values are read either way."""
    apps = {"inputs": [[1], [2]], "outputs": [[5], [5]], "fn_name": "f"}

    assert judged(sample(apps), Execution(ending=Ending.FINISHED, value=5)).correctness == 1.0


def test_the_sandbox_gets_program_and_question() -> None:
    """What is run is the candidate's program, with the reference's input."""
    executor = ScriptedExecutor(lambda _: RIGHT)

    judge([sample()], executor)

    assert [(job.program, job.questions) for job in executor.jobs] == [
        ("print(42)\n", (Run(stdin=b"21\n"),))
    ]


def test_no_answer_reaches_the_sandbox() -> None:
    """Of a reference, the jobs hold the questions alone."""
    executor = ScriptedExecutor(lambda _: RIGHT)
    stdio = {"tests": {"kind": "stdio", "cases": [{"stdin": "1", "stdout": SECRET}]}}

    judge([sample(stdio), sample(call_reference(args=[1], expected=SECRET))], executor)

    assert len(executor.jobs) == 2
    assert SECRET not in repr(executor.jobs)


def test_the_rubric_is_honoured() -> None:
    """Whoever calls decides what a dimension is worth."""
    rubric = Rubric(correctness=0.0, compile=0.0, format=1.0)
    executor = ScriptedExecutor(lambda _: WRONG)

    (score,) = judge([sample()], executor, rubric=rubric)

    assert score.reward == 1.0


@pytest.mark.parametrize(
    ("stated", "cpu_seconds"), [({}, 7.0), ({"limits": {"cpu_seconds": 2}}, 2.0)]
)
def test_limits_are_the_references_or_else_the_callers(
    stated: dict[str, object], cpu_seconds: float
) -> None:
    """A reference's own limits beat the default ones."""
    executor = ScriptedExecutor(lambda _: RIGHT)

    judge([sample(DOUBLE | stated)], executor, default_limits=Limits(cpu_seconds=7.0))

    assert executor.jobs[0].limits.cpu_seconds == cpu_seconds


# Nothing to run


def test_a_raw_row_has_no_candidate() -> None:
    """A row without an assistant turn scores 0, whatever its reference, and is graded."""
    score = judged(sample({"nonsense": 1}, completion=None))

    assert score == Score(verdict=Verdict.NO_CANDIDATE)


@pytest.mark.parametrize(
    "completion", ["", "I am sorry, I cannot help.", "```java\nclass A {}\n```"]
)
def test_a_response_without_a_program_has_no_candidate(completion: str) -> None:
    """Prose earns nothing, and how many tests it did not take is told."""
    score = judged(sample(completion=completion))

    assert score == Score(verdict=Verdict.NO_CANDIDATE, source=Source.STDIO, tests_total=1)


def test_what_has_nothing_to_run_is_not_run() -> None:
    """The sandbox is not asked for samples that have no job."""
    executor = ScriptedExecutor(lambda _: RIGHT)

    judge([sample(completion=None), sample(completion="No."), sample(reference={})], executor)

    assert executor.jobs == []


# Who is to blame


def test_a_dataset_error_is_ungraded() -> None:
    """A reference that cannot be used costs its row alone, with the field named."""
    score = judged(sample({"tests": {"kind": "stdio", "cases": [{"stdin": 7}]}}))

    assert (score.verdict, score.is_outage) == (Verdict.UNGRADED, False)
    assert score.problem.startswith("tests.cases[0].stdin: ")


def test_a_reference_that_is_missing_is_said_to_be() -> None:
    """In the trainers' words: it has not to be guessed where one was looked for."""
    assert judged(sample(None)).problem.startswith("reference_answer: missing")


def test_a_bad_reference_is_found_whatever_the_completion() -> None:
    """Prose does not hide that a dataset is wrong."""
    assert judged(sample({}, completion="No.")).verdict is Verdict.UNGRADED


def test_an_expected_value_that_cannot_be_compared_is_ungraded() -> None:
    """A dataset error that shows only in the comparison is one, too."""
    tests = {"kind": "stdio", "cases": [{"stdin": "", "stdout": "{"}]}

    score = judged(sample({"tests": tests, "checker": "json"}), RIGHT)

    assert (score.verdict, score.is_outage) == (Verdict.UNGRADED, False)


def test_what_we_could_not_run_is_an_outage() -> None:
    """Our own fault is never a wrong answer, and says what it was."""
    score = judged(sample(), Execution(ending=Ending.NOT_RUN, detail="the deadline came first"))

    assert (score.verdict, score.is_outage, score.problem) == (
        Verdict.UNGRADED,
        True,
        "the deadline came first",
    )


def test_a_sandbox_that_cannot_start_is_raised() -> None:
    """Without a sandbox there are no scores at all."""

    def refuse(_: Question) -> Execution:
        raise SandboxError("no zygote")

    with pytest.raises(SandboxError):
        judge([sample()], ScriptedExecutor(refuse))


# Together


def answer_by_input(question: Question) -> Execution:
    """Answer right where the input is even."""
    assert isinstance(question, Call)
    return Execution(ending=Ending.FINISHED, value=question.arguments[0] in (0, 2))


def numbered(number: int) -> Sample:
    """Make one of several samples with different fates."""
    return (
        sample(call_reference(args=[number], expected=True)),
        sample(call_reference(args=[1], expected=True), fenced("a") + fenced("b")),
        sample(call_reference(args=[2], expected=True), "x = 1\n"),
        sample(completion=None),
        sample(reference=7),
    )[number]


@given(st.lists(st.integers(0, 4), max_size=12))
def test_a_score_does_not_depend_on_its_neighbours(numbers: list[int]) -> None:
    """In any company and order, a sample gets the score that it gets alone, at its place."""
    together = judge(list(map(numbered, numbers)), ScriptedExecutor(answer_by_input))

    alone = [judge([numbered(n)], ScriptedExecutor(answer_by_input))[0] for n in numbers]
    assert together == alone


MIXED = (
    numbered(1),
    numbered(2),
    Sample(completion="\\boxed{positive}", reference={"answer": "positive"}),
    Sample(completion="It is negative.", reference="positive"),
    Sample(completion="[]", reference={"opinions": []}),
    Sample(completion="Hello there.", reference="Hello", tasks=("similarity",)),
    Sample(completion=None, reference=DOUBLE),
    Sample(completion="No.", reference=DOUBLE),
    sample({"tests": 7}),
    sample(
        {
            "inputs": [[2]],
            "outputs": [True],
            "fn_name": "f",
            "rubric": {"reward": {"range": [-1, 1]}},
        }
    ),
)


@given(order=st.permutations(range(len(MIXED))), count=st.integers(1, len(MIXED)))
def test_a_mixed_batch_is_the_sum_of_its_samples(order: list[int], count: int) -> None:
    """Programs, labels, opinions, texts, broken rows: each scores as it does alone."""

    def scores(samples: list[Sample]) -> list[Score]:
        executor = ScriptedExecutor(answer_by_input)
        return judge(samples, executor, compare=lambda _: Similarity(value=0.5))

    chosen = [MIXED[place] for place in order[:count]]

    assert scores(chosen) == [scores([one])[0] for one in chosen]


def test_no_samples_have_no_scores() -> None:
    """An empty batch is no error."""
    assert judge([], ScriptedExecutor(lambda _: RIGHT)) == []


def test_a_score_tells_how_the_program_was_found() -> None:
    """The way to the candidate is part of the score."""
    assert judged(sample(completion="print(42)\n")).method is ExtractionMethod.BARE_TEXT


def test_several_blocks_cost_format() -> None:
    """The format dimension counts the blocks of the completion."""
    twice = sample(completion=fenced("print(1)") + fenced("print(42)"))

    assert judged(twice).format < judged(sample()).format


def test_too_few_executions_are_a_bug() -> None:
    """A missing execution is not taken for a passed case."""
    prepared = prepare(sample())
    assert isinstance(prepared, PreparedSample)

    with pytest.raises(ValueError, match="zip"):
        judge_cases(prepared, [])


def test_outputs_are_not_kept() -> None:
    """Of a batch that prints without end, beginnings and ends are kept, and the verdicts."""
    flood = replace(RIGHT, stdout=b"42\n" + b" " * 10**7)

    (score,) = judge([sample()], ScriptedExecutor(lambda _: flood))

    (case,) = score.cases
    assert case.verdict is Verdict.ACCEPTED
    assert len(case.execution.stdout) < 10_000


def test_values_are_not_kept() -> None:
    """Of what is returned neither, where it is large."""
    large = Execution(ending=Ending.FINISHED, value=list(range(10**5)), value_bytes=10**6)

    (score,) = judge(
        [sample(call_reference(args=[1], expected=list(range(10**5))))],
        ScriptedExecutor(lambda _: large),
    )

    assert score.verdict is Verdict.ACCEPTED
    assert score.cases[0].execution.value is None


def test_what_cannot_be_sent_is_no_outage() -> None:
    """To try it again would not help: the dataset is told, and the batch goes on."""
    unsendable = Execution(ending=Ending.UNSENDABLE, detail="its arguments cannot be sent: deep")

    score = judged(sample(), unsendable)

    assert (score.verdict, score.is_outage) == (Verdict.UNGRADED, False)
    assert score.problem == "its arguments cannot be sent: deep"
