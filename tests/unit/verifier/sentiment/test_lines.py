"""How an opinion is read from a line."""

import pytest

from nova_code_verifier.verifier.rubric import Polarity
from nova_code_verifier.verifier.sentiment.labels import LINE_CHARACTERS_MAX
from nova_code_verifier.verifier.sentiment.lines import opinions_in_lines


def read(text: str, *, plain_categories: bool = False) -> list[tuple[str, str]]:
    """Return the target and the category of each opinion in *text*."""
    opinions = opinions_in_lines(text, plain_categories=plain_categories)
    return [(opinion.target, opinion.category) for opinion in opinions]


@pytest.mark.parametrize(
    "target",
    [
        "「Venture」事業", "事業「B」", "「半開き", "半閉じ」", "売上(A:B)",
        "売上\uff08A、B\uff09", "【重要】売上",
        "A, B", "A、B", "10:30便", "AB\uff1aCD", "E-commerce: Japan", "100円ショップ", "1.5倍",
        "・中点", "- dash", "*印", '"quoted" name', "A (B, C) D", "C#", "positive事業",
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "line",
    [
        "- {}: positive",
        "・{}\uff1apositive",
        "- {}, positive",
        "* {} | positive",
        "1) {}、positive",
    ],
)
def test_a_target_may_contain_marks_and_separators(line: str, target: str) -> None:
    """What a target contains is not taken for the separators of its line."""
    assert read(line.format(target)) == [(target, "")]


@pytest.mark.parametrize(
    "line",
    [
        "- A, B | a#b | positive",
        "- A, B: a#b, positive",
        "- A, B (a#b): positive",
        "- **A, B (a#b)**: positive",
        "- A, B\uff08a#b\uff09\uff1apositive",
        "- A, B: `a#b`: positive",
    ],
)
def test_a_category_is_the_part_with_a_number_sign(line: str) -> None:
    """The part before the label that has a `#`, in brackets or not, is the category."""
    assert read(line) == [("A, B", "a#b")]


@pytest.mark.parametrize(
    "line", ["- 料理: 味: positive", "- 料理、味、positive", "- 料理 | 味 | positive"]
)
def test_a_category_without_a_number_sign_is_read_where_such_are_expected(line: str) -> None:
    """Between separators that are alike, or pipes, there may be a plain category."""
    assert read(line, plain_categories=True) == [("料理", "味")]


def test_pipes_always_separate_a_category() -> None:
    """The documented form needs no `#`."""
    assert read("- 料理 | 味 | positive") == [("料理", "味")]


@pytest.mark.parametrize(
    "line",
    [
        "売上: positive",
        "- 売上 positive",
        "- 売上: good",
        "- 売上: positive or negative",
        "- : positive" + "x" * LINE_CHARACTERS_MAX,
    ],
)
def test_other_lines_are_not_opinions(line: str) -> None:
    """A line needs a bullet, a separator and one label, and a bounded length."""
    assert read(line) == []


@pytest.mark.parametrize("line", ["- **売上:** positive", '- "売上:" positive'])
def test_a_quotation_may_include_the_colon(line: str) -> None:
    """A separator inside of a quotation counts if there is none outside."""
    (opinion,) = opinions_in_lines(line, plain_categories=False)

    assert (opinion.target.strip('"'), opinion.polarity) == ("売上", Polarity.POSITIVE)
