"""Find the sample that the user asks for.

In: samples of a file of any length, an id or a number. Out: the sample, and a note if others match
too.
"""

from collections.abc import Iterable

from nova_code_verifier.handlers.cli.files import UnusableFileError
from nova_code_verifier.handlers.cli.sample_lines import SampleLine

_IDS_SHOWN = 3


def find_sample(samples: Iterable[SampleLine], wanted: str, source: str) -> tuple[SampleLine, str]:
    """Return the first sample with the id *wanted*, or else the first on a line of this number.

    The note is empty if no other sample matches. Keeps no other sample in memory. Raises
    UnusableFileError if there is none.
    """
    by_id = by_number = None
    id_count = number_count = count = 0
    first_ids: list[str] = []
    for sample in samples:
        count += 1
        if sample.entry.id is not None and str(sample.entry.id) == wanted:
            by_id = by_id or sample
            id_count += 1
        if str(sample.number) == wanted:
            by_number = by_number or sample
            number_count += 1
        if len(first_ids) < _IDS_SHOWN and sample.entry.id is not None:
            first_ids.append(str(sample.entry.id)[:40])
    found = by_id or by_number
    if found is None and not count:
        raise UnusableFileError(f"{source}: found no samples, expected one or more")
    if found is None:
        first = f"the first ids are {', '.join(first_ids)}" if first_ids else "no sample has an id"
        raise UnusableFileError(
            f"{source}: no sample has the id {wanted}, and no sample is on a line of this number; "
            f"give the `id` of a sample or the number of its line; {first}"
        )
    matches, what = (id_count, "this id") if by_id else (number_count, "this number")
    note = f"{matches} samples have {what}; this is the first, {found.where}"
    return found, note if matches > 1 else ""
