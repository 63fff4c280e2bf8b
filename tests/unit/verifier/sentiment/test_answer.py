r"""Labels and opinions: what counts as an answer, and how much of it is right."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nova_code_verifier.verifier.completion.parsing import parse_completion
from nova_code_verifier.verifier.errors import VerifierError
from nova_code_verifier.verifier.pipeline import conclude, prepare
from nova_code_verifier.verifier.reference.task import open_reference
from nova_code_verifier.verifier.rubric import DEFAULT_RUBRIC, Polarity, Rubric
from nova_code_verifier.verifier.scoring.score import score_sentiment
from nova_code_verifier.verifier.sentiment.answer import (
    Expected,
    SentimentResult,
    grade_answer,
    read_expected,
)
from nova_code_verifier.verifier.sentiment.labels import lone_label
from nova_code_verifier.verifier.sentiment.opinions import Opinion, Pair
from nova_code_verifier.verifier.types import FormatIssue, Sample, Score, Verdict

POSITIVE, NEGATIVE, NEUTRAL = Polarity.POSITIVE, Polarity.NEGATIVE, Polarity.NEUTRAL
SALES = {"target": "売上高", "category": "company#sales", "polarity": "positive"}
PROFIT = {"target": "営業利益", "category": "company#profit", "polarity": "negative"}


# -- references ------------------------------------------------------------------------


def graded(completion: str, expected: Expected) -> SentimentResult:
    """Grade the answer of a completion."""
    return grade_answer(parse_completion(completion).texts, expected)


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("positive", POSITIVE),
        (" Negative ", NEGATIVE),
        ("ニュートラル", NEUTRAL),
        ('"positive"', POSITIVE),
        (json.dumps("ポジティブ"), POSITIVE),
        ({"answer": "positive", "label": "Positive", "polarity": "x"}, POSITIVE),
        ({"opinions": "[]"}, ()),
        ({"answer": "positive"}, POSITIVE),
        ({"answer": "否定的"}, NEGATIVE),
        ({"label": "Neutral", "id": 3}, NEUTRAL),
        ({"opinions": []}, ()),
        (
            {"opinions": [SALES]},
            (Opinion(target="売上高", category="company#sales", polarity=POSITIVE),),
        ),
        (
            json.dumps({"opinions": [{"target": "x", "polarity": "NEUTRAL", "from": 1}]}),
            (Opinion(target="x", polarity=NEUTRAL),),
        ),
    ],
)
def test_a_label_or_opinions_make_a_sentiment_reference(
    reference: object, expected: object
) -> None:
    """A string, an object or JSON of one is read, in English and in Japanese."""
    assert read_expected(open_reference(reference)) == expected


@pytest.mark.parametrize(
    "reference",
    [
        None,
        "",
        "42",
        "{",
        "[1]",
        {"answer": "42"},
        {"answer": 1},
        {"inputs": ["1"], "outputs": ["2"]},
        {"tests": {"kind": "stdio", "cases": []}, "answer": "positive"},
    ],
)
def test_other_references_are_left_to_the_test_plan(reference: object) -> None:
    """A reference that asks for a program is not a sentiment reference."""
    assert read_expected(reference) is None


@pytest.mark.parametrize(
    ("reference", "complaint"),
    [
        ({"opinions": "positive"}, "opinions: found a string of 8 characters that is not JSON"),
        ({"opinions": {}}, "opinions: found a dict of 0 keys, expected a list"),
        ({"opinions": [SALES, {"target": "x"}]}, "opinions[1]"),
        ({"opinions": [{"target": "x", "polarity": "good"}]}, "opinions[0]"),
        ({"opinions": [SALES] * 101}, "opinions: found 101, expected 100 at most"),
        ({"answer": "positive", "opinions": [SALES]}, "opinions: found together with a label"),
        ({"answer": "positive", "opinions": []}, "opinions: found together with a label"),
        ({"answer": "positive", "label": "negative"}, "label: contradicts answer"),
    ],
)
def test_a_broken_sentiment_reference_names_its_field(reference: object, complaint: str) -> None:
    """The error names the field, what was found and what was expected."""
    with pytest.raises(VerifierError) as raised:
        read_expected(reference)

    assert str(raised.value).startswith(complaint)


@pytest.mark.parametrize(
    ("reference", "tasks", "complaint"),
    [
        (
            {"answer": "positive"},
            ("code",),
            "answer: found no tests next to it; without tests, ",
        ),
        ([SALES], (), 'reference: found a list of opinions, expected {"opinions": [...]}'),
        (json.dumps([SALES]), (), "reference: found a list of opinions"),
    ],
)
def test_a_sentiment_task_without_a_label_is_a_dataset_error(
    reference: object, tasks: tuple[str, ...], complaint: str
) -> None:
    """The error speaks of labels and opinions, not of test cases."""
    score = conclude(prepare(Sample(completion="positive", reference=reference, tasks=tasks)))

    assert (score.verdict, score.problem[: len(complaint)]) == (Verdict.UNGRADED, complaint)


# -- labels ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("completion", "answer", "dress"),
    [
        (r"\boxed{positive}", POSITIVE, 1.0),
        (r"Thus \boxed{\text{Positive}}.", POSITIVE, 1.0),
        (r"\boxed{{\textbf{\text{negative}}}}", NEGATIVE, 1.0),
        (r"\boxed{「肯定的です。」}", POSITIVE, 1.0),
        ("The sentiment is positive, not negative.", POSITIVE, 0.5),
        ("否定的ではなく、中立的", NEUTRAL, 0.5),
        ("There is no doubt: positive", POSITIVE, 0.5),
        ("Not neutral, but positive", POSITIVE, 0.5),
        (r"\boxed{ポジティブ}", POSITIVE, 1.0),
        ("\\boxed{\uff4eegative}", NEGATIVE, 1.0),
        (r"\boxed{positive}, rather \boxed{negative}", NEGATIVE, 1.0),
        (r"<answer>\boxed{neutral}</answer> \boxed{positive}", NEUTRAL, 1.0),
        (r"<|begin_of_solution|>So<|end_of_solution|> \boxed{positive}", POSITIVE, 1.0),
        (r"<think>\boxed{negative}</think>\boxed{positive}", POSITIVE, 1.0),
        ("At first positive.\nAnswer: **negative**\n\n", NEGATIVE, 0.5),
        ("結論\uff1a肯定的です。", POSITIVE, 0.5),
        (r"\boxed{positive", POSITIVE, 0.5),
        ("```\npositive\n```", POSITIVE, 0.5),
        ('```json\n{"answer": "positive"}\n```', POSITIVE, 0.5),
        ('```json\n{\n  "reason": "not neutral",\n  "label": "negative"\n}\n```\n', NEGATIVE, 0.5),
        ('{"reason": "positive words", "sentiment": "Negative"}', NEGATIVE, 0.5),
        ('~~~\nSo it is {"polarity": "ネガティブ"}\n~~~', NEGATIVE, 0.5),
    ],
)
def test_a_label_is_found_in_a_box_or_the_last_line(
    completion: str, answer: Polarity, dress: float
) -> None:
    """The last box of the solution counts, then that of the visible text, then the last line."""
    marked = graded(completion, answer)

    issues = () if dress == 1.0 else (FormatIssue.NOT_BOXED,)
    assert (marked.answer, marked.correctness, marked.format_issues) == (answer, 1.0, issues)


@pytest.mark.parametrize(
    "completion",
    [
        "",
        "I cannot say.",
        "positive or negative",
        r"\boxed{positive or negative}",
        r"\boxed{} positive",
        r"\boxed{good}",
        r"\boxed{The sentiment is neutral}",
        r"\boxed{ポジティブではありません}",
        "ポジティブではありません",
        "肯定的とは限らない",
        "肯定的とは言えません",
        "It isn\u2019t positive",
        "There is no positive",
        "It cannot be called positive",
        "far from positive",
        "anything but positive",
        "neither of them is positive",
        "not positive",
        "It isn't really negative",
        "肯定的ではない",
        "positively",
        "<think>positive</think>",
        "positive\nI hope that helps!",
        '```json\n{"answer": "positive or negative"}\n```',
        '```json\n{\n"answer": "positive",\n"label": "negative"\n}\n```',
        "```\n```",
        '```\npositive\n\n{"answer": 1}\n```',
    ],
)
def test_an_ambiguous_label_is_not_an_answer(completion: str) -> None:
    """If several labels or none are named, there is no answer."""
    assert [graded(completion, label).answer for label in Polarity] == [None] * 3


@given(st.text())
def test_no_text_is_right_about_two_labels(text: str) -> None:
    """Every text can be graded, and is right about one label at most."""
    marks = [graded(text, label).correctness for label in Polarity]

    assert sum(marks) <= 1.0
    lone_label(text)


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "text",
    [
        *(
            piece * (1_000_000 // len(piece))
            for piece in (r"\boxed{", r"\text{", "{", "[", "positive ", "not ", "- a: ", "[]", "{}")
        ),
        "\\boxed{" * 40_000 + "}" * 40_000,
        "\\boxed{" * 4_000 + "[" * 4_000 + "}" * 4_000,
        "\\boxed{positive" + "\u0300" * 100_000 + "\u0316" * 100_000 + "}",
        "positive" + "\u0300" * 100_000 + "\u0316" * 100_000,
        "- a" + " " * 200_000 + "b",
        "[" + '{"target": "a", "polarity": "positive"},' * 20_000,
    ],
    ids=lambda text: f"{text[:12]!r}",
)
@pytest.mark.parametrize("expected", [POSITIVE, (Opinion(target="x", polarity=POSITIVE),)])
def test_hostile_text_is_graded_in_bounded_work(text: str, expected: Any) -> None:
    """Many boxes, braces or labels do not take minutes, and are at most one right answer."""
    assert graded(text, expected).correctness in {0.0, 1.0}


# -- opinions --------------------------------------------------------------------------


def share(*answered: dict[str, str], expected: tuple[dict[str, str], ...]) -> float:
    """Mark opinions that are answered as JSON."""
    wanted = read_expected({"opinions": list(expected)})
    assert isinstance(wanted, tuple)
    return graded(json.dumps(answered), wanted).correctness


def test_opinions_are_graded_by_soft_f1() -> None:
    """The worked example of the documentation has its documented scores."""
    other = {"target": "利益", "polarity": "positive"}

    assert share(SALES, expected=(SALES,)) == 1.0
    assert share(SALES, other, expected=(SALES,)) == pytest.approx(2 / 3)
    assert share(PROFIT, SALES, expected=(SALES, PROFIT)) == 1.0
    assert share(SALES, expected=(SALES, PROFIT)) == pytest.approx(2 / 3)
    assert share(SALES | {"polarity": "negative"}, expected=(SALES,)) == pytest.approx(0.6)
    assert share(SALES | {"category": "x"}, expected=(SALES,)) == pytest.approx(0.8)
    assert share(SALES | {"target": "売上"}, expected=(SALES,)) == pytest.approx(0.6 + 0.4 * 2 / 3)
    assert share(SALES | {"target": "従業員"}, expected=(SALES,)) == 0.0
    assert share(expected=()) == 1.0
    assert share(SALES, expected=()) == 0.0
    assert share(expected=(SALES,)) == 0.0


@pytest.mark.parametrize("count", [1, 3, 30, 3000])
def test_each_surplus_opinion_lowers_the_score(count: int) -> None:
    """Every opinion too many costs, whatever it is."""
    spam = [SALES | {"target": f"{n}"} for n in range(count)]

    assert share(SALES, *spam, expected=(SALES,)) == pytest.approx(2 / (count + 2))
    assert share(*[SALES] * (count + 1), expected=(SALES,)) == pytest.approx(2 / (count + 2))


@pytest.mark.parametrize(
    ("completion", "dress"),
    [
        (json.dumps({"opinions": [SALES]}), 1.0),
        ("Here:\n```json\n" + json.dumps([SALES], indent=1, ensure_ascii=False) + "\n```", 1.0),
        (rf"\boxed{{{json.dumps([SALES])}}}", 1.0),
        (json.dumps([PROFIT]) + " no, " + json.dumps([SALES]), 1.0),
        (json.dumps(SALES), 1.0),
        ("<think>" + json.dumps([PROFIT]) + "</think>" + json.dumps([SALES]), 1.0),
        (json.dumps([SALES]) + "\n- [ ] checked, see [] and [1]", 1.0),
        ("- 売上高 | company#sales | positive", 0.5),
        ("1. 「売上高」: company#sales: ポジティブ", 0.5),
        ("・売上高、company#sales、positive", 0.5),
        ("・売上高\uff5ccompany#sales\uff5cポジティブ", 0.5),
        ("- 売上高\uff0ccompany#sales\uff0cpositive", 0.5),
        ("- 売上高 (company#sales): positive", 0.5),
        ("- **売上高**\uff08company#sales\uff09\uff1aポジティブ", 0.5),
    ],
)
def test_opinions_are_read_as_json_or_as_lines(completion: str, dress: float) -> None:
    """JSON earns the full format, a list for people half of it."""
    expected = read_expected({"opinions": [SALES]})
    assert expected is not None

    marked = graded(completion, expected)

    issues = () if dress == 1.0 else (FormatIssue.NOT_JSON,)
    assert (marked.correctness, marked.format_issues) == (1.0, issues)


def test_one_object_per_line_is_a_list_of_opinions() -> None:
    """Consecutive JSON objects are read as a list."""
    expected = read_expected({"opinions": [SALES, PROFIT]})
    assert expected is not None

    assert graded(f"{json.dumps(SALES)}\n{json.dumps(PROFIT)}", expected).correctness == 1.0


@pytest.mark.parametrize(
    ("completion", "is_answer"),
    [("[]", True), ("```json\n[]\n```", True), ('So {"opinions": []}', True), ("[] blah", False)],
)
def test_an_empty_list_is_an_answer_only_if_explicit(completion: str, *, is_answer: bool) -> None:
    """An explicit empty list is an answer, and earns no format if opinions were expected."""
    nothing, some = read_expected({"opinions": []}), read_expected({"opinions": [SALES]})
    assert nothing is not None
    assert some is not None

    assert graded(completion, nothing).correctness == float(is_answer)
    marked = graded(completion, some)
    format_ = score_sentiment(marked, (), DEFAULT_RUBRIC).format
    assert (marked.correctness, format_) == (0.0, 0.0)


def test_brackets_in_a_target_are_kept() -> None:
    """Only brackets around an entity#attribute are a category."""
    expected = read_expected({"opinions": [{"target": "売上高(連結)", "polarity": "positive"}]})
    assert expected is not None

    assert graded("- 売上高(連結): positive", expected).correctness == 1.0


