"""The corridor, from a sample to its score, with a sandbox that does as it is told."""

from concurrent.futures import Future
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nova_code_verifier.sandbox.errors import SandboxError
from nova_code_verifier.sandbox.types import (
    Call,
    Ending,
    Execution,
    Job,
    Limits,
    Question,
    Run,
)
from nova_code_verifier.verifier.pipeline import case_results, judge, prepare
from nova_code_verifier.verifier.rubric import DEFAULT_RUBRIC, Rubric
from nova_code_verifier.verifier.types import (
    Checker,
    CheckerKind,
    ExtractionMethod,
    Sample,
    Score,
    Similarity,
    Source,
    Verdict,
)
from tests.fakes import ScriptedExecutor
from tests.unit.verifier.checking.checker_programs import checking

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


# Numbers


def stdio(*outputs: str, **settings: object) -> dict[str, object]:
    """Make a reference with cases that expect these outputs."""
    inputs = [f"{index}\n" for index in range(len(outputs))]
    return {"inputs": inputs, "outputs": list(outputs), **settings}


def printed(reference: object, *outputs: str, rubric: Rubric = DEFAULT_RUBRIC) -> float:
    """Return the correctness of a program that prints these outputs, case by case."""

    def answer(question: Question) -> Execution:
        assert isinstance(question, Run)
        return replace(RIGHT, stdout=outputs[int(question.stdin)].encode())

    (score,) = judge([sample(reference)], ScriptedExecutor(answer), rubric=rubric)
    return score.correctness


def test_two_decimals_may_be_one() -> None:
    """By default, 0.5 is accepted for 0.50; a row that asks for tokens does not accept it."""
    outputs = ("0.50\n", "1.00\n", "1.50\n")

    assert printed(stdio(*outputs), "0.5", "1.0", "1.5") == 1.0
    assert printed(stdio(*outputs, checker="tokens"), "0.5", "1.0", "1.5") == 0.0


def test_a_constant_is_not_right_by_the_default_tolerance() -> None:
    """0 is within 1e-6 of all expected numbers, and earns nothing; the right numbers earn 1."""
    reference = stdio("0.0000001", "0.0000002", "3e-7")

    assert printed(reference, "0", "0", "0") == 0.0
    assert printed(reference, "1e-07", "2e-7", "0.0000003") == 1.0


def test_the_checker_of_the_rubric_is_for_rows_that_name_none() -> None:
    """A row's own checker has precedence over the rubric's, and so has its own rubric."""
    rubric = Rubric(checker=Checker(kind=CheckerKind.TOKENS))
    outputs, observed = ("0.50", "1.50"), ("0.5", "1.5")

    assert printed(stdio(*outputs), *observed, rubric=rubric) == 0.0
    assert printed(stdio(*outputs, checker="numeric"), *observed, rubric=rubric) == 1.0
    own = {"rubric": {"checker": "numeric"}}
    assert printed(stdio(*outputs, **own), *observed, rubric=rubric) == 1.0


# The way through


def test_a_right_answer_is_accepted() -> None:
    """A program that prints what it should gets full marks."""
    score = judged(sample())

    assert (score.verdict, score.reward) == (Verdict.ACCEPTED, 1.0)


def test_a_wrong_answer_earns_no_correctness() -> None:
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


def test_each_case_gets_the_verdict_of_its_own_execution() -> None:
    """The verdicts are in the order of the cases."""
    cases = [{"args": [number], "expected": number % 2} for number in range(4)]
    reference = {"tests": {"kind": "call", "entry_point": "f", "cases": cases}}
    zero = Execution(ending=Ending.FINISHED, value=0)

    verdicts = [case.verdict for case in judged(sample(reference), zero).cases]

    assert verdicts == [Verdict.ACCEPTED, Verdict.WRONG_ANSWER] * 2


def test_an_also_accepted_value_is_right() -> None:
    """Rows that may wrap their expected values are read either way."""
    apps = {"inputs": [[1], [2]], "outputs": [[5], [5]], "fn_name": "f"}

    assert judged(sample(apps), Execution(ending=Ending.FINISHED, value=5)).correctness == 1.0


