"""handlers/cli/compare/rows.py: what a row is, and which two belong together."""

import json
from pathlib import Path

import pytest

from nova_code_verifier.handlers.cli.compare.rows import MatchBy, Row, matched, read_rows
from nova_code_verifier.handlers.cli.files import UnusableFileError
from tests.unit.handlers.cli.compare.comparing import file_of, row


def pairs(
    folder: Path, old: list[tuple[object, float]], new: list[tuple[object, float]], by: MatchBy
) -> list[tuple[float | None, float | None]]:
    """Return the rewards of the rows that belong together."""

    def reward(found: Row | None) -> float | None:
        return None if found is None else found.reward

    before = file_of(folder / "old.jsonl", (row(*item) for item in old))
    after = file_of(folder / "new.jsonl", (row(*item) for item in new))
    found = matched(read_rows(before), read_rows(after), by)
    return [(reward(one), reward(other)) for one, other in found]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ([("a", 1), ("b", 2)], [("a", 3), ("b", 4)], [(1, 3), (2, 4)]),
        ([("a", 1), ("b", 2)], [("b", 4), ("a", 3)], [(1, 3), (2, 4)]),
        ([("a", 1), ("a", 2)], [("b", 9), ("a", 3), ("a", 4)], [(1, 3), (2, 4), (None, 9)]),
        ([(None, 1), (None, 2)], [(None, 3), (None, 4)], [(1, 3), (2, 4)]),
        ([(1, 1)], [("1", 2)], [(1, None), (None, 2)]),
        ([({"x": 1, "y": 2}, 1)], [({"y": 2, "x": 1}, 2)], [(1, 2)]),
        ([("a", 1), ("b", 2)], [("b", 3)], [(2, 3), (1, None)]),
        ([], [("b", 3)], [(None, 3)]),
    ],
    ids=["same order", "other order", "repeated", "without ids", "type", "keys", "lacks", "empty"],
)
def test_rows_are_matched_by_id(
    tmp_path: Path,
    old: list[tuple[object, float]],
    new: list[tuple[object, float]],
    expected: list[tuple[float | None, float | None]],
) -> None:
    """Rows of one id belong together, the first to the first, whatever their order."""
    assert sorted(pairs(tmp_path, old, new, MatchBy.ID), key=str) == sorted(expected, key=str)


def test_rows_are_matched_by_line(tmp_path: Path) -> None:
    """Ids do not matter where they are new in each run."""
    found = pairs(tmp_path, [("a", 1), ("b", 2)], [("b", 3)], MatchBy.LINE)

    assert found == [(1, 3), (2, None)]


def test_an_ungraded_row_has_no_reward(tmp_path: Path) -> None:
    """The number that a rubric pays for an ungraded sample says nothing about it."""
    rows = [row(1, 0.0, ungraded=1.0), row(2, None), row(3, 0.0, ungraded=0.0)]

    found = [item.reward for item in read_rows(file_of(tmp_path / "rows.jsonl", rows))]

    assert found == [None, None, 0.0]


@pytest.mark.parametrize(
    "line",
    [
        "[1]",
        "no JSON",
        '{"id": "a", "messages": []}',
        '{"id": "a", "aggregate_reward_score": NaN}',
        '{"id": "a", "aggregate_reward_score": true}',
        '{"id": "a", "aggregate_reward_score": "1"}',
        f'{{"id": "a", "aggregate_reward_score": {10**400}}}',
        '{"id": "a", "aggregate_reward_score": 1, "metrics_list": 7}',
        '{"id": "a", "aggregate_reward_score": 1, "metrics_list": [{"name": "x"}]}',
        '{"id": "a", "aggregate_reward_score": 1, "metrics_list": [{"value": 1}]}',
    ],
)
def test_what_is_no_row_is_refused_with_its_line(tmp_path: Path, line: str) -> None:
    """A comparison that leaves out lines would be wrong."""
    path = tmp_path / "rows.jsonl"
    path.write_text(f"{json.dumps(row())}\n{line}\n")

    with pytest.raises(UnusableFileError, match=r"rows\.jsonl, line 2: "):
        list(read_rows(str(path)))
