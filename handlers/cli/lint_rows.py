"""Read rows and the samples that they answer, and have the rows checked.

In: names of files: rows as JSONL, as one JSON list or in an HTTP envelope; samples as JSONL or
as an event. Out: findings, each with the line or the row that it is about. Must not know: the
rules, exit statuses.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from nova_code_verifier.handlers.cli.files import UnusableFileError, open_input, read_pieces
from nova_code_verifier.handlers.cli.score.samples import read_lines
from nova_code_verifier.handlers.row_lint import (
    DuplicateNameError,
    Finding,
    NoRowsError,
    check_response,
    check_rows,
    read_json,
    rows_in,
)
from nova_code_verifier.handlers.wire import read_event


@dataclass(frozen=True, slots=True, kw_only=True)
class Linted:
    """How many rows were checked, and what was found, one line of text each."""

    row_count: int
    findings: tuple[str, ...]


def lint_file(source: str, *, samples: str | None, reward_range: tuple[float, float]) -> Linted:
    """Check the rows in *source*. Raises UnusableFileError."""
    text = _read(source)
    sent_ids = None if samples is None else _read_ids(samples)
    document = _as_document(text, source)
    if document is None:
        return _lint_lines(text, source, sent_ids, reward_range)
    try:
        row_count = len(rows_in(document))
        findings = check_response(document, sent_ids=sent_ids, reward_range=reward_range)
    except NoRowsError as error:
        raise UnusableFileError(f"{source}: {error}") from None
    _refuse_nothing(row_count, source, sent_ids)
    return Linted(
        row_count=row_count,
        findings=tuple(_told(finding, "row", range(1, row_count + 1)) for finding in findings),
    )


def _lint_lines(
    text: bytes,
    source: str,
    sent_ids: Sequence[object] | None,
    reward_range: tuple[float, float],
) -> Linted:
    rows, numbers, unreadable = _read_rows(text)
    if rows and len(unreadable) == len(rows):
        raise UnusableFileError(f"{source}: holds no rows; {_told(unreadable[0], 'line', numbers)}")
    _refuse_nothing(len(rows), source, sent_ids)
    findings = check_rows(rows, sent_ids=sent_ids, reward_range=reward_range)
    findings = [one for one in findings if one.index not in unreadable] + [*unreadable.values()]
    findings.sort(key=lambda one: -1 if one.index is None else one.index)
    return Linted(
        row_count=len(rows),
        findings=tuple(_told(finding, "line", numbers) for finding in findings),
    )


def _read_rows(text: bytes) -> tuple[list[object], list[int], dict[int, Finding]]:
    """Return the rows, the lines that they are on, and what is wrong with those that are no JSON.

    The latter take their places as null, so that the others keep theirs.
    """
    rows: list[object] = []
    numbers: list[int] = []
    unreadable: dict[int, Finding] = {}
    for number, line in enumerate(text.split(b"\n"), start=1):
        if line.strip():
            row = None
            try:
                row = _parse(line)
            except ValueError as error:
                found = f"text that is {error}"
                unreadable[len(rows)] = Finding(
                    index=len(rows), field="row", found=found, expected="JSON"
                )
            rows.append(row)
            numbers.append(number)
    return rows, numbers, unreadable


def _as_document(text: bytes, source: str) -> object:
    """Read *text* if it is one response; None if it is rows, one a line."""
    try:
        document = _parse(text)
    except ValueError as error:
        if text.lstrip().startswith(b"["):
            raise UnusableFileError(f"{source}: {error}") from None
        return None
    is_row = isinstance(document, dict) and "body" not in document
    return None if is_row else document


def _read_ids(name: str) -> list[object]:
    """Read which ids the rows have to answer, in order."""
    text = _read(name)
    try:
        return [entry.id for entry in read_event(json.loads(text)).entries]
    except (ValueError, RecursionError):  # no event: as `verifier score` reads a file, then
        return [line.entry.id for line in read_lines(text.split(b"\n"))]


def _read(name: str) -> bytes:
    with open_input(name) as stream:
        return b"".join(read_pieces(stream, name))


def _parse(text: bytes) -> object:
    """Read JSON. Raises ValueError, with a message for people."""
    try:
        return read_json(text)
    except DuplicateNameError:
        raise
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise ValueError(f"not JSON ({error.msg}, {where})") from None
    except UnicodeDecodeError:
        raise ValueError("not UTF-8") from None
    except (ValueError, RecursionError):
        raise ValueError("unreadable (a number too long, or nested too deep)") from None


def _refuse_nothing(row_count: int, source: str, sent_ids: Sequence[object] | None) -> None:
    # Who checks nothing finds nothing; only samples can tell that nothing is right.
    if row_count == 0 and sent_ids is None:
        raise UnusableFileError(f"{source}: holds no rows")


def _told(finding: Finding, noun: str, numbers: Sequence[int]) -> str:
    where = "" if finding.index is None else f"{noun} {numbers[finding.index]}: "
    return f"{where}{finding}"
