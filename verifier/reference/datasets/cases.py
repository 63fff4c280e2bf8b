"""Turn the test cases of datasets into ours.

In: drafts, a dataset's inputs and outputs as they stand. Out: `StdioCase`s or `CallCase`s.
Must not know: in which shape of row the drafts were found.

| kind | input | output |
|---|---|---|
| stdio | a string, or a list of lines | a string, or a list of lines |
| call | a list: the arguments | any JSON value: what is returned |
| call | a string: one JSON value per line, each an argument | a string of JSON, or a value |

Two traps come from APPS and TACO, and every grader that descends from them springs both:

* Rows from codewars wrap each expected value in a list (`[5]` for 5), others do not, and
  nothing in the row tells which. Where *all* outputs of a row are lists of one item, the
  item alone is accepted too; one output that is no such list proves the row unwrapped.
* JSON turned the int keys of dicts into strings. A dict of which every key is an int in
  decimal is given back its int keys as the only argument of a call, and is accepted with
  either keys as what is returned.

LiveCodeBench (its cases have a `testtype`) has neither, and is taken at its word.
"""

from collections.abc import Sequence

from nova_code_verifier.verifier.errors import VerifierError
from nova_code_verifier.verifier.reference.datasets.rows import RawCase
from nova_code_verifier.verifier.reference.fields import read_json, read_text
from nova_code_verifier.verifier.types import CallCase, StdioCase, TestCase

# More digits than any key that was an int; a bound for int(), which is slow on long ones.
_MAX_KEY_CHARACTERS = 20


def build_cases(drafts: Sequence[RawCase]) -> tuple[TestCase, ...]:
    """Build the test cases of a row from its *drafts*, which are all of one kind."""
    if drafts[0].entry_point is None:
        return tuple(map(_stdio_case, drafts))
    values = [_expected_value(draft) for draft in drafts]
    wrapped = all(isinstance(value, list) and len(value) == 1 for value in values)
    return tuple(
        _call_case(draft, value, wrapped=wrapped)
        for draft, value in zip(drafts, values, strict=True)
    )


def _stdio_case(draft: RawCase) -> StdioCase:
    return StdioCase(
        stdin=_joined(draft.input_field, draft.input),
        expected_stdout=_joined(draft.output_field, draft.output),
    )


def _joined(field: str, value: object) -> str:
    expected = "a string or a list of lines (or an fn_name, if a function is to be called)"
    if isinstance(value, list):
        return "\n".join(read_text(field, line, expected) for line in value)
    return read_text(field, value, expected)


def _call_case(draft: RawCase, value: object, *, wrapped: bool) -> CallCase:
    arguments = _arguments(draft.input_field, draft.input)
    return CallCase(
        entry_point=draft.entry_point or "",
        arguments=arguments if draft.literal else _with_int_keys(arguments),
        expected_value=value,
        also_accepted=() if draft.literal else _other_readings(value, wrapped=wrapped),
    )


def _arguments(field: str, value: object) -> tuple[object, ...]:
    expected = "a list of arguments, or a string with one JSON value per line"
    if isinstance(value, list):
        return tuple(value)
    lines = [line for line in read_text(field, value, expected).split("\n") if line.strip()]
    if not lines:
        # Not a call without arguments: that would fail every candidate if a value got lost.
        raise VerifierError(field, f"found an empty string, expected {expected}")
    return tuple(read_json(field, line, expected) for line in lines)


def _expected_value(draft: RawCase) -> object:
    if isinstance(draft.input, str) and isinstance(draft.output, str):
        return read_json(draft.output_field, draft.output)
    return draft.output


def _other_readings(value: object, *, wrapped: bool) -> tuple[object, ...]:
    items = value if wrapped and isinstance(value, list) else []
    with_int_keys = [_int_keyed(reading) for reading in (value, *items)]
    return (*items, *(reading for reading in with_int_keys if reading is not None))


def _with_int_keys(arguments: tuple[object, ...]) -> tuple[object, ...]:
    keyed = _int_keyed(arguments[0]) if len(arguments) == 1 else None
    return arguments if keyed is None else (keyed,)


def _int_keyed(value: object) -> dict[int, object] | None:
    if isinstance(value, dict) and value and all(map(_is_decimal, value)):
        return {int(key): item for key, item in value.items()}
    return None


def _is_decimal(key: str) -> bool:
    digits = key.removeprefix("-")
    return (
        len(key) <= _MAX_KEY_CHARACTERS
        and digits.isascii()
        and digits.isdigit()
        and str(int(key)) == key
    )
