"""Decode tests that are written as Python literals, in single quotes, where JSON is expected.

In: a reference. Out: the same with lists and dicts in place of such texts. Nothing is evaluated.
"""

import ast
import json
from collections.abc import Mapping

from nova_code_verifier.verifier.reference.datasets.shapes import TEST_KEYS

_KEYS = TEST_KEYS | {"info", "metadata", "extra_info"}
_DEPTH_MAX = 6
# Parsing takes about a hundred times the size of the text.
_CHARACTERS_MAX = 4_000_000


def with_literals_decoded(value: object, depth: int = _DEPTH_MAX) -> object:
    """Return *value* with the Python literals in it decoded, at the keys that may hold tests."""
    if isinstance(value, str):
        decoded = _decoded(value)
        return value if decoded is None else with_literals_decoded(decoded, depth - 1)
    if not isinstance(value, Mapping) or depth <= 0:
        return value
    return {
        key: with_literals_decoded(item, depth - 1) if key in _KEYS else item
        for key, item in value.items()
    }


def _decoded(text: str) -> object:
    """Return the list or the dict in *text*, as JSON or as Python writes it, or None."""
    if not text.lstrip().startswith(("[", "{", "(")) or len(text) > _CHARACTERS_MAX:
        return None
    for read in (json.loads, ast.literal_eval):
        try:
            value: object = read(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            continue
        return value if isinstance(value, list | tuple | dict) else None
    return None
