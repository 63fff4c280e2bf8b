"""Right programs for the rows of public datasets get full marks, and wrong ones do not."""

from nova_code_verifier.handlers.cli.convert.options import Target
from nova_code_verifier.handlers.dataset_row import read_row
from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.verifier.pipeline import judge
from nova_code_verifier.verifier.types import Sample, Verdict
from tests.dataset_rows import ROWS, reference_of
from tests.unit.handlers.cli.convert.converting import READABLE, converted, with_prompt


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


def test_converted_rows_judge_as_the_rows_of_the_datasets(executor: LocalExecutor) -> None:
    """After `verifier convert`, the gold solution has full marks, and a wrong program nothing."""
    named = [(row, target) for row in READABLE for target in Target]
    rows = [converted(with_prompt(row), target).row for row, target in named]
    golds = [f"```python\n{row.gold}\n```" for row, _ in named]
    wrong = [gold.replace("a + b", "a - b") for gold in golds]

    # One batch: tests that are equal, as those of most trainers are, run once.
    samples = [
        read_row(row, completion=text)
        for row, text in zip([*rows, *rows], [*golds, *wrong], strict=True)
    ]
    correctness = [score.correctness for score in judge(samples, executor)]

    assert {(str(row), target): (1.0, 0.0) for row, target in named} == dict(
        zip(
            [(str(row), target) for row, target in named],
            zip(correctness[: len(rows)], correctness[len(rows) :], strict=True),
            strict=True,
        )
    )
