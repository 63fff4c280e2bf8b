"""Read Python, whatever it is.

In: a text, perhaps a candidate's. Out: its syntax tree, if it is Python. Nothing is run, and
nothing is said about odd escapes. Must not know: whose text it is.
"""

import ast
import threading
import warnings

# Silencing warnings swaps the filters of the whole process: one thread at a time, or the
# last one out puts back the filters of another.
_WARNING_FILTERS = threading.Lock()


def parse(text: str) -> ast.Module:
    """Parse *text*. Raises what `ast.parse` does: SyntaxError, or RecursionError and the like."""
    with _WARNING_FILTERS, warnings.catch_warnings(action="ignore"):
        return ast.parse(text)


def read_python(text: str) -> ast.Module | None:
    """Parse *text*; None if it is no Python."""
    try:
        return parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None  # the last two: nested too deeply for the parser