def test_quotation_marks_around_a_target_do_not_count() -> None:
    """A quoted target is the same target, as JSON and in the reference."""
    expected = read_expected({"opinions": [SALES | {"target": "「売上高」"}]})
    assert expected is not None

    assert graded(json.dumps([SALES]), expected).correctness == 1.0


@pytest.mark.parametrize(
    "completion", ["[{}]", '[{"a": 1}]', '{"polarity": 1}', '{"opinions": [{}]}', '[{"target": 1}]']
)
@pytest.mark.parametrize("expected", [(), (Opinion(target="x", polarity=POSITIVE),)])
def test_opinions_that_cannot_be_read_are_not_an_answer(
    completion: str, expected: tuple[Opinion, ...]
) -> None:
    """They earn nothing, not even for their format, and the result says why."""
    marked = graded(completion, expected)

    assert (marked.answer, marked.reason[:10]) == (None, "none of 1 ")
    assert score_sentiment(marked, (), DEFAULT_RUBRIC).reward == 0.0


def test_readable_opinions_are_reported_with_their_pairs() -> None:
    """Surplus and unreadable opinions count, and are in no pair."""
    expected = read_expected({"opinions": [SALES, PROFIT]})
    assert isinstance(expected, tuple)

    marked = graded(json.dumps([{"target": "x", "polarity": "positive"}, {}, PROFIT]), expected)

    assert (marked.answer, marked.count) == ("3 opinions", 3)
    assert marked.opinions == (Opinion(target="x", polarity=POSITIVE), expected[1])
    assert marked.pairs == (Pair(expected=1, answered=1, likeness=1.0),)
    assert marked.correctness == pytest.approx(2 / 5)


