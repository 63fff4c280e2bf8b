"""Read the test cases of a dataset row, without interpreting inputs and outputs.

In: tests as `reference/datasets/shapes.py` found them, and the dicts around them. Out: for each
test case a `RawCase`: input and output with their paths, and the function to call, if any.

The keys `fn_name`, `func_name`, `function_name` or `entry_point` name the function, in the row,
in the case, or in the `metadata` of either; `class_name` next to them names its class. The keys
`testtype` or `type` declare the kind of a case: `stdin`, `stdin_stdout` or `stdio`, or else
`functional`, `function_call` or `call`. Without them, a case is a call if a function is named. A
name that contradicts the kind is an error.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nova_code_verifier.verifier.errors import VerifierError
from nova_code_verifier.verifier.reference.columns import (
    may_be_misread,
    refuse_column_of_case,
)
from nova_code_verifier.verifier.reference.datasets.shapes import ListedTests, PairedTests
from nova_code_verifier.verifier.reference.fields import (
    Scope,
    bad_value,
    check_count,
    did_you_mean,
    is_name,
    mismatch,
    quote,
    quote_keys,
    read_dict,
    read_entry_point,
    read_list,
    read_setting,
    read_text,
    refuse_unknown_keys,
)

_ENTRY_POINTS = ("fn_name", "func_name", "function_name", "entry_point")
_OUTPUTS = ("output", "expected_output", "expected")
_STANDARD_CLASS = "Solution"
_CASE_KEYS = frozenset(("input", "args", *_OUTPUTS, *_ENTRY_POINTS, "testtype", "type", "metadata"))
_IS_CALL = dict.fromkeys(("stdin", "stdin_stdout", "stdio"), False) | (
    dict.fromkeys(("functional", "function_call", "call"), True)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RawCase:
    """A test case as a dataset wrote it: a call if it has an `entry_point`, otherwise stdio.

    The values of a `literal` case have one reading (see `reference/datasets/cases.py`).
    """

    input_field: str
    input: object
    output_field: str
    output: object
    entry_point: str | None
    literal: bool = False


def read_raw_cases(tests: PairedTests | ListedTests, scopes: Sequence[Scope]) -> list[RawCase]:
    """Read all test cases of a row: at least one, and all of one kind.

    Raise VerifierError for cases of two kinds, or for a case that lacks its output.
    """
    entry_point = read_function_name(scopes)
    if isinstance(tests, PairedTests):
        return _paired_raw_cases(tests, entry_point)
    check_count(tests.lists[0][0], sum(len(cases) for _, cases in tests.lists))
    for field, cases in tests.lists:
        _refuse_misread_cases(field, cases)
    raw_cases = [
        _raw_case(f"{field}[{index}]", case, entry_point)
        for field, cases in tests.lists
        for index, case in enumerate(cases)
    ]
    kinds = ["stdio" if case.entry_point is None else "call" for case in raw_cases]
    for raw_case, kind in zip(raw_cases, kinds, strict=True):
        if kind != kinds[0]:
            problem = f"found a {kind} case, expected a {kinds[0]} case like the first one"
            raise VerifierError(raw_case.input_field, problem)
    return raw_cases


def _paired_raw_cases(tests: PairedTests, entry_point: str | None) -> list[RawCase]:
    inputs_field, outputs_field = tests.at("inputs"), tests.at("outputs")
    inputs = read_list(inputs_field, tests.values.get("inputs"))
    outputs = read_list(outputs_field, tests.values.get("outputs"))
    if len(inputs) != len(outputs):
        problem = f"found {len(outputs)} outputs for {len(inputs)} inputs"
        raise VerifierError(outputs_field, problem)
    check_count(inputs_field, len(inputs))
    return [
        RawCase(
            input_field=f"{inputs_field}[{index}]",
            input=value,
            output_field=f"{outputs_field}[{index}]",
            output=output,
            entry_point=entry_point,
        )
        for index, (value, output) in enumerate(zip(inputs, outputs, strict=True))
    ]


def _raw_case(field: str, case: object, row_entry_point: str | None) -> RawCase:
    if not isinstance(case, dict):
        raise mismatch(field, case, "a dict with input and output")
    output = _output_key(field, case)
    entry_point = _case_entry_point(field, case, row_entry_point)
    _check_declared_kind(field, case, entry_point)
    key = "args" if "args" in case and "input" not in case else "input"
    input_field, given = _stream(f"{field}.{key}", case.get(key), "stdin", entry_point)
    output_field, expected = _stream(f"{field}.{output}", case[output], "stdout", entry_point)
    return RawCase(
        input_field=input_field,
        input=given,
        output_field=output_field,
        output=expected,
        entry_point=entry_point,
        literal=key == "args" or case.get("testtype") is not None,
    )


def _stream(field: str, value: object, name: str, entry_point: str | None) -> tuple[str, object]:
    """Take stdin or stdout out of the dict in which SandboxFusion has it, and the path of it."""
    if entry_point is not None or not isinstance(value, dict) or name not in value:
        return field, value
    filled = {key: item for key, item in value.items() if item}
    refuse_unknown_keys(field, filled, (name,))
    return f"{field}.{name}", value[name]


def _refuse_misread_cases(field: str, cases: Sequence[object]) -> None:
    """Raise VerifierError for a key of test cases that sets a checker or a limit of its own."""
    keys = {key for case in cases if isinstance(case, dict) for key in case} - _CASE_KEYS
    keys = set(filter(may_be_misread, keys))
    for index, case in enumerate(cases if keys else ()):
        if isinstance(case, dict):
            scope = Scope(field=f"{field}[{index}]", values=case)
            for key in sorted(keys.intersection(case)):
                refuse_column_of_case(scope, key)


def _output_key(field: str, case: dict[str, object]) -> str:
    present = [key for key in _OUTPUTS if key in case]
    filled = [key for key in present if case[key] is not None]
    if len(filled) > 1:
        problem = f"found both {' and '.join(filled)}, expected one of them"
        raise VerifierError(f"{field}.expected_output", problem)
    if not present:
        hints = "".join(did_you_mean(key, case) for key in _OUTPUTS)
        raise VerifierError(f"{field}.output", f"found nothing, expected an output{hints}")
    return (filled or present)[0]


def _check_declared_kind(field: str, case: dict[str, object], entry_point: str | None) -> None:
    for key in ("testtype", "type"):
        if case.get(key) is None:
            continue
        kinds = f"one of {quote_keys(_IS_CALL)}"
        kind = read_text(f"{field}.{key}", case[key], kinds)
        if kind not in _IS_CALL:
            raise bad_value(f"{field}.{key}", kind, kinds)
        if _IS_CALL[kind] is (entry_point is None):
            named = quote(entry_point) if entry_point else "none"
            problem = f"found {quote(kind)}, which contradicts the function name: {named}"
            raise VerifierError(f"{field}.{key}", problem)


def _case_entry_point(field: str, case: dict[str, object], row_name: str | None) -> str | None:
    if case.keys().isdisjoint((*_ENTRY_POINTS, "metadata")):
        return row_name
    name = read_function_name([Scope(field=field, values=case)])
    if None not in (name, row_name) and name != row_name:
        problem = f"found function name {quote(name)}, expected {quote(row_name)} as in the row"
        raise VerifierError(field, problem)
    return name or row_name


def read_function_name(scopes: Sequence[Scope]) -> str | None:
    """Return the name of the function that the tests call, or None if *scopes* name none."""
    name: str | None = None
    scopes = [*scopes, *_metadata(scopes)]
    for key in _ENTRY_POINTS:
        setting = read_setting(scopes, key, read_entry_point)
        if setting and name not in (None, setting.value):
            raise bad_value(setting.field, setting.value, f"{quote(name)} as in another key")
        name = setting.value if setting else name
    return _in_class(scopes, name) if name else None


def _in_class(scopes: Sequence[Scope], name: str) -> str:
    """Return *name* as a method of the class that the row names, if it names another than ours."""
    setting = read_setting(scopes, "class_name", _read_class_name)
    # A bare name is also found in a class `Solution`.
    if setting is None or setting.value == _STANDARD_CLASS:
        return name
    class_name, _, function = name.rpartition("().")
    if class_name not in ("", setting.value):
        raise bad_value(setting.field, setting.value, f"{quote(class_name)} as in {quote(name)}")
    return f"{setting.value}().{function}"


def _read_class_name(field: str, value: object) -> str:
    name = read_text(field, value, "the name of a class")
    if not is_name(name):
        raise bad_value(field, name, "the name of a class")
    return name


def _metadata(scopes: Sequence[Scope]) -> Iterator[Scope]:
    for scope in scopes:
        field, value = scope.at("metadata"), scope.values.get("metadata")
        # `metadata` is a common key: other text in it belongs to the dataset.
        if isinstance(value, dict) or (isinstance(value, str) and '"func_name"' in value):
            yield Scope(field=field, values=read_dict(field, value))
