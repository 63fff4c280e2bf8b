"""Go on with a run that was interrupted.

In: the rows that an earlier run wrote, and the samples. Out: the same rows, without a last line
that was cut off, and with new rows for samples that were ungraded; the samples behind them are
left. A file that does not belong to these samples is refused, and stays as it is.
"""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import IO

from nova_code_verifier.handlers.cli.files import UnusableFileError, file_errors, shown_name
from nova_code_verifier.handlers.cli.progress import ProgressBar
from nova_code_verifier.handlers.cli.sample_lines import SampleLine
from nova_code_verifier.handlers.cli.score.samples import chunks_of, rows_text, score_samples
from nova_code_verifier.handlers.cli.score.summary import Summary
from nova_code_verifier.handlers.service import Service
from nova_code_verifier.verifier.semantics import SEMANTICS_VERSION

_ROW_BEGINNING = b'{"id": '


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """A row of the earlier run, as it was written, and the sample that it belongs to."""

    text: bytes
    is_ungraded: bool
    sample: SampleLine

    @property
    def size_bytes(self) -> int:
        return len(self.text) + self.sample.size_bytes


def resume(
    out: str,
    source: str,
    samples: Iterator[SampleLine],
    service: Service,
    summary: Summary,
    *,
    with_details: bool,
    bar: ProgressBar,
) -> None:
    """Take those *samples* that have a row in *out*, and score those of them that are ungraded.

    The rows are replaced all at once, at the end. Raises UnusableFileError if the rows are not
    those of these samples.
    """
    path = Path(out).resolve()
    if not path.exists():
        return
    if not path.is_file():
        raise UnusableFileError(f"{out}: --resume needs a regular file, with the rows so far")
    size_bytes = 0
    with file_errors(f"cannot write {out}"), path.open("rb") as old, _Copy(path) as copy:
        kept = _kept_rows(old, out, source, samples, with_details=with_details)
        for chunk in chunks_of(kept, size_of=lambda row: row.size_bytes):
            texts = [row.text for row in chunk]
            new_texts = _scored_again(chunk, service, summary, with_details=with_details)
            if new_texts != texts:
                copy.begin(size_bytes)
            copy.write(b"".join(new_texts))
            size_bytes += sum(map(len, texts))
            summary.kept_count += sum(not row.is_ungraded for row in chunk)
            for row in chunk:
                bar.count_item(row.sample.size_bytes)
        if copy.has_begun:
            copy.replace()
        else:
            os.truncate(path, size_bytes)


def _kept_rows(
    old: IO[bytes], out: str, source: str, samples: Iterator[SampleLine], *, with_details: bool
) -> Iterator[_Kept]:
    for number, text in enumerate(old, start=1):
        where = f"{out}, line {number}"
        if not text.endswith(b"\n"):  # the run was killed while it wrote this line
            if not (text.startswith(_ROW_BEGINNING) or _ROW_BEGINNING.startswith(text)):
                raise UnusableFileError(f"{where}: {_MISMATCH}: it is no row of verifier score")
            return
        sample = next(samples, None)
        if sample is None:
            raise UnusableFileError(
                f"{where}: {_MISMATCH}: {shown_name(source)} has only {number - 1} samples"
            )
        row = _row_in(text, where)
        if json.dumps(row["id"]) != json.dumps(sample.entry.id):
            raise UnusableFileError(
                f"{where}: {_MISMATCH}: found the id {_short(row['id'])}, expected "
                f"{_short(sample.entry.id)}, that of {sample.where} of {shown_name(source)}"
            )
        if ("details" in row) != with_details:
            found, advice = ("no details", "remove") if with_details else ("details", "add")
            raise UnusableFileError(f"{where}: found a row with {found}; {advice} --details")
        if (version := _metric(row, "semantics_version")) != SEMANTICS_VERSION:
            found = "no semantics version" if version is None else f"semantics version {version}"
            raise UnusableFileError(
                f"{where}: found a row of {found}, expected {SEMANTICS_VERSION}: its reward may "
                "differ today; score all samples, without --resume"
            )
        yield _Kept(text=text, is_ungraded=bool(_metric(row, "ungraded")), sample=sample)


_MISMATCH = "cannot resume this file"


def _row_in(text: bytes, where: str) -> dict[str, object]:
    try:
        row = json.loads(text)
    except (ValueError, RecursionError):
        row = None
    if not isinstance(row, dict) or not {"id", "metrics_list"} <= row.keys():
        raise UnusableFileError(f"{where}: {_MISMATCH}: it is no row of verifier score")
    return row


def _metric(row: dict[str, object], name: str) -> object:
    metrics = row["metrics_list"]
    found = (
        metric.get("value")
        for metric in (metrics if isinstance(metrics, list) else ())
        if isinstance(metric, dict) and metric.get("name") == name
    )
    return next(found, None)


def _short(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 40 else f"{text[:40]}..."  # noqa: PLR2004


def _scored_again(
    chunk: list[_Kept], service: Service, summary: Summary, *, with_details: bool
) -> list[bytes]:
    """Return the rows of *chunk*; those that were ungraded are new."""
    lost = [row.sample for row in chunk if row.is_ungraded]
    scored = score_samples(lost, service, with_details=with_details, on_scored=lambda _sample: None)
    with closing(scored):
        new = [sample for ready in scored for sample in ready]
    for sample in new:
        summary.add(sample)
    texts = (rows_text([sample], with_details=with_details) for sample in new)
    return [next(texts) if row.is_ungraded else row.text for row in chunk]


class _Copy:
    """Write a new version of a file, which replaces the old one as a whole or not at all."""

    def __init__(self, path: Path) -> None:
        # One name, so that a run that was killed leaves no second file.
        self._path, self._new_path = path, path.with_name(f".{path.name}.resumed")
        self._file: FileIO | None = None

    def __enter__(self) -> "_Copy":
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()
            self._new_path.unlink(missing_ok=True)

    @property
    def has_begun(self) -> bool:
        """Return whether the new version differs from the old one."""
        return self._file is not None

    def begin(self, size_bytes: int) -> None:
        """Begin with the first *size_bytes* of the file, unless this was done before."""
        if self._file is None:
            self._new_path.unlink(missing_ok=True)
            self._file = FileIO(self._new_path, "xb")
            shutil.copymode(self._path, self._new_path)
            with self._path.open("rb") as old:
                while size_bytes:
                    piece = old.read(min(size_bytes, 2**20))
                    self.write(piece)
                    size_bytes -= len(piece)

    def write(self, content: bytes) -> None:
        """Write on, if the new version has begun."""
        rest = memoryview(content)
        while self._file is not None and rest:
            rest = rest[self._file.write(rest) :]

    def replace(self) -> None:
        """Put the new version into the place of the file."""
        assert self._file is not None  # noqa: S101
        self._new_path.replace(self._path)
