"""What a sample says beside its tests: task, rubric, format."""

from contextlib import suppress
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
def test_a_task_is_known_by_its_name(names: tuple[str, ...], task: Task | None) -> None:
    """The first name that says one of our tasks, as a word, decides."""
    assert task_of({"answer": "positive"}, *names) is task


def test_the_references_own_task_goes_first() -> None:
    """It is nearest to what is asked; one that we do not know is none."""
    assert task_of({"task": "sentiment"}, "code") is Task.SENTIMENT
    assert task_of({"task": "Write a program."}, "code") is Task.CODE


@pytest.mark.parametrize(
    "reference", [STDIO, {"inputs": ["1"]}, {"test_list": ["assert f(1)"]}, {"test": "def check"}]
)
def test_a_name_takes_no_tests_away(reference: dict[str, Any]) -> None:
    """A problem may be called `string_similarity`; its tests are run all the same."""
    assert task_of(reference, "string_similarity") is None
    assert task_of(reference | {"task": "similarity"}) is Task.SIMILARITY


def test_a_rubric_of_its_own_goes_before_the_runs() -> None:
    """Key by key: what it does not say is as in the run."""
    run = Rubric(shape=Shape.POWER, lowest=-1.0)
    reference = STDIO | {"rubric": {"correctness": {"exponent": 3}, "format": {"boxed": True}}}

    spec = read_task(open_reference(reference), (), run)

    assert spec.rubric == Rubric(shape=Shape.POWER, lowest=-1.0, exponent=3.0, boxed=True)


def test_a_rubric_may_be_json() -> None:
    """As datasets of strings have it."""
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
def test_a_misprint_is_a_dataset_error(key: str, value: Any, complaint: str) -> None:
    """The row is ungraded, and its owner told what to mend."""
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
def test_what_has_another_meaning_is_left_alone(key: str, value: Any) -> None:
    """A dataset may have such a key of its own; and what is null is not there."""
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
def test_a_format_is_asked_for(wanted: object, *, marks: bool, boxed: bool) -> None:
    """It takes the place of the rubric's own."""
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
def test_a_reference_is_opened_once(reference: object, opened: object) -> None:
    """JSON of a dict is a dict, and a wrapped string is the string; all else stays."""
    assert open_reference(reference) == opened


@given(
    reference=st.recursive(
        st.none() | st.text() | st.integers(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_no_reference_is_too_odd(reference: object) -> None:
    """Terms are read from anything, or refused as a dataset error."""
    with suppress(VerifierError):
        read_task(reference, (), DEFAULT_RUBRIC)


def test_a_text_may_be_json() -> None:
    """Where the reference is what a response is to be like, and not how to judge it."""
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
def test_null_means_absent(reference: object) -> None:
    """Where rows differ in their keys, tables fill the gaps with it."""
    score = conclude(prepare(Sample(completion="\\boxed{positive}", reference=reference)))

    assert score.verdict is Verdict.ACCEPTED


def test_a_raw_row_earns_its_own_lowest() -> None:
    """The rubric of the sample holds for it, too; one that cannot be read does not matter."""
    own = {"rubric": {"reward": {"range": [-1, 1]}}}
    for reference, reward in ((STDIO | own, -1.0), ({"rubric": {"weigths": {}}}, 0.0)):
        score = conclude(prepare(Sample(completion=None, reference=reference)))

        assert score is not None
        assert (score.verdict, score.reward) == (Verdict.NO_CANDIDATE, reward)


@pytest.mark.parametrize("reference", ["Paris", {"answer": "Paris"}, {"reference": "Paris"}])
def test_a_text_is_compared_with_a_text(reference: object) -> None:
    """However the reference holds it."""
    assert read_text_reference(open_reference(reference), reference) == "Paris"

    completion = "<think>Rome?</think> It is Paris."
    prepared = prepare(Sample(completion=completion, reference=reference, tasks=("similarity",)))

    assert prepared.comparison is not None
    assert prepared.comparison.response == "It is Paris."


@pytest.mark.parametrize("reference", ["", " ", {}, {"answer": ""}, 7])
def test_a_text_to_compare_with_must_be_there(reference: object) -> None:
    """Otherwise it is a dataset error."""
    score = conclude(
        prepare(Sample(completion="It is.", reference=reference, tasks=("similarity",)))
    )

    assert score.problem.startswith("reference: expected a text to compare with")


def test_a_task_decides_where_a_shape_would_not() -> None:
    """A label asked for as code is no test; tests asked for as sentiment have no label."""
    as_code = conclude(
        prepare(Sample(completion="positive", reference="positive", tasks=("code",)))
    )
    tests = STDIO | {"task": "sentiment"}
    as_sentiment = conclude(prepare(Sample(completion="positive", reference=tests)))

    assert as_code.verdict is as_sentiment.verdict is Verdict.UNGRADED
    assert as_sentiment.problem.startswith("answer: expected one of positive")
