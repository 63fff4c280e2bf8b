"""Go on with a run that was interrupted.

In: the rows that an earlier run wrote, and the samples. Out: samples that have a row already, and
those that have none; and the same file of rows, without a last line that was cut off, and with new
rows for samples that were ungraded. A file that does not belong to these samples is refused, and
stays as it is.
"""

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from io import FileIO
from itertools import chain
from pathlib import Path
from typing import IO

from nova_code_verifier.handlers.cli.files import UnusableFileError, file_errors, shown_name
from nova_code_verifier.handlers.cli.sample_lines import SampleLine
from nova_code_verifier.handlers.cli.score.pipeline import KeptLine
from nova_code_verifier.handlers.cli.score.rows import Row
from nova_code_verifier.verifier.semantics import SEMANTICS_VERSION

_ROW_BEGINNING = b'{"id": '
_MISMATCH = "cannot resume this file"


class Resumption:
    """The rows of an earlier run, which are read with their samples and replaced all at once."""

    def __init__(self, stack: ExitStack, out: str) -> None:
        """Open the rows in the file *out*, if there is one. Raises UnusableFileError."""
        self._out = out
        path = Path(out).resolve()
        self._old: IO[bytes] | None = None
        self._has_read_all = self._has_ended = not path.exists()
        if self._has_ended:
            return
        if not path.is_file():
            raise UnusableFileError(f"{out}: --resume needs a regular file, with the rows so far")
        with file_errors(f"cannot write {out}"):
            self._old = stack.enter_context(path.open("rb"))
        self._path = path
        self._copy = stack.enter_context(_Copy(path))
        self._size_bytes = 0

    def lines(
        self, samples: Iterator[SampleLine], source: str, *, with_details: bool
    ) -> Iterator[SampleLine | KeptLine]:
        """Yield all *samples*, the first of them with the rows that they have.

        Raises UnusableFileError if the rows are not those of these samples.
        """
        return chain(self._kept(samples, source, with_details=with_details), samples)

    def _kept(
        self, samples: Iterator[SampleLine], source: str, *, with_details: bool
    ) -> Iterator[KeptLine]:
        if self._old is not None:
            yield from _kept_lines(self._old, self._out, source, samples, with_details=with_details)
        self._has_read_all = True

    def replace(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Replace those of *rows* that the earlier run wrote; return those behind them.

        Before it returns the first of these, the old rows are replaced in the file.
        """
        if self._has_ended:
            return rows
        count = next((i for i, row in enumerate(rows) if row.old is None), len(rows))
        with file_errors(f"cannot write {self._out}"):
            for row in rows[:count]:
                if row.text != row.old:
                    self._copy.begin(self._size_bytes)
                self._copy.write(row.text)
                self._size_bytes += len(row.old or b"")
        if count < len(rows):
            self.end()
        return rows[count:]

    def end(self) -> None:
        """Put the new rows into the file, if all old ones were read and passed on."""
        if self._has_ended or not self._has_read_all:
            return
        self._has_ended = True
        with file_errors(f"cannot write {self._out}"):
            if self._copy.has_begun:
                self._copy.replace()
            else:
                os.truncate(self._path, self._size_bytes)


def _kept_lines(
    old: IO[bytes], out: str, source: str, samples: Iterator[SampleLine], *, with_details: bool
) -> Iterator[KeptLine]:
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
        yield KeptLine(line=sample, text=text, is_lost=bool(_metric(row, "ungraded")))


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
