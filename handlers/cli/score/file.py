"""Score a file of any length.

In: what to read and where to write, a place. Out: rows or a table, in the order of the samples; a
summary of the run.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path

from nova_code_verifier.handlers.cli import files
from nova_code_verifier.handlers.cli.dataset_files.reading import open_records
from nova_code_verifier.handlers.cli.exit_status import print_error
from nova_code_verifier.handlers.cli.progress import ProgressBar, print_notes
from nova_code_verifier.handlers.cli.sample_lines import read_samples
from nova_code_verifier.handlers.cli.score.outputs import Outputs
from nova_code_verifier.handlers.cli.score.page import PagedOutput, PageOptions
from nova_code_verifier.handlers.cli.score.pipeline import Pipeline
from nova_code_verifier.handlers.cli.score.places.place import Place
from nova_code_verifier.handlers.cli.score.resume import Resumption
from nova_code_verifier.handlers.cli.score.summary import Summary
from nova_code_verifier.handlers.dataset_row import Columns
from nova_code_verifier.sandbox.errors import SandboxError


def score_file(
    source: str,
    place: Place,
    columns: Columns = Columns(),
    *,
    out: str | None,
    with_details: bool,
    as_table: bool,
    quiet: bool,
    is_resumed: bool = False,
    page: PageOptions | None = None,
) -> Summary:
    """Score every sample of *source* at *place*, which has been started, and return the summary.

    Writes rows to the file *out*; without it rows, or with *as_table* a table, to standard
    output. *columns* have unusual names. A row is written as soon as it and all rows before it are
    known; rows that were written before an error stay. If *is_resumed*, keep the rows in *out*, and
    score what is missing. The *page* shows all rows. Raises UnusableFileError, and SandboxError if
    the sandbox cannot start.
    """
    summary = Summary()
    with ExitStack() as stack:
        file = stack.enter_context(open_records(source))
        print_notes(file.notes, quiet=quiet)
        place.wait_ready()  # raises if the sandbox cannot start, before the output is touched
        bar = stack.enter_context(
            ProgressBar(total_bytes=file.total_bytes, quiet=quiet, status=lambda: place.status)
        )
        samples = read_samples(file.records, columns, with_context=page is not None)
        resumption = Resumption(stack, out) if is_resumed and out is not None else None
        lines = (
            resumption.lines(samples, source, with_details=with_details) if resumption else samples
        )
        outputs = Outputs(
            stack, out, source, summary, resumption=resumption, as_table=as_table, bar=bar
        )
        paged = PagedOutput(outputs, page, source) if page else None
        with _hint_at_resume(out, summary), paged.saved() if paged else nullcontext():
            Pipeline(
                lines,
                place,
                paged or outputs,
                bar,
                with_details=with_details,
                full=paged is not None,
            ).run()
    if summary.count + summary.kept_count == 0:  # more likely a mistake than the intention
        name = files.shown_name(source)
        raise files.UnusableFileError(f"{name}: found no samples, expected one or more")
    return summary


@contextmanager
def _hint_at_resume(out: str | None, summary: Summary) -> Iterator[None]:
    """If the run is interrupted, say that the rows so far are kept."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit, SandboxError, files.UnusableFileError):
        if out is not None and Path(out).is_file() and summary.count + summary.kept_count:
            print_error(f"{out} keeps the rows so far; add --resume to score the others")
        raise
