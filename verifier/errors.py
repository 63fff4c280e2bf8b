"""The error for a dataset that cannot be used, and the search for a key that was misspelt."""

from collections.abc import Iterable
from difflib import get_close_matches

_COMPARED_CHARACTERS = 40


class VerifierError(Exception):
    """Raised for a reference that cannot be used. The sample is then ungraded.

    `field` is the path of the wrong part (`tests.cases[3].stdin`), so that the owner of the
    dataset can find it. `problem` says what was found there and what was expected.
    """

    def __init__(self, field: str, problem: str) -> None:
        """Set the message to "*field*: *problem*"."""
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


def nearest_key(key: object, known: Iterable[str], cutoff: float = 0.75) -> str | None:
    """Return the *known* key closest to *key*, or None if none is similar enough.

    *cutoff* is a ratio of `difflib`: 1.0 accepts only the same key, in any case.
    """
    # A caller of the library may pass keys that are no strings.
    word = str(key)[:_COMPARED_CHARACTERS].lower()
    near = get_close_matches(word, known, n=1, cutoff=cutoff)
    return near[0] if near else None
