"""Tests of reading rubrics."""

import tomllib
from typing import Any

import pytest

from nova_code_verifier.verifier.rubric import DEFAULT_RUBRIC, Rubric, RubricError, Shape
from nova_code_verifier.verifier.rubric_file import read_checker, read_rubric
from nova_code_verifier.verifier.types import Checker, CheckerKind

TOML = """
[weights]
correctness = 0.7
compile = 0.2
format = 0.1

[correctness]
shape = "power"
exponent = 3
guess_correction = false

[sentiment]
priors = { positive = 0.5, negative = 0.4, neutral = 0.1 }

[reward]
range = [-1, 1]
violation_penalty = 0.5
"""


def test_a_rubric_is_read_from_toml() -> None:
    """Each key of the file sets a field of the rubric."""
    assert read_rubric(tomllib.loads(TOML)) == Rubric(
        correctness=0.7,
        compile=0.2,
        format=0.1,
        shape=Shape.POWER,
        exponent=3.0,
        guess_correction=False,
        lowest=-1.0,
        highest=1.0,
        violation_penalty=0.5,
        priors=(("positive", 0.5), ("negative", 0.4), ("neutral", 0.1)),
    )


def test_a_missing_key_has_its_default() -> None:
    """An empty mapping is the default rubric."""
    assert read_rubric({}) == DEFAULT_RUBRIC


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"wieghts": {}}, "wieghts: no such key; did you mean weights?"),
        ({"weights": {"corectness": 1}}, "did you mean weights.correctness?"),
        ({"weights": {"x": 1}}, "weights.x: no such key; known: correctness, compile, format"),
        ({1: {}}, "1: no such key; known: weights, correctness, format"),
        ({"weights": {None: 1}}, "weights.None: no such key; known: correctness, compile"),
        ({"weights": 3}, "weights: expected a table of keys, found 3"),
        ({"weights": {"format": True}}, "weights.format: expected a number, found True"),
        ({"weights": {"format": "1"}}, "weights.format: expected a number"),
        ({"weights": {"format": -0.1}}, "weights.format: expected 0 to 1, found -0.1"),
        ({"weights": {"format": float("nan")}}, "weights.format: expected 0 to 1"),
        ({"weights": {"format": 0.2}}, "weights: expected to add up to 1, found 1.1"),
        ({"correctness": {"shape": "cubic"}}, "correctness.shape: expected one of linear, power"),
        ({"correctness": {"shape": []}}, "correctness.shape: expected one of"),
        ({"correctness": {"exponent": 0}}, "correctness.exponent: expected 0.01 to 100"),
        ({"correctness": {"guess_correction": 1}}, "expected true or false, found 1"),
        ({"sentiment": {"priors": {"positive": 1}}}, "expected shares of positive, negative"),
        ({"sentiment": {"priors": 3}}, "sentiment.priors: expected shares of positive"),
        (
            {"sentiment": {"priors": {"positive": 0.5, "negative": 0.3, "neutral": 0.1}}},
            "sentiment.priors: expected shares that add up to 1",
        ),
        (
            {"sentiment": {"priors": {"positive": 0.5, "negative": 0.5, "neutral": 0}}},
            "sentiment.priors: expected 0.001 to 1",
        ),
        ({"reward": {"range": [1, 0]}}, "reward.range: expected the lower end first"),
        ({"reward": {"range": [0]}}, "reward.range: expected two numbers"),
        ({"reward": {"range": [0, float("inf")]}}, "reward.range: expected -1e+09 to 1e+09"),
        ({"reward": {"range": "01"}}, "reward.range: expected two numbers"),
        ({"checker": "token"}, "checker.kind: expected one of numeric, tokens, exact"),
        ({"checker": 3}, "checker.kind: expected one of numeric, tokens"),
        ({"checker": {"abs_tol": 1}}, "checker.kind: expected one of numeric, tokens"),
        ({"checker": {"kind": "exact", "abs_tol": 1}}, "checker: expected tolerances only for"),
        ({"checker": {"kind": "numeric", "abs_tl": 1}}, "did you mean checker.abs_tol?"),
        ({"checker": {"kind": "numeric", "rel_tol": 2}}, "checker.rel_tol: expected 0 to 1"),
    ],
)
def test_wrong_keys_and_values_are_refused(source: dict[Any, Any], message: str) -> None:
    """The error names the key, what was expected and what was found."""
    with pytest.raises(RubricError) as raised:
        read_rubric(source)

    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("written", "checker"),
    [
        ("exact", Checker(kind=CheckerKind.EXACT)),
        ({"kind": "json", "abs_tol": None}, Checker(kind=CheckerKind.JSON)),
        ({"kind": "numeric", "abs_tol": 0, "rel_tol": 1e-9}, Checker(abs_tol=0.0, rel_tol=1e-9)),
    ],
)
def test_a_checker_is_a_kind_or_a_table(written: object, checker: Checker) -> None:
    """A rubric may name the checker for references that name none, with its tolerances."""
    assert read_checker(written) == checker
    assert read_rubric({"checker": written}).checker == checker
