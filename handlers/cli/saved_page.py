"""Write the page of a report for the user."""

from pathlib import Path

from nova_code_verifier.handlers.cli.files import UnusableFileError, file_errors
from nova_code_verifier.handlers.report_page.page import Page, write_page


def save_page(page: Page, out: str) -> str:
    """Write *page* to the file *out*, and return what to say. Raises UnusableFileError."""
    with file_errors(f"cannot write {out}"):
        write_page(page, Path(out))
        size_bytes = Path(out).stat().st_size
    counts = " and ".join(f"{run.kept:,} samples" for run in page.runs)
    return f"wrote {out}: {counts}, {size_bytes / 2**20:.1f} MiB; only you can read it"


def check_page(out: str, *inputs: str | None) -> None:
    """Raise UnusableFileError for a name that cannot be written, before hours of work."""
    path = Path(out)
    if not out or path.is_dir():
        raise UnusableFileError(f"cannot write {out or 'a page'}: expected the name of a file")
    if not path.absolute().parent.is_dir():
        raise UnusableFileError(f"cannot write {out}: its directory does not exist")
    for name in inputs:
        if name and path.is_file() and Path(name).is_file() and path.samefile(name):
            raise UnusableFileError(f"cannot write {out}: it is an input; name another file")
