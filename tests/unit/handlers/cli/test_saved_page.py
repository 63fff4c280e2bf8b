"""handlers/cli/saved_page.py: where a page may be written."""

from pathlib import Path

import pytest

from nova_code_verifier.handlers.cli.files import UnusableFileError
from nova_code_verifier.handlers.cli.saved_page import check_page


@pytest.mark.parametrize("page", [".", "missing/report.html", "rows.jsonl", "link.jsonl"])
def test_a_page_never_replaces_another_file_of_the_command(tmp_path: Path, page: str) -> None:
    """Nor is it written into nowhere."""
    rows = tmp_path / "rows.jsonl"
    rows.write_text("rows")
    (tmp_path / "link.jsonl").symlink_to(rows)

    with pytest.raises(UnusableFileError, match="cannot write"):
        check_page(str(tmp_path / page), None, str(rows))


def test_a_page_needs_a_name() -> None:
    """An empty variable of a shell is no name."""
    with pytest.raises(UnusableFileError, match="expected the name of a file"):
        check_page("")


def test_a_new_page_and_an_old_one_may_be_written(tmp_path: Path) -> None:
    """An old page is replaced."""
    (tmp_path / "old.html").write_text("old")

    check_page(str(tmp_path / "old.html"), "-", None)
    check_page(str(tmp_path / "new.html"), str(tmp_path / "rows.jsonl"))