def test_the_sandbox_gets_the_program_and_its_input() -> None:
    """A job holds the candidate's program and the reference's input."""
    executor = ScriptedExecutor(lambda _: RIGHT)

    judge([sample()], executor)

    assert [(job.program, job.questions) for job in executor.jobs] == [
        ("print(42)\n", (Run(stdin=b"21\n"),))
    ]


def test_no_expected_answer_reaches_the_sandbox() -> None:
    """Jobs hold questions only."""
    executor = ScriptedExecutor(lambda _: RIGHT)
    stdio = {"tests": {"kind": "stdio", "cases": [{"stdin": "1", "stdout": SECRET}]}}

    judge([sample(stdio), sample(call_reference(args=[1], expected=SECRET))], executor)

    assert len(executor.jobs) == 2
    assert SECRET not in repr(executor.jobs)


def test_the_rubric_decides_what_is_paid() -> None:
    """The caller's rubric sets the weights."""
    rubric = Rubric(correctness=0.0, compile=0.0, format=1.0)
    executor = ScriptedExecutor(lambda _: WRONG)

    (score,) = judge([sample()], executor, rubric=rubric)

    assert score.reward == 1.0


@pytest.mark.parametrize(
    ("stated", "cpu_seconds"), [({}, 7.0), ({"limits": {"cpu_seconds": 2}}, 2.0)]
)
def test_the_references_limits_override_the_callers(
    stated: dict[str, object], cpu_seconds: float
) -> None:
    """A reference's own limits win over the default limits."""
    executor = ScriptedExecutor(lambda _: RIGHT)

    judge([sample(DOUBLE | stated)], executor, default_limits=Limits(cpu_seconds=7.0))

    assert executor.jobs[0].limits.cpu_seconds == cpu_seconds


# Nothing to run


def test_a_raw_row_has_no_candidate() -> None:
    """A row without an assistant turn scores 0, and its tests are counted."""
    score = judged(sample(completion=None))

    assert score == Score(verdict=Verdict.NO_CANDIDATE, source=Source.STDIO, tests_total=1)


@pytest.mark.parametrize("reference", [None, {"nonsense": 1}, {"tests": 7}, {"inputs": ["1"]}])
def test_a_raw_row_with_a_broken_reference_is_ungraded(reference: object) -> None:
    """A dataset that is sent for a check before training does not pass with broken tests."""
    score = judged(Sample(completion=None, reference=reference))

    assert (score.verdict, score.is_outage) == (Verdict.UNGRADED, False)


@pytest.mark.parametrize(
    ("reference", "task"),
    [("positive", "chabsa"), ({"opinions": []}, "chabsa"), ("Paris", "similarity")],
)
def test_a_raw_row_without_tests_has_no_candidate(reference: object, task: str) -> None:
    """A label, opinions or a text are read, too, and the empty answer earns nothing."""
    score = judged(Sample(completion=None, reference=reference, tasks=(task,)))

    assert (score.verdict, score.reward) == (Verdict.NO_CANDIDATE, 0.0)


@pytest.mark.parametrize("completion", ["", "I am sorry, I cannot help."])
def test_a_response_without_a_program_has_no_candidate(completion: str) -> None:
    """Prose has no candidate, and the score says how many tests there are."""
    score = judged(sample(completion=completion))

    assert score == Score(verdict=Verdict.NO_CANDIDATE, source=Source.STDIO, tests_total=1)


def test_the_entry_point_of_the_tests_chooses_the_program() -> None:
    """Of several blocks, the one that defines what the tests call is prepared."""
    completion = (
        "```python\ndef f(x):\n    return x\n```\n```python\ndef g(x):\n    return x\n```\n"
    )
    references = (
        {"fn_name": "f", "inputs": [[1]], "outputs": [1]},
        {"test_list": ["assert f(1) == 1"]},
        {"test": "from solution import f\ndef test_f():\n    assert f(1) == 1"},
    )

    for reference in references:
        candidate = prepare(Sample(completion=completion, reference=reference)).candidate
        assert candidate is not None
        assert candidate.program == "def f(x):\n    return x\n"


def test_a_block_of_another_language_is_named() -> None:
    """Without a program in Python, the score names the language of the last block."""
    score = judged(sample(completion="```cpp\nint a;\n```\n```java\nclass A {}\n```"))

    assert (score.verdict, score.reward) == (Verdict.NO_CANDIDATE, 0.0)
    assert (score.other_language, score.problem) == ("java", "")


