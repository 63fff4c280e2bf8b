"""Score a file in the image and on this machine, and compare the rows.

In: a file of samples, an image or how to build it, an executor of this machine. Out: news for
people, and whether all rows are the same. Must not know: exit statuses, how a container is run.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from nova_code_verifier.handlers.cli.files import UnusableFileError, open_input, read_pieces
from nova_code_verifier.handlers.containers.container import PAYLOAD_BYTES_MAX, Answer, running
from nova_code_verifier.handlers.containers.image import (
    Build,
    ContainerError,
    build_image,
    engine,
    layers_of,
)
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
"""Metrics that no two runs agree on."""

Row = dict[str, object]
Invoke = Callable[[bytes], Answer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How many rows there are, the isolation levels in the image, and what differs."""

    rows: int
    levels: tuple[str, ...]
    differences: tuple[str, ...]


def check(
    source: str,
    image: str | Build,
    executor: LocalExecutor,
    settings: Settings,
    *,
    on_news: Callable[[str], None],
) -> bool:
    """Build *image* unless it is a tag, and tell whether it gives the rows of *executor*.

    Raises ContainerError, UnusableFileError, and SandboxError.
    """
    with open_input(source) as stream, engine() as client:
        tag = image if isinstance(image, str) else build_image(client, image)
        on_news(f"image {tag}")
        for layer in layers_of(client, tag):
            on_news(f"{layer.size_bytes / 1e6:9.1f} MB  {layer.command[:_COMMAND_CHARACTERS]}")
        with running(client, tag) as container:
            found = compare(
                read_pieces(stream, source), container.invoke, Service(executor, settings)
            )
    for difference in found.differences:
        on_news(difference)
    levels = ", ".join(found.levels)
    on_news(
        f"{found.rows} rows, {len(found.differences)} differences; isolation in the image: {levels}"
    )
    return not found.differences


def compare(lines: Iterable[bytes], invoke: Invoke, service: Service) -> Comparison:
    """Score every line twice. Raises ContainerError, UnusableFileError, and SandboxError."""
    count = 0
    levels: set[str] = set()
    differences: list[str] = []
    for batch in _batches(lines):
        theirs = rows_in(invoke(_event(batch)))
        outcomes = list(service.score(read_event([json.loads(line) for line in batch]).entries))
        lost = [outcome.score.problem for outcome in outcomes if outcome.score.is_outage]
        if lost:  # then nothing is compared, though the rows were the same
            raise ContainerError(f"this machine cannot grade {len(lost)} samples: {lost[0]}")
        ours = rows_of(outcomes, OutagePolicy.VALUE)
        if len(theirs) != len(ours):
            raise ContainerError(f"{len(theirs)} rows came back for {len(ours)} samples")
        for row, expected in zip(theirs, ours, strict=True):
            differences += _differences(row, expected)
            levels.add(_level_of(row))
        count += len(ours)
    if not count:
        raise UnusableFileError("there is no sample in the file")
    return Comparison(rows=count, levels=tuple(sorted(levels)), differences=tuple(differences))


def _batches(lines: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Put as many lines together as one invocation takes."""
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
        raise UnusableFileError(f"line {number}: more than an invocation may bring, 6 MiB")
    try:
        json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UnusableFileError(f"line {number}: not JSON ({error})") from error


def _event(batch: list[bytes]) -> bytes:
    return b"[" + b",".join(batch) + b"]"


def rows_in(answer: Answer) -> list[Row]:
    """Take the rows out of an answer. Raises ContainerError if the function has failed."""
    try:
        rows = json.loads(answer.body)
    except ValueError:
        rows = None
    if isinstance(rows, dict) and isinstance(rows.get("body"), str):  # VERIFIER_ALWAYS_ENVELOPE
        rows = json.loads(rows["body"])
    if not isinstance(rows, list):
        said = answer.body[:500].decode("utf-8", "replace")
        raise ContainerError(f"the function failed (HTTP status {answer.status}): {said}")
    return rows


def _differences(row: Row, expected: Row) -> Iterator[str]:
    ours = {"id": expected["id"], "reward": expected["aggregate_reward_score"]}
    theirs = {"id": row.get("id"), "reward": row.get("aggregate_reward_score")}
    ours |= _values_of(expected)
    theirs |= _values_of(row)
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
    return {metric["name"]: metric["value"] for metric in metrics}