@pytest.mark.parametrize(
    ("completion", "why"),
    [
        ("<think>positive</think>", "it is empty, or nothing but reasoning"),
        (r"\boxed{good}", "the last box holds something else than a label alone"),
        ("It may be positive, or neutral.", "the last line means neutral and positive"),
        ("It is not positive.", "the last line denies positive"),
        ("It is good.", "the last line names no label"),
    ],
)
def test_a_missing_answer_has_a_reason(completion: str, why: str) -> None:
    """The result says what the completion lacks."""
    assert graded(completion, POSITIVE).reason == why


opinions = st.builds(
    lambda target, category, polarity: {
        "target": target, "category": category, "polarity": polarity
    },
    st.text("売上高利益ab", min_size=1, max_size=6),
    st.sampled_from(["", "a#b", "c#d"]),
    st.sampled_from(Polarity).map(str),
)  # fmt: skip
lists = st.lists(opinions, max_size=6)


@given(expected=lists, answered=lists, more=opinions)
def test_soft_f1_is_a_share_and_ignores_order(
    expected: list[dict[str, str]], answered: list[dict[str, str]], more: dict[str, str]
) -> None:
    """The score is in [0, 1] for any order, and a surplus opinion never helps."""
    value = share(*answered, expected=tuple(expected))

    assert 0.0 <= value <= 1.0 + 1e-9
    assert share(*answered[::-1], expected=tuple(expected)) == pytest.approx(value)
    assert share(*answered, more | {"target": "zz"}, expected=tuple(expected)) <= value


