"""A row on its way from the input to the output."""

import json

import pytest

from nova_code_verifier.handlers.cli.score.rows import Row
from nova_code_verifier.handlers.scored.sample import ScoredSample

SAMPLE = ScoredSample(row={"id": "\ud800é"}, details={"problem": "line 3: messages: missing"})


@pytest.mark.parametrize(
    ("with_details", "others"), [(False, {}), (True, {"details": SAMPLE.details})]
)
def test_a_row_is_one_line_of_ascii(others: dict[str, object], *, with_details: bool) -> None:
    """It has the details of the sample only if these are wanted."""
    row = Row(where="line 3", size_bytes=1)

    row.set_sample(SAMPLE, with_details=with_details)

    assert row.text.endswith(b"\n")
    assert row.text.isascii()
    assert json.loads(row.text) == {"id": "?é"} | others


def test_a_problem_does_not_name_its_line_twice() -> None:
    """Equal problems of several lines have one text."""
    row = Row(where="line 3", size_bytes=1, sample=SAMPLE)

    assert row.problem == "messages: missing"
