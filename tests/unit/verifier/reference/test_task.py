"""What a sample says beside its tests: task, rubric, format."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nova_code_verifier.verifier.errors import VerifierError
from nova_code_verifier.verifier.pipeline import conclude, prepare
from nova_code_verifier.verifier.reference.task import (
    Task,
    open_reference,
    read_task,
    read_text_reference,
)
from nova_code_verifier.verifier.rubric import DEFAULT_RUBRIC, Rubric, Shape
from nova_code_verifier.verifier.types import Sample, Verdict

STDIO = {"tests": {"kind": "stdio", "cases": [{"stdin": "", "stdout": "1"}]}}


def task_of(reference: object, *names: str) -> Task | None:
    """Return the task of a sample."""
    return read_task(open_reference(reference), names, DEFAULT_RUBRIC).task


@pytest.mark.parametrize(
    ("names", "task"),
    [
        ((), None),
        (("chabsa",), Task.SENTIMENT),
        (("chakki-works/chABSA-dataset",), Task.SENTIMENT),
        (("livecodebench/code_generation",), Task.CODE),
        (("text-similarity",), Task.SIMILARITY),
        (("taco", "code"), Task.CODE),
        (("code", "sentiment"), Task.CODE),
        (("codeforces",), None),
        (("code_sentiment_mix",), None),
        (("Write code that finds the sentiment of a text.",), None),
        (("x" * 100 + "-code",), None),
    ],
)
def test_a_task_is_read_from_a_word_of_a_name(names: tuple[str, ...], task: Task | None) -> None:
    """The first name that contains one of our tasks as a word decides."""
    assert task_of({"answer": "positive"}, *names) is task


def test_the_references_own_task_wins() -> None:
    """The reference's `task` overrides the sample's names; unknown words are ignored."""
    assert task_of({"task": "sentiment"}, "code") is Task.SENTIMENT
    assert task_of({"task": "Write a program."}, "code") is Task.CODE


@pytest.mark.parametrize(
    "reference", [STDIO, {"inputs": ["1"]}, {"test_list": ["assert f(1)"]}, {"test": "def check"}]
)
def test_a_name_does_not_replace_tests(reference: dict[str, Any]) -> None:
    """A problem called `string_similarity` is still graded by its tests."""
    assert task_of(reference, "string_similarity") is Task.CODE
    assert task_of(reference | {"task": "similarity"}) is Task.SIMILARITY


def test_a_samples_rubric_overrides_the_runs_key_by_key() -> None:
    """Keys that the sample's rubric leaves out keep the run's values."""
    run = Rubric(shape=Shape.POWER, lowest=-1.0)
    reference = STDIO | {"rubric": {"correctness": {"exponent": 3}, "format": {"boxed": True}}}

    spec = read_task(open_reference(reference), (), run)

    assert spec.rubric == Rubric(shape=Shape.POWER, lowest=-1.0, exponent=3.0, boxed=True)


def test_a_rubric_may_be_json_in_a_string() -> None:
    """Datasets of strings can hold a rubric."""
    spec = read_task(
        open_reference(STDIO | {"rubric": '{"reward": {"range": [-1, 1]}}'}), (), DEFAULT_RUBRIC
    )

    assert spec.rubric.lowest == -1.0


@pytest.mark.parametrize(
    ("key", "value", "complaint"),
    [
        ("rubric", {"weigths": {}}, "rubric: weigths: no such key; did you mean weights?"),
        ("rubric", {"weights": {"format": 1}}, "rubric: weights: expected to add up to 1"),
        ("rubric", "{broken", "rubric: found a string of 7 characters that is not JSON"),
        (
            "rubric",
            {"reward": {"on_outage": "value"}},
            "rubric.reward.on_outage: can only be set in the run",
        ),
        ("rubric", {"reward": {"range": [0, 10**400]}}, "rubric: reward.range: expected -1e+09 to"),
        ("task", "similarty", "task: found 'similarty', expected code, sentiment, similarity; did"),
        ("format", "boxd", "format: found 'boxd', expected solution_marks, boxed; did you mean"),
        ("format", ["boxed", "fence"], "format: found 'fence', expected solution_marks, boxed"),
    ],
)
def test_a_misspelt_key_is_a_dataset_error(key: str, value: Any, complaint: str) -> None:
    """The row is ungraded, and the problem names the key."""
    score = conclude(prepare(Sample(completion="```python\n```", reference=STDIO | {key: value})))

    assert score.verdict is Verdict.UNGRADED
    assert score.problem.startswith(complaint)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("rubric", value) for value in ("", "Is it right?", ["Is it?"], {"criteria": 1}, {}, 7)),
        *(("format", value) for value in ("", "stdin", ["pdf"], {"boxed": True}, 7)),
        ("rubric", {"weights": None, "correctness": {"shape": None}}),
    ],
)
def test_keys_with_another_meaning_are_ignored(key: str, value: Any) -> None:
    """A dataset may use such a key for something else; null counts as absent."""
    spec = read_task(open_reference(STDIO | {key: value}), (), DEFAULT_RUBRIC)

    assert spec.rubric == DEFAULT_RUBRIC


@pytest.mark.parametrize(
    ("wanted", "marks", "boxed"),
    [
        ("boxed", False, True),
        (["solution_marks"], True, False),
        (["boxed", "solution_marks"], True, True),
        ([], False, False),
    ],
)
def test_a_references_format_replaces_the_rubrics(
    wanted: object, *, marks: bool, boxed: bool
) -> None:
    """`format` lists what a response must have."""
    run = Rubric(solution_marks=True, boxed=True)

    spec = read_task(open_reference(STDIO | {"format": wanted}), (), run)

    assert (spec.rubric.solution_marks, spec.rubric.boxed) == (marks, boxed)


@pytest.mark.parametrize(
    ("reference", "opened"),
    [
        ('{"a": 1}', {"a": 1}),
        ('"{\\"a\\": 1}"', {"a": 1}),
        ({"text": "positive"}, "positive"),
        ({"text": '{"a": 1}', "other": None}, {"a": 1}),
        ({"text": "x", "tests": 1}, {"text": "x", "tests": 1}),
        ("[1]", "[1]"),
        ("{broken", "{broken"),
        ("positive", "positive"),
        (None, None),
        (7, 7),
    ],
)
def test_json_of_an_object_is_opened(reference: object, opened: object) -> None:
    """JSON of an object becomes a dict, a wrapped string the string; all else is unchanged."""
    assert open_reference(reference) == opened


@given(
    reference=st.recursive(
        st.none() | st.text() | st.integers(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_any_reference_has_a_task_or_is_a_dataset_error(reference: object) -> None:
    """Reading a task returns or raises VerifierError, for any JSON value."""
    try:
        spec = read_task(open_reference(reference), (), DEFAULT_RUBRIC)
    except VerifierError as error:
        field = error.field.partition(".")[0]
    else:
        field = "task" if spec.task in {None, *Task} else "unknown"

    assert field in {"task", "format", "rubric"}


def test_json_without_a_text_is_the_text_itself() -> None:
    """A reference that is JSON by itself is compared as text."""
    text = '{"name": "x", "age": 3}'

    assert read_text_reference(open_reference(text), text) == text


@pytest.mark.parametrize(
    "reference",
    [
        {"tests": None, "answer": "positive"},
        {"opinions": None, "label": "positive"},
        {"answer": "positive", "task": None, "rubric": None, "format": None},
    ],
)
def test_null_counts_as_absent(reference: object) -> None:
    """Keys with null values do not change the task."""
    score = conclude(prepare(Sample(completion="\\boxed{positive}", reference=reference)))

    assert score.verdict is Verdict.ACCEPTED


def test_a_raw_row_earns_the_lowest_reward_of_its_rubric() -> None:
    """A raw row uses the sample's rubric."""
    reference = STDIO | {"rubric": {"reward": {"range": [-1, 1]}}}

    score = conclude(prepare(Sample(completion=None, reference=reference)))

    assert (score.verdict, score.reward) == (Verdict.NO_CANDIDATE, -1.0)