# -- scores ----------------------------------------------------------------------------


def scored(completion: str, reference: object = "positive", **rubric: Any) -> Score:
    """Score a completion; nothing is left to run."""
    sample = Sample(completion=completion, reference=reference)
    return conclude(prepare(sample, rubric=Rubric(**rubric)))


def test_a_label_is_paid_for_correctness_and_format() -> None:
    """The weights of the dimensions that apply are scaled to 1."""
    right, wrong, none = scored(r"\boxed{positive}"), scored(r"\boxed{neutral}"), scored("?")

    assert (right.verdict, right.reward, right.tests_passed) == (Verdict.ACCEPTED, 1.0, 1)
    assert wrong.verdict is Verdict.WRONG_ANSWER
    assert wrong.reward == pytest.approx(0.1 / 0.9)
    assert (none.verdict, none.reward) == (Verdict.NO_CANDIDATE, 0.0)
    assert scored("?", lowest=-1.0).reward == -1.0


def test_a_broken_sentiment_reference_is_ungraded() -> None:
    """The score is ungraded through the dataset's fault."""
    score = scored("positive", {"opinions": 3})

    assert (score.verdict, score.problem[:9]) == (Verdict.UNGRADED, "opinions:")


# Sentences of all of chABSA whose opinions agree (a sample of these: tests/known/test_chabsa.py).
LABELS = {"positive": 1343, "negative": 884, "neutral": 72}