def test_samples_without_a_job_do_not_reach_the_sandbox() -> None:
    """A sample without a program or with a bad reference is not run."""
    executor = ScriptedExecutor(lambda _: RIGHT)

    judge([sample(completion=None), sample(completion="No."), sample(reference={})], executor)

    assert executor.jobs == []


# Who is to blame


def test_a_dataset_error_is_ungraded() -> None:
    """A reference that cannot be used costs its row alone, with the field named."""
    score = judged(sample({"tests": {"kind": "stdio", "cases": [{"stdin": 7}]}}))

    assert (score.verdict, score.is_outage) == (Verdict.UNGRADED, False)
    assert score.problem.startswith("tests.cases[0].stdin: ")


def test_a_missing_reference_is_named() -> None:
    """The problem names the field that is missing."""
    assert judged(sample(None)).problem.startswith("reference_answer: missing")


def test_a_bad_reference_is_ungraded_whatever_the_completion() -> None:
    """Prose does not hide a dataset error."""
    assert judged(sample({}, completion="No.")).verdict is Verdict.UNGRADED


def test_an_expected_value_that_cannot_be_compared_is_ungraded() -> None:
    """A dataset error that shows only in the comparison is ungraded."""
    tests = {"kind": "stdio", "cases": [{"stdin": "", "stdout": "{"}]}

    score = judged(sample({"tests": tests, "checker": "json"}), RIGHT)

    assert (score.verdict, score.is_outage) == (Verdict.UNGRADED, False)


def test_a_job_that_was_not_run_is_an_outage() -> None:
    """Our own fault is never a wrong answer, and the score says what it was."""
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
def test_a_score_does_not_depend_on_the_batch(numbers: list[int]) -> None:
    """A sample gets the same score alone and in any batch, at its own index."""
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
def test_a_mixed_batch_scores_each_sample_as_alone(order: list[int], count: int) -> None:
    """Programs, labels, opinions, texts and broken rows score in a batch as they do alone."""
    similarity: Future[Similarity] = Future()
    similarity.set_result(Similarity(value=0.5))

    def scores(samples: list[Sample]) -> list[Score]:
        executor = ScriptedExecutor(answer_by_input)
        return judge(samples, executor, compare=lambda _: similarity)

    chosen = [MIXED[place] for place in order[:count]]

    assert scores(chosen) == [scores([one])[0] for one in chosen]


def test_an_empty_batch_has_no_scores() -> None:
    """An empty batch is not an error."""
    assert judge([], ScriptedExecutor(lambda _: RIGHT)) == []


def test_a_score_names_the_extraction_method() -> None:
    """The extraction method is part of the score."""
    assert judged(sample(completion="print(42)\n")).method is ExtractionMethod.BARE_TEXT


def test_several_blocks_cost_format() -> None:
    """The format dimension counts the blocks of the completion."""
    twice = sample(completion=fenced("print(1)") + fenced("print(42)"))

    assert judged(twice).format < judged(sample()).format


def test_too_few_executions_are_an_error() -> None:
    """A missing execution is not taken for a passed case."""
    prepared = prepare(sample())

    with pytest.raises(ValueError, match="zip"):
        case_results(prepared, ())


def test_long_outputs_are_shortened_after_the_verdict() -> None:
    """Only the start and end of a long output are kept."""
    flood = replace(RIGHT, stdout=b"42\n" + b" " * 10**7)

    (score,) = judge([sample()], ScriptedExecutor(lambda _: flood))

    (case,) = score.cases
    assert case.verdict is Verdict.ACCEPTED
    assert len(case.execution.stdout) < 10_000


def test_large_values_are_dropped_after_the_verdict() -> None:
    """A large returned value is not kept."""
    large = Execution(ending=Ending.FINISHED, value=list(range(10**5)), value_bytes=10**6)

    (score,) = judge(
        [sample(call_reference(args=[1], expected=list(range(10**5))))],
        ScriptedExecutor(lambda _: large),
    )

    assert score.verdict is Verdict.ACCEPTED
    assert score.cases[0].execution.value is None


