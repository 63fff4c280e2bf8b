"""Labels and opinions in a report: what was answered, and what was expected."""

import json

from tests.unit.handlers.cli.explain.explaining import explain

ONE_OPINION = {"opinions": [{"target": "ab", "polarity": "positive"}]}


def test_a_report_shows_what_a_label_is_worth() -> None:
    """With priors, the report says how much a right label earns."""
    priors = {"positive": 0.6, "negative": 0.3, "neutral": 0.1}
    rubric = json.dumps({"sentiment": {"priors": priors}})

    report = explain("It is positive.", "positive", "--rubric", rubric)

    assert report[1:6] == [
        "answer: positive; expected: positive",
        "a right positive is worth 0.1667: frequent labels are worth less",
        "format: not boxed",
        "share = 1: the label is right",
        "correctness = 1 x 0.1667 = 0.1667",
    ]


def test_a_wrong_label_has_no_share() -> None:
    """The report says that the label is wrong."""
    report = explain("It is negative.", "positive")

    assert report[1] == "answer: negative; expected: positive"
    assert "share = 0: the label is wrong" in report


def test_ignored_opinions_are_counted() -> None:
    """Opinions without a target or a polarity are in the formula, and a line counts them."""
    report = explain('[{"target": "ab\\u001bc", "polarity": "neutral"}, {}]', ONE_OPINION)

    assert report[1] == "answer: 2 opinions; expected: 1 opinion"
    assert report[3:6] == [
        "ab | positive ab?c | neutral 0.4",
        "answered but ignored: 1 (no target, no polarity, or too many opinions)",
        "share = 2 x 0.4 likeness / (1 expected + 2 answered) = 0.2667",
    ]


def test_expected_opinions_are_shown_without_an_answer() -> None:
    """If no opinion was understood, the table still has the expected ones."""
    report = explain("[{}]", ONE_OPINION)

    assert report[1].startswith("no answer was found in the completion: ")
    assert report[2:5] == [
        "expected: 1 opinion",
        "expected answered likeness",
        "ab | positive - 0",
    ]


def test_one_opinion_is_singular() -> None:
    """The noun agrees with the number, in the answer and in what was expected."""
    report = explain('[{"target": "ab", "polarity": "positive"}]', ONE_OPINION)

    assert report[1] == "answer: 1 opinion; expected: 1 opinion"


def test_no_opinions_can_be_right() -> None:
    """If none was expected and none was answered, the share is 1."""
    report = explain("[]", {"opinions": []})

    assert report[1] == "answer: 0 opinions; expected: 0 opinions"
    assert "share = 1: no opinions were expected, and none was answered" in report
