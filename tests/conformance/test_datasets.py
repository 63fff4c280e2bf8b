"""Right programs for the rows of public datasets get full marks, and wrong ones do not."""

from nova_code_verifier.handlers.dataset_row import read_row
from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.verifier.pipeline import judge
from nova_code_verifier.verifier.types import Sample, Verdict
from tests.dataset_rows import ROWS, reference_of


def test_right_programs_for_public_datasets_get_full_marks(executor: LocalExecutor) -> None:
    """The gold solution of each row is right, with the row as reference and as whole row."""
    rows = [row for row in ROWS if not row.refused]
    golds = [f"```python\n{row.gold}\n```" for row in rows]
    references = [
        Sample(completion=gold, reference=reference_of(row))
        for row, gold in zip(rows, golds, strict=True)
    ]
    whole = [read_row(row.row, completion=gold) for row, gold in zip(rows, golds, strict=True)]

    scores = judge([*references, *whole], executor)

    expected = {str(row): (Verdict.ACCEPTED, 1.0, row.kind, "") for row in rows}
    for found in (scores[: len(rows)], scores[len(rows) :]):
        assert expected == {
            str(row): (score.verdict, score.correctness, score.source, score.problem)
            for row, score in zip(rows, found, strict=True)
        }


def test_wrong_programs_for_public_datasets_get_nothing(executor: LocalExecutor) -> None:
    """A program that subtracts is wrong for each row."""
    rows = [row for row in ROWS if not row.refused]
    wrong = [f"```python\n{row.gold.replace('a + b', 'a - b')}\n```" for row in rows]
    samples = [read_row(row.row, completion=text) for row, text in zip(rows, wrong, strict=True)]

    scores = judge(samples, executor)

    assert {str(row): 0.0 for row in rows} == {
        str(row): score.correctness for row, score in zip(rows, scores, strict=True)
    }
