"""Decode tests: the strings and lists that datasets wrap them in.

In: a value of a row. Out: lists of dicts with `input` and `output`, or test code. The values of
test cases are not read here.
"""

from collections.abc import Sequence
from typing import TypeGuard

from nova_code_verifier.verifier.errors import VerifierError
from nova_code_verifier.verifier.reference.datasets.code import code_in_text
from nova_code_verifier.verifier.reference.datasets.packed import is_packed, unpack_text
from nova_code_verifier.verifier.reference.fields import (
    Scope,
    quote,
    read_dict,
    read_json,
    read_list,
    unpack,
)

EXPECTED = (
    "a dict, a list of test cases, JSON of either, or asserts (put other test code in tests.code)"
)
"""What a reference, or a value that holds tests, may be."""


def read_packed_json(field: str, text: str, expected: str) -> object:
    """Decode JSON, or JSON that is packed. Raise VerifierError."""
    try:
        return read_json(field, text, expected)
    except VerifierError:
        packed = unpack_text(field, text)
        if packed is None:
            raise
        return read_json(field, packed, expected)


def read_json_or_code(field: str, text: str, expected: str) -> object:
    """Decode JSON as `read_packed_json` does, or return Python that asserts as `CodeTests`."""
    try:
        return read_packed_json(field, text, expected)
    except VerifierError:
        code = code_in_text(text)
        if code is None:
            raise
        return code


def open_string_in_list(field: str, value: object, scopes: Sequence[Scope]) -> tuple[str, object]:
    """Decode the only string of a list, or that for code: open-instruct has one for each verifier.

    `dataset`, a list beside it, then names the verifiers.
    """
    if not isinstance(value, list) or not value or not all(isinstance(t, str) for t in value):
        return field, value
    verifiers = next((s.values["dataset"] for s in scopes if "dataset" in s.values), None)
    index = 0
    if isinstance(verifiers, list | tuple) and len(verifiers) == len(value) > 1:
        index = next((i for i, v in enumerate(verifiers) if str(v).startswith("code")), 0)
    elif len(value) > 1:
        return field, value
    text = str(value[index])
    if not text.lstrip().startswith(("[", "{", '"')) and not is_packed(text):
        return field, value
    path = f"{field or 'reference'}[{index}]"
    return path, unpack(path, text, EXPECTED, read_json_or_code)


def rows_of_columns(field: str, columns: dict[str, object]) -> list[object]:
    """Convert a dict of lists, as table formats store rows, into a list of dicts."""
    filled = read_dict(field, columns)
    lists = {key: read_list(f"{field}.{key}", value) for key, value in filled.items()}
    lengths = {key: len(value) for key, value in lists.items()}
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"{length} in {quote(key)}" for key, length in lengths.items())
        raise VerifierError(field, f"found lists of different lengths, expected equal: {shown}")
    return [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]


def rows_of_pairs(items: list[object]) -> list[object]:
    """Convert pairs of input and output into dicts; return a list of anything else unchanged."""
    pairs = [item for item in items if _is_pair(item)]
    if len(pairs) != len(items):
        return items
    return [dict(zip(("input", "output"), pair, strict=True)) for pair in pairs]


def _is_pair(item: object) -> TypeGuard[Sequence[str]]:
    if not isinstance(item, list | tuple):
        return False
    return len(item) == len(("input", "output")) and all(isinstance(text, str) for text in item)
