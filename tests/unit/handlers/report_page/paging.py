"""Read the data of a page again, as a browser does, and samples to make pages of."""

import gzip
import json
import re
from base64 import b64decode
from html.parser import HTMLParser
from pathlib import Path
from typing import Any


class _Scripts(HTMLParser):
    """Collects the text of the elements that hold data, by their ids."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: dict[str, str] = {}
        self._id: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember the id of a script."""
        self._id = dict(attrs).get("id") if tag == "script" else None

    def handle_endtag(self, tag: str) -> None:
        """Forget the id of the script that ends."""
        if tag == "script":
            self._id = None

    def handle_data(self, data: str) -> None:
        """Keep the text of a script."""
        if self._id is not None:
            self.texts[self._id] = self.texts.get(self._id, "") + data


class ReadPage:
    """The data of a page."""

    def __init__(self, text: str) -> None:
        """Parse the HTML of a page."""
        scripts = _Scripts()
        scripts.feed(text)
        self.elements = scripts.texts
        self.meta: dict[str, Any] = json.loads(self.elements["meta"])

    @classmethod
    def at(cls, path: Path | str) -> "ReadPage":
        """Read a file."""
        return cls(Path(path).read_text("utf-8"))

    def columns(self, run: int = 0) -> dict[str, list[Any]]:
        """Return the columns of a run; indexes are replaced by the names that they stand for."""
        columns: dict[str, list[Any]] = self._block(f"columns-{run}")
        assert len({len(column) for column in columns.values()}) == 1
        tables = {"verdict": "verdicts", "failure": "failures", "source": "sources"}
        tables |= {"reason": "reasons", "role": "roles"}
        for name, table in tables.items():
            if name in columns:
                names = self.meta[table]
                columns[name] = [None if i is None else names[i] for i in columns[name]]
        return columns

    def groups(self, run: int = 0) -> list[Any]:
        """Return the key of the group of each sample."""
        indexes = self.columns(run).get("group", [])
        return [None if i is None else self.meta["groups"][i]["key"] for i in indexes]

    def details(self, run: int = 0) -> list[Any]:
        """Return the details of all samples of a run."""
        names = [name for name in self.elements if re.fullmatch(rf"details-{run}-\d+", name)]
        names.sort(key=lambda name: int(name.rpartition("-")[2]))
        return [details for name in names for details in self._block(name)]

    def _block(self, name: str) -> Any:
        return json.loads(gzip.decompress(b64decode(self.elements[name], validate=True)))
