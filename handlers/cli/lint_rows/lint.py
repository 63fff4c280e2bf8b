"""Read rows, and the samples that they answer, and check the rows.

In: names of files: rows one per line, as one JSON list or in an HTTP envelope; samples one per
line or as an event. Out: findings, each with its line or row.
"""

import json
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain

from nova_code_verifier.handlers import row_lint
from nova_code_verifier.handlers.cli.dataset_files.reading import open_records, open_text
from nova_code_verifier.handlers.cli.files import UnusableFileError
from nova_code_verifier.handlers.cli.sample_lines import read_samples
from nova_code_verifier.handlers.wire import read_event

_EVENT_KEYS = frozenset(("body", "trajectories", "batch"))


@dataclass(frozen=True, slots=True, kw_only=True)
class LintResult:
    """The number of rows that were checked, and one line of text per finding."""

    row_count: int
    findings: tuple[str, ...]


def lint_file(source: str, *, samples: str | None, reward_range: tuple[float, float]) -> LintResult:
    """Check the rows in *source*. Raises UnusableFileError."""
    text = _read(source)
    sent_ids = None if samples is None else _read_ids(samples)
    document = _as_document(text, source)
    if document is None:
        rows, numbers, unreadable = _read_rows(text)
        labels = [f"line {number}: " for number in numbers]
        if rows and len(unreadable) == len(rows):
            raise UnusableFileError(f"{source}: found no rows; {labels[0]}{unreadable[0]}")
        findings = row_lint.check_rows(rows, sent_ids=sent_ids, reward_range=reward_range)
        findings = [finding for finding in findings if finding.index not in unreadable]
        findings += unreadable.values()
        findings.sort(key=lambda finding: -1 if finding.index is None else finding.index)
    else:
        try:
            rows = row_lint.rows_in(document)
        except row_lint.NoRowsError as error:
            raise UnusableFileError(f"{source}: {error}") from None
        labels = [f"row {number}: " for number in range(1, len(rows) + 1)]
        findings = row_lint.check_response(document, sent_ids=sent_ids, reward_range=reward_range)
    # A check of nothing would always succeed. With samples, no rows may be what is expected.
    if not rows and sent_ids is None:
        raise UnusableFileError(f"{source}: found no rows, expected one or more")
    texts = (f"{'' if f.index is None else labels[f.index]}{f}" for f in findings)
    return LintResult(row_count=len(rows), findings=tuple(texts))


def _read_rows(text: bytes) -> tuple[list[object], list[int], dict[int, row_lint.Finding]]:
    """Return the rows, the numbers of their lines, and a finding for each that is not JSON.

    A row that is not JSON becomes None, so that the other rows keep their indexes.
    """
    rows: list[object] = []
    numbers: list[int] = []
    unreadable: dict[int, row_lint.Finding] = {}
    for number, line in enumerate(text.split(b"\n"), start=1):
        if line.strip():
            try:
                rows.append(_parse(line))
            except ValueError as error:
                index, found = len(rows), f"text that is {error}"
                unreadable[index] = row_lint.Finding(
                    index=index, field="row", found=found, expected="JSON"
                )
                rows.append(None)
            numbers.append(number)
    return rows, numbers, unreadable


def _as_document(text: bytes, source: str) -> object:
    """Parse *text* if it is one response; return None if it is rows, one per line."""
    try:
        document = _parse(text)
    except ValueError as error:
        if text.lstrip().startswith(b"["):
            raise UnusableFileError(f"{source}: {error}") from None
        return None
    is_row = isinstance(document, dict) and "body" not in document
    return None if is_row else document


def _read_ids(name: str) -> list[object]:
    """Return the ids that the rows must have, in order."""
    with open_records(name) as file:
        first = next(file.records, None)
        if first is None:
            return []
        if isinstance(first.value, dict) and not _EVENT_KEYS.isdisjoint(first.value):
            with suppress(ValueError):  # not an event: read it as `verifier score` does
                ids: list[object] = [entry.id for entry in read_event(first.value).entries]
                return ids + [line.entry.id for line in read_samples(file.records)]
        return [line.entry.id for line in read_samples(chain([first], file.records))]


def _read(name: str) -> bytes:
    with open_text(name) as stream:
        return stream.read()


def _parse(text: bytes) -> object:
    """Parse JSON. Raises ValueError, with a message for people."""
    try:
        return row_lint.read_json(text)
    except row_lint.DuplicateNameError:
        raise
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise ValueError(f"not JSON ({error.msg}, {where})") from None
    except UnicodeDecodeError:
        raise ValueError("not UTF-8") from None
    except (ValueError, RecursionError):
        raise ValueError("unreadable (a number too long, or nested too deep)") from None
