"""Fill the page in, and write it.

In: runs with their samples, a title, notes. Out: one HTML file, which needs nothing else. The page
holds expected answers and texts of candidates, so only its owner may read the file. It replaces an
older file as a whole, or not at all.
"""

import json
import os
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib import metadata, resources
from pathlib import Path
from tempfile import mkstemp

from nova_code_verifier.handlers.report_page.bounds import one_line
from nova_code_verifier.handlers.report_page.run import NAMED, Run, Tables
from nova_code_verifier.handlers.report_page.selection import SEED

_FORMAT = 1
_TEMPLATE, _MARKER = "page.html", "<!--report-data-->"
_TITLE_CHARACTERS = 200
_PLURALS = {"verdict": "verdicts", "failure": "failures", "source": "sources"} | {
    "reason": "reasons", "role": "roles",
}  # fmt: skip


class Kind(StrEnum):
    """What a page shows."""

    RUN = "run"
    COMPARE = "compare"
    AUDIT = "audit"


@dataclass(slots=True, kw_only=True)
class Page:
    """A page of one or two runs; `reward_range` is that of their rubric, if it is known."""

    kind: Kind
    title: str
    runs: Sequence[Run]
    tables: Tables
    notes: list[str] = field(default_factory=list)
    reward_range: tuple[float, float] | None = None
    findings: list[dict[str, object]] = field(default_factory=list)
    _groups_of_findings: "array[int]" = field(default_factory=lambda: array("i"))

    def add_finding(self, finding: dict[str, object], group: str, label: str) -> None:
        """Add a finding of an audit about the row that is *group*."""
        self.findings.append(finding)
        self._groups_of_findings.append(self.tables.groups.number(group, label))

    def texts(self) -> Iterator[str]:
        """Yield the page, piece by piece."""
        self.tables.settle(self.runs, self._groups_of_findings)
        head, tail = _template()
        yield head
        yield f'<script type="application/json" id="meta">{self._meta()}</script>\n'
        for number, run in enumerate(self.runs):
            yield _block(f"columns-{number}", run.columns())
            for index, text in enumerate(run.blocks()):
                yield _block(f"details-{number}-{index}", text)
        yield tail

    def _meta(self) -> str:
        names = {_PLURALS[name]: [n for n, _ in self.tables.names[name].listed] for name in NAMED}
        groups = [{"key": key, "label": label} for key, label in self.tables.groups.listed]
        meta = {
            "format": _FORMAT,
            "kind": self.kind,
            "title": one_line(self.title, _TITLE_CHARACTERS),
            "notes": [*map(_left_out, self._partial_runs()), *self.notes],
            "verifier_version": _version(),
            "runs": [
                {"name": one_line(r.name, _TITLE_CHARACTERS), "count": r.count, "kept": r.kept}
                for r in self.runs
            ],
            **names,
            "groups": groups,
        }
        if self.reward_range is not None:
            meta["reward_range"] = self.reward_range
        for weights, _ in self.tables.weights.most_common(1):
            meta["weights"] = dict(weights)
        versions = sorted(self.tables.semantics_versions)
        if versions:
            meta["semantics_version"] = ", ".join(f"{version:g}" for version in versions)
        if self.findings:
            pairs = zip(self.findings, self._groups_of_findings, strict=True)
            meta["findings"] = [finding | {"group": group} for finding, group in pairs]
        # In ASCII, and without "<", no text can end the element or start another one.
        return json.dumps(meta, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")

    def _partial_runs(self) -> list[Run]:
        return [run for run in self.runs if run.kept < run.count]


def write_page(page: Page, path: Path) -> None:
    """Write *page* to the file *path*, at once. Raises OSError.

    Anything else than a regular file, such as a pipe, is written as it is.
    """
    if path.exists() and not path.is_file():
        with path.open("w", encoding="utf-8") as stream:
            stream.writelines(page.texts())
        return
    path = path.resolve()
    descriptor, name = mkstemp(dir=path.parent, prefix=f".{path.name}.")  # of mode 600
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.writelines(page.texts())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


@cache
def _template() -> tuple[str, str]:
    text = resources.files(__package__).joinpath(_TEMPLATE).read_text("utf-8")
    head, tail = text.split(_MARKER)
    return head, tail


def _block(name: str, content: str) -> str:
    return f'<script type="text/plain" id="{name}">{content}</script>\n'


def _left_out(run: Run) -> str:
    return (
        f"{run.name}: this page has {run.kept:,} of {run.count:,} samples: whole prompt groups, "
        f"chosen by a hash (seed {SEED})"
    )


def _version() -> str:
    try:
        return metadata.version("nova-code-verifier")
    except metadata.PackageNotFoundError:
        return ""
