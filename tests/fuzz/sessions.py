"""Many sessions in one process, as only a fuzzer has them."""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock


@contextmanager
def unwrapped() -> Iterator[None]:
    """Restore what the tests' side of a session wraps for good.

    Otherwise each session keeps all that were before it, and the garbage collector needs minutes.
    """
    # Typeshed does not know it.
    mutated = warnings._filters_mutated  # type: ignore[attr-defined]
    with (
        mock.patch.multiple(os, chdir=os.chdir, fchdir=os.fchdir),
        mock.patch.object(warnings, "_filters_mutated", mutated),
    ):
        yield
