"""Write the page of a report for the user."""

from pathlib import Path
from typing import TYPE_CHECKING

from nova_code_verifier.handlers.cli.files import UnusableFileError, file_errors

if TYPE_CHECKING:  # it takes long to load
    from nova_code_verifier.handlers.report_page.page import Page


def save_page(page: "Page", out: str) -> str:
    """Write *page* to the file *out*, and return what to say. Raises UnusableFileError."""
    from nova_code_verifier.handlers.report_page.page import write_page  # noqa: PLC0415

    with file_errors(f"cannot write {out}"):
        write_page(page, Path(out))
        size_bytes = Path(out).stat().st_size
    counts = " and ".join(f"{run.kept:,} sample{'s' * (run.kept != 1)}" for run in page.runs)
    return f"wrote {out}: {counts}, {size_bytes / 2**20:.1f} MiB; only you can read it"


def check_page(out: str, *others: str | None) -> None:
    """Raise UnusableFileError if *out* cannot be written, before hours of work.

    The *others* are the files that the command reads or writes, too.
    """
    path = Path(out)
    if not out or path.is_dir():
        raise UnusableFileError(f"cannot write {out or 'a page'}: expected the name of a file")
    if not path.absolute().parent.is_dir():
        raise UnusableFileError(f"cannot write {out}: its directory does not exist")
    if path.resolve() in {Path(name).resolve() for name in others if name}:
        raise UnusableFileError(f"cannot write {out}: it is used already; name another file")