@pytest.mark.parametrize("counts", [LABELS, {"positive": 5, "negative": 4, "neutral": 3}], ids=str)
def test_with_priors_every_constant_label_earns_the_same(counts: dict[str, int]) -> None:
    """No constant answer earns more than chance; right answers earn most."""
    total = sum(counts.values())
    priors = tuple((label, count / total) for label, count in counts.items())

    def earned(answer: str | None) -> float:
        return sum(
            count * scored(answer or truth, truth, priors=priors).correctness
            for truth, count in counts.items()
        ) / total  # fmt: skip

    constants = [earned(label) for label in counts]

    assert constants == pytest.approx([constants[0]] * 3)
    assert constants[0] <= 1 / 3
    assert earned(None) == pytest.approx(3 * constants[0])


def test_without_priors_the_frequent_label_earns_most() -> None:
    """A constant answer earns the frequency of its label."""
    assert scored("positive").correctness == scored("neutral", "neutral").correctness == 1.0


@pytest.mark.timeout(20)  # without the bound it takes minutes
def test_characters_that_expand_are_bounded() -> None:
    """A line is cut before normalization, which turns one character into up to eighteen."""
    line = "- a | " + "\ufdfa" * 150 + "positive " * 15 + "\n"

    result = graded(line * 1000, (Opinion(target="a", polarity=POSITIVE),))

    assert result.count == 1000
    assert result.correctness < 0.01
