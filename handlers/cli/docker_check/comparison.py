"""Score a file in the image and on this machine, and compare the rows.

In: a file of samples, an image or how to build it, an executor of this machine. Out: lines for
people, and whether all rows are the same.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from nova_code_verifier.handlers import row_lint
from nova_code_verifier.handlers.cli.dataset_files.reading import open_records
from nova_code_verifier.handlers.cli.dataset_files.record import Record
from nova_code_verifier.handlers.cli.files import UnusableFileError
from nova_code_verifier.handlers.containers import image as images
from nova_code_verifier.handlers.containers.container import PAYLOAD_BYTES_MAX, Answer, running
from nova_code_verifier.handlers.report import ISOLATION_LEVELS
from nova_code_verifier.handlers.service import Service, rows_of
from nova_code_verifier.handlers.settings import Settings
from nova_code_verifier.handlers.wire import read_event
from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.verifier.rubric import OutagePolicy

_BATCH_SAMPLES = 64
_BATCH_BYTES = PAYLOAD_BYTES_MAX - 2 * _BATCH_SAMPLES  # brackets and commas
_COMMAND_CHARACTERS = 100
_UNMEASURED = ("duration_ms",)
"""Metrics that differ between any two runs."""

Row = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The number of rows, the isolation levels in the image, and one text per difference."""

    rows: int
    levels: tuple[str, ...]
    differences: tuple[str, ...]


def check(
    source: str,
    image: str | images.Build,
    executor: LocalExecutor,
    settings: Settings,
    *,
    on_line: Callable[[str], None],
) -> bool:
    """Return whether *image*, which is built unless it is a tag, gives the rows of *executor*.

    Calls *on_line* with each line for people. Raises UnusableFileError, and SandboxError, such
    as ContainerError.
    """
    with open_records(source) as file, images.engine() as client:
        tag = image if isinstance(image, str) else images.build_image(client, image)
        on_line(f"image {tag}")
        for layer in images.layers_of(client, tag):
            on_line(f"{layer.size_bytes / 1e6:9.1f} MB  {layer.command[:_COMMAND_CHARACTERS]}")
        with running(client, tag) as container:
            comparison = compare(
                _lines_of(file.records), container.invoke, Service(executor, settings)
            )
    for difference in comparison.differences:
        on_line(difference)
    on_line(
        f"{comparison.rows} rows, {len(comparison.differences)} differences; "
        f"isolation in the image: {', '.join(comparison.levels)}"
    )
    return not comparison.differences


def compare(
    lines: Iterable[bytes], invoke: Callable[[bytes], Answer], service: Service
) -> Comparison:
    """Score every line in the image and here, and compare the rows.

    Raises UnusableFileError, and SandboxError, such as ContainerError.
    """
    count = 0
    levels: set[str] = set()
    differences: list[str] = []
    for batch in _batches(lines):
        theirs = rows_in(invoke(b"[" + b",".join(batch) + b"]"))
        outcomes = list(service.score(read_event([json.loads(line) for line in batch]).entries))
        lost = [outcome.score.problem for outcome in outcomes if outcome.score.is_outage]
        if lost:  # equal rows would prove nothing
            raise images.ContainerError(
                f"this machine failed to grade {len(lost)} samples; first reason: {lost[0]}"
            )
        ours = rows_of(outcomes, OutagePolicy.VALUE)
        if len(theirs) != len(ours):
            raise images.ContainerError(
                f"the image returned {len(theirs)} rows for {len(ours)} samples"
            )
        for row, expected in zip(theirs, ours, strict=True):
            differences += _differences(row, expected)
            levels.add(_level_of(row))
        count += len(ours)
    if not count:
        raise UnusableFileError("found no samples in the file, expected one or more")
    return Comparison(rows=count, levels=tuple(sorted(levels)), differences=tuple(differences))


def _lines_of(records: Iterable[Record]) -> Iterator[bytes]:
    for record in records:
        if record.problem:
            raise UnusableFileError(f"{record.where}: {record.problem}")
        yield json.dumps(record.value).encode()


def _batches(lines: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Group the lines, so that each group fits into one invocation."""
    batch: list[bytes] = []
    size_bytes = 0
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        _check(number, line)
        if len(batch) == _BATCH_SAMPLES or size_bytes + len(line) > _BATCH_BYTES:
            yield batch
            batch, size_bytes = [], 0
        batch.append(line.strip())
        size_bytes += len(line)
    if batch:
        yield batch


def _check(number: int, line: bytes) -> None:
    if len(line) > _BATCH_BYTES:
        raise UnusableFileError(
            f"line {number}: found {len(line)} bytes, expected at most {_BATCH_BYTES}: "
            "Lambda limits the size of an invocation"
        )
    try:
        json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UnusableFileError(f"line {number}: not JSON ({error})") from error


def rows_in(answer: Answer) -> list[Row]:
    """Return the rows of an answer. Raises ContainerError if the function has failed."""
    try:
        rows: list[Any] = row_lint.rows_in(json.loads(answer.body))
    except ValueError:
        body = answer.body[:500].decode("utf-8", "replace")
        raise images.ContainerError(
            f"the function failed (HTTP status {answer.status}): {body}"
        ) from None
    return rows


def _differences(row: Row, expected: Row) -> Iterator[str]:
    ours, theirs = _values_of(expected), _values_of(row)
    for name in ours | theirs:
        if name not in _UNMEASURED and ours.get(name) != theirs.get(name):
            yield (
                f"{expected['id']}: {name} is {theirs.get(name)} in the image, "
                f"{ours.get(name)} on this machine"
            )


def _level_of(row: Row) -> str:
    number = _values_of(row).get("isolation_level")
    return next((level for level, known in ISOLATION_LEVELS.items() if known == number), "unknown")


def _values_of(row: Row) -> dict[str, object]:
    metrics = row["metrics_list"]
    assert isinstance(metrics, list)  # noqa: S101
    values = {"id": row.get("id"), "reward": row.get("aggregate_reward_score")}
    return values | {metric["name"]: metric["value"] for metric in metrics}