def test_a_question_that_cannot_be_sent_is_a_dataset_error() -> None:
    """An unsendable question is ungraded without an outage, and the batch goes on."""
    unsendable = Execution(ending=Ending.UNSENDABLE, detail="its arguments cannot be sent: deep")

    score = judged(sample(), unsendable)

    assert (score.verdict, score.is_outage) == (Verdict.UNGRADED, False)
    assert score.problem == "its arguments cannot be sent: deep"


# What runs before the program

CALLED = "def f(x: List[int]): return inf"
STARTER = "class Solution:\n    def f(self, x: List[int]):\n        "


def job_for(completion: str, reference: object) -> Job:
    """Return the job that a completion is run by."""
    job = prepare(Sample(completion=completion, reference=reference)).job
    assert job is not None
    return job


def test_the_imports_of_a_called_program_are_in_its_job() -> None:
    """The program stays as it is: what it lacks runs before it."""
    job = job_for(fenced(CALLED), call_reference(args=[1], expected=1))

    assert job.program.strip() == CALLED
    assert job.prelude.endswith("from math import inf\nfrom typing import List\n")


def test_a_run_program_has_no_prelude() -> None:
    """What is run as a program must import what it uses."""
    assert job_for(fenced("print(inf)"), DOUBLE).prelude == ""


def test_a_score_names_what_was_imported() -> None:
    """The score has the imports, and not the recursion limit that every call has."""
    reference = call_reference(args=[1], expected=1)

    assert judged(sample(reference, fenced(CALLED))).prelude.startswith("from math import inf\n")
    assert judged(sample(reference, fenced("def f(x): return x"))).prelude == ""


def test_a_broken_prelude_of_a_row_leaves_its_samples_ungraded() -> None:
    """The program of such a row is never run, and other rows are."""
    broken = replace(RIGHT, exit_status=1)
    executor = ScriptedExecutor(
        answer_job=lambda job: ((broken if job.prelude == "import x" else RIGHT),)
    )

    scores = judge([sample(DOUBLE | {"prelude": "import x"}), sample()], executor)

    assert [score.verdict for score in scores] == [Verdict.UNGRADED, Verdict.ACCEPTED]
    assert scores[0].problem.startswith("prelude: ")
    assert [job.program for job in executor.jobs] == ["", "print(42)\n"]


def test_a_body_is_read_for_risks_with_its_head() -> None:
    """The body of a function is no program on its own, and hides nothing by that."""
    body = "        import os\n        os.system('ls')\n        return 1"
    prepared = prepare(
        sample({"fn_name": "f", "inputs": [[1]], "outputs": [2], "starter_code": STARTER}, body)
    )

    assert [finding.name for finding in prepared.findings] == ["os.system"]


# Checker programs

CHECKER = "print('the checker of the dataset')"
CHECKED = {
    "tests": {"kind": "stdio", "cases": [{"stdin": "21\n", "stdout": SECRET}]},
    "checker": {"kind": "program", "contract": "argv", "source": CHECKER},
}


def test_a_checker_program_decides() -> None:
    """An output that differs from the expected one is right if the dataset's checker says so."""
    executor = checking(lambda *texts: texts[2] in (SECRET + "\n", "43\n"), candidate=WRONG)

    (score,) = judge([sample(CHECKED)], executor)

    assert (score.verdict, score.reward) == (Verdict.ACCEPTED, 1.0)


def test_checker_and_candidate_never_meet() -> None:
    """No job of a candidate holds the checker or an expected answer, nor a check the candidate."""
    executor = checking(lambda *texts: texts[2] == SECRET + "\n", candidate=WRONG)

    judge([sample(CHECKED, fenced("print(43)  # the candidate"))], executor)

    assert executor.trusted
    assert len(executor.jobs) == 1
    assert SECRET not in repr(executor.jobs)
    assert "the checker" not in repr(executor.jobs)
    assert "43" in repr(executor.trusted.jobs)
    assert "the candidate" not in repr(executor.trusted.jobs)


def test_a_candidate_is_not_run_for_a_checker_that_cannot_be_used() -> None:
    """A checker that refuses the expected output makes the sample ungraded, whatever it prints."""
    executor = checking(lambda *_: False, candidate=WRONG)

    (score,) = judge([sample(CHECKED)], executor)

    assert (score.verdict, score.is_outage, executor.jobs) == (Verdict.UNGRADED, False, [])
    assert score.problem.startswith("checker.source: ")
