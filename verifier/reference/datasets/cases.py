"""Convert the raw test cases of datasets into test cases.

In: `RawCase`s: inputs and outputs as a dataset wrote them. Out: `StdioCase`s or `CallCase`s.

| kind | input | output |
|---|---|---|
| stdio | a string, or a list of lines | a string, or a list of lines |
| call | a list: the arguments | any JSON value: the expected return value |
| call | a string: one JSON value per line, each an argument | a string of JSON, or any value |

APPS and TACO have two ambiguities, and the datasets made from them inherited both:

* Rows from Codewars wrap each expected value in a list (`[5]` for 5), other rows do not, and no
  field says which. If *all* outputs of a row are lists of one item, the item alone is accepted
  too. A single output that is not such a list proves that the row is not wrapped.
* JSON turned the int keys of dicts into strings. If every key of a dict is an int in decimal,
  the dict gets its int keys back where it is the only argument of a call; as an expected value,
  it is accepted with string keys and with int keys.

LiveCodeBench has neither ambiguity: its cases, which have a `testtype`, are not changed.
"""

import re
from collections.abc import Sequence

from nova_code_verifier.verifier.errors import VerifierError
from nova_code_verifier.verifier.reference.datasets.rows import RawCase
from nova_code_verifier.verifier.reference.fields import read_json, read_text
from nova_code_verifier.verifier.types import CallCase, StdioCase, TestCase

# An int as `str` writes it, in at most 20 characters: no int key is longer, and int() is slow on
# long strings.
_INT_KEY = re.compile(r"0|[1-9][0-9]{0,19}|-[1-9][0-9]{0,18}")


def build_cases(raw_cases: Sequence[RawCase]) -> tuple[TestCase, ...]:
    """Build the test cases of a row. All *raw_cases* must be of one kind.

    Raise VerifierError for an input or an output that cannot be read.
    """
    if raw_cases[0].entry_point is None:
        return tuple(map(_stdio_case, raw_cases))
    values = [_expected_value(raw_case) for raw_case in raw_cases]
    wrapped = all(isinstance(value, list) and len(value) == 1 for value in values)
    return tuple(
        _call_case(raw_case, value, wrapped=wrapped)
        for raw_case, value in zip(raw_cases, values, strict=True)
    )


def _stdio_case(raw_case: RawCase) -> StdioCase:
    return StdioCase(
        stdin=_joined(raw_case.input_field, raw_case.input),
        expected_stdout=_joined(raw_case.output_field, raw_case.output),
    )


def _joined(field: str, value: object) -> str:
    expected = "a string or a list of lines (if the tests call a function, set fn_name)"
    if isinstance(value, list | tuple):
        return "\n".join(read_text(field, line, expected) for line in value)
    return read_text(field, value, expected)


def _call_case(raw_case: RawCase, value: object, *, wrapped: bool) -> CallCase:
    arguments = _arguments(raw_case.input_field, raw_case.input)
    keyed = _int_keyed(arguments[0]) if len(arguments) == 1 and not raw_case.literal else None
    return CallCase(
        entry_point=raw_case.entry_point or "",
        arguments=arguments if keyed is None else (keyed,),
        expected_value=value,
        also_accepted=() if raw_case.literal else _other_readings(value, wrapped=wrapped),
    )


def _arguments(field: str, value: object) -> tuple[object, ...]:
    expected = "a list of arguments, or a string with one JSON value per line"
    if isinstance(value, list | tuple):
        return tuple(value)
    lines = [line for line in read_text(field, value, expected).split("\n") if line.strip()]
    if not lines:
        # Do not call without arguments: if a value got lost, every candidate would fail.
        raise VerifierError(field, f"found an empty string, expected {expected}")
    return tuple(read_json(field, line, expected) for line in lines)


def _expected_value(raw_case: RawCase) -> object:
    if isinstance(raw_case.input, str) and isinstance(raw_case.output, str):
        return read_json(raw_case.output_field, raw_case.output)
    return raw_case.output


def _other_readings(value: object, *, wrapped: bool) -> tuple[object, ...]:
    items = value if wrapped and isinstance(value, list) else []
    with_int_keys = [_int_keyed(reading) for reading in (value, *items)]
    return (*items, *(reading for reading in with_int_keys if reading is not None))


def _int_keyed(value: object) -> dict[int, object] | None:
    if isinstance(value, dict) and value and all(map(_INT_KEY.fullmatch, value)):
        return {int(key): item for key, item in value.items()}
    return None
