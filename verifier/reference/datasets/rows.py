"""Read the test cases of a native shape one by one, as they stand.

In: tests as `native_shapes` found them, and the dicts around them. Out: for each test case
a `RawCase`: input and output with their paths, and the function to call, if it is a call.
Must not know: what inputs and outputs mean.

The function is named by `fn_name`, `func_name`, `function_name` or `entry_point`, in the row,
in the case, or in the `metadata` of either. A case may declare its kind as `testtype` or
`type` (`stdin`, `stdin_stdout`, `functional`, `function_call`); without, it is a call if a
function is named. Names and kinds that do not go together are errors.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nova_code_verifier.verifier.errors import VerifierError
from nova_code_verifier.verifier.reference.datasets.shapes import ListedTests, PairedTests
from nova_code_verifier.verifier.reference.fields import (
    Scope,
    check_count,
    did_you_mean,
    mismatch,
    quote,
    quote_keys,
    read_dict,
    read_entry_point,
    read_list,
    read_setting,
    read_text,
)

_ENTRY_POINTS = ("fn_name", "func_name", "function_name", "entry_point")
_OUTPUTS = ("output", "expected_output")
_IS_CALL = {
    "stdin": False,
    "stdin_stdout": False,
    "stdio": False,
    "functional": True,
    "function_call": True,
    "call": True,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RawCase:
    """A dataset's test case; a call if there is an `entry_point`, otherwise stdio.

    `literal` cases mean what they say, to the letter (see `native_cases`).
    """

    input_field: str
    input: object
    output_field: str
    output: object
    entry_point: str | None
    literal: bool = False


def read_drafts(tests: PairedTests | ListedTests, scopes: Sequence[Scope]) -> list[RawCase]:
    """Read all test cases of a row: at least one, and all of one kind."""
    entry_point = read_function_name(scopes)
    if isinstance(tests, PairedTests):
        return _paired_drafts(tests.scope, entry_point)
    drafts = _listed_drafts(tests, entry_point)
    for draft in drafts:
        if (draft.entry_point is None) is not (drafts[0].entry_point is None):
            raise VerifierError(draft.input_field, "belongs to another kind of case than the first")
    return drafts


def _paired_drafts(scope: Scope, entry_point: str | None) -> list[RawCase]:
    inputs_field, outputs_field = scope.at("inputs"), scope.at("outputs")
    inputs = read_list(inputs_field, scope.values.get("inputs"))
    outputs = read_list(outputs_field, scope.values.get("outputs"))
    if len(inputs) != len(outputs):
        problem = f"found {len(outputs)} outputs for {len(inputs)} inputs"
        raise VerifierError(outputs_field, problem)
    check_count(inputs_field, len(inputs))
    return [
        RawCase(
            input_field=f"{inputs_field}[{index}]",
            input=given,
            output_field=f"{outputs_field}[{index}]",
            output=expected,
            entry_point=entry_point,
        )
        for index, (given, expected) in enumerate(zip(inputs, outputs, strict=True))
    ]


def _listed_drafts(tests: ListedTests, entry_point: str | None) -> list[RawCase]:
    check_count(tests.lists[0][0], sum(len(cases) for _, cases in tests.lists))
    return [
        _draft(f"{field}[{index}]", case, entry_point)
        for field, cases in tests.lists
        for index, case in enumerate(cases)
    ]


def _draft(field: str, case: object, row_entry_point: str | None) -> RawCase:
    if not isinstance(case, dict):
        raise mismatch(field, case, "a dict with input and output")
    output = _output_key(field, case)
    entry_point = _case_entry_point(field, case, row_entry_point)
    _check_declared_kind(field, case, entry_point)
    return RawCase(
        input_field=f"{field}.input",
        input=case.get("input"),
        output_field=f"{field}.{output}",
        output=case[output],
        entry_point=entry_point,
        literal=case.get("testtype") is not None,
    )


def _output_key(field: str, case: dict[str, object]) -> str:
    given = [key for key in _OUTPUTS if key in case]
    filled = [key for key in given if case[key] is not None]
    if len(filled) > 1:
        raise VerifierError(f"{field}.expected_output", "found beside output, expected one of them")
    if not given:
        hints = "".join(did_you_mean(key, case) for key in _OUTPUTS)
        raise VerifierError(f"{field}.output", f"found nothing, expected an output{hints}")
    return (filled or given)[0]


def _check_declared_kind(field: str, case: dict[str, object], entry_point: str | None) -> None:
    for key in ("testtype", "type"):
        if case.get(key) is None:
            continue
        kind = read_text(f"{field}.{key}", case[key], f"one of {quote_keys(_IS_CALL)}")
        if kind not in _IS_CALL:
            problem = f"found {quote(kind)}, expected one of {quote_keys(_IS_CALL)}"
            raise VerifierError(f"{field}.{key}", problem)
        if _IS_CALL[kind] is (entry_point is None):
            named = quote(entry_point) if entry_point else "none"
            problem = f"found {quote(kind)}, which contradicts the function named: {named}"
            raise VerifierError(f"{field}.{key}", problem)


def _case_entry_point(field: str, case: dict[str, object], row: str | None) -> str | None:
    if case.keys().isdisjoint((*_ENTRY_POINTS, "metadata")):
        return row
    own = read_function_name([Scope(field=field, values=case)])
    if own is not None and row is not None and own != row:
        raise VerifierError(field, f"names {quote(own)}, but the row names {quote(row)}")
    return own or row


def read_function_name(scopes: Sequence[Scope]) -> str | None:
    """Read the name of the function that a row is about, if it says so."""
    found: str | None = None
    scopes = [*scopes, *_metadata(scopes)]
    for key in _ENTRY_POINTS:
        setting = read_setting(scopes, key, read_entry_point)
        if setting and found not in (None, setting.value):
            problem = f"names {quote(setting.value)}, but {quote(found)} is named too"
            raise VerifierError(setting.field, problem)
        found = setting.value if setting else found
    return found


def _metadata(scopes: Sequence[Scope]) -> Iterator[Scope]:
    for scope in scopes:
        field, value = scope.at("metadata"), scope.values.get("metadata")
        # Other text there is none of our business.
        if isinstance(value, dict) or (isinstance(value, str) and '"func_name"' in value):
            yield Scope(field=field, values=read_dict(field, value))
