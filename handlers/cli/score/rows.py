"""A row on its way from the input to the output."""

from dataclasses import dataclass

from nova_code_verifier.handlers.cli.files import json_line
from nova_code_verifier.handlers.report_page.context import Context
from nova_code_verifier.handlers.scored.sample import ScoredSample


@dataclass(slots=True, kw_only=True)
class Row:
    """The row of the sample at *where*, whose record has *size_bytes*.

    `sample` is None until it is scored. `old` is what an earlier run wrote for it, if it did. A row
    that *is kept* stays as it is. `text` is what will be written; empty until that is known. The
    `context` is for a page.
    """

    where: str
    size_bytes: int
    old: bytes | None = None
    is_kept: bool = False
    sample: ScoredSample | None = None
    text: bytes = b""
    context: Context | None = None

    def set_sample(self, sample: ScoredSample, *, with_details: bool) -> None:
        """Set the scored *sample*, whose row is written *with details*, or without."""
        self.sample = sample
        row = sample.row | {"details": sample.details} if with_details else sample.row
        self.text = f"{json_line(row)}\n".encode()

    @property
    def scored(self) -> ScoredSample:
        """The sample, which must have been scored."""
        assert self.sample is not None  # noqa: S101
        return self.sample

    @property
    def problem(self) -> str:
        """Why the sample is ungraded, without its place in the file."""
        return str(self.scored.details["problem"]).removeprefix(f"{self.where}: ")
