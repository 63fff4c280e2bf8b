"""Convert rows in a test."""

from typing import Any

from nova_code_verifier.adapters.rows import entry_of_row
from nova_code_verifier.handlers.cli.convert.conversion import ConvertedRow, convert_row
from nova_code_verifier.handlers.cli.convert.options import Options, Target
from nova_code_verifier.handlers.dataset_row import Columns, read_row
from nova_code_verifier.handlers.wire import read_event
from nova_code_verifier.sandbox.types import Limits
from nova_code_verifier.verifier.pipeline import PreparedSample, prepare
from nova_code_verifier.verifier.types import Sample
from tests.dataset_rows import ROWS, DatasetRow, reference_of

READABLE = [row for row in ROWS if not row.refused]


def with_prompt(fixture: DatasetRow) -> dict[str, Any]:
    """Return the row of *fixture*, with a prompt if it has none."""
    return {"text": "Add two numbers."} | fixture.row


def converted(value: object, target: Target = Target.NOVA, **options: Any) -> ConvertedRow:
    """Convert one row."""
    return convert_row(value, number=1, index=0, options=Options(target=target, **options))


def prepared(reference: object, **options: Any) -> PreparedSample:
    """Prepare a sample without a completion, by limits that no row sets."""
    limits = Limits(cpu_seconds=7.5, wall_seconds=31, memory_bytes=77 * 2**20, output_bytes=12345)
    sample = Sample(completion=None, reference=reference, **options)
    return prepare(sample, default_limits=limits)


def prepared_row(row: dict[str, Any]) -> PreparedSample:
    """Prepare a row as the command line reads it."""
    sample = read_row(row, completion="")
    return prepared(sample.reference, tasks=sample.tasks)


def prepared_by_others(row: dict[str, Any]) -> list[PreparedSample]:
    """Prepare a row as the adapters read it, and one with messages also as the Lambda does."""
    entries = [entry_of_row("", row, Columns())]
    if "messages" in row:
        entries += read_event([row]).entries
    samples = [entry.sample for entry in entries if entry.sample is not None]
    assert len(samples) == len(entries), entries
    return [prepared(sample.reference, tasks=sample.tasks) for sample in samples]


def original(fixture: DatasetRow) -> PreparedSample:
    """Prepare a fixture as it is."""
    return prepared(reference_of(fixture))