def test_a_raw_row_with_a_rubric_that_cannot_be_read_is_ungraded() -> None:
    """A misspelt rubric is found before there is a completion."""
    reference: dict[str, object] = {"rubric": {"weigths": {}}}

    score = conclude(prepare(Sample(completion=None, reference=reference)))

    assert score.verdict is Verdict.UNGRADED


@pytest.mark.parametrize("reference", ["Paris", {"answer": "Paris"}, {"reference": "Paris"}])
def test_a_similarity_task_compares_two_texts(reference: object) -> None:
    """The reference's text is found under any of its keys."""
    assert read_text_reference(open_reference(reference), reference) == "Paris"

    completion = "<think>Rome?</think> It is Paris."
    prepared = prepare(Sample(completion=completion, reference=reference, tasks=("similarity",)))

    assert prepared.comparison is not None
    assert prepared.comparison.response == "It is Paris."


@pytest.mark.parametrize("reference", ["", " ", {}, {"answer": ""}, 7])
def test_a_similarity_task_without_a_text_is_a_dataset_error(reference: object) -> None:
    """The problem says that a text was expected."""
    score = conclude(
        prepare(Sample(completion="It is.", reference=reference, tasks=("similarity",)))
    )

    assert score.problem.startswith("reference: expected a text to compare with")


def test_a_task_overrides_the_shape_of_the_reference() -> None:
    """A label asked for as code, and tests asked for as sentiment, are dataset errors."""
    as_code = conclude(
        prepare(Sample(completion="positive", reference="positive", tasks=("code",)))
    )
    tests = STDIO | {"task": "sentiment"}
    as_sentiment = conclude(prepare(Sample(completion="positive", reference=tests)))

    assert as_code.verdict is as_sentiment.verdict is Verdict.UNGRADED
    assert as_sentiment.problem.startswith("answer: expected one of positive")
