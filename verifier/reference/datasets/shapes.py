"""Find the tests in a dataset row.

In: a reference, as a trainer sent it. Out: the tests with their path and their shape, and the
dicts around them. The values of test cases are not read here.

| dataset | shape |
|---|---|
| APPS, TACO, PRIME, verl, NeMo Gym | `{"inputs": [...], "outputs": [...], "fn_name"?: "f"}` |
| AWS | `{"test_cases": [{"input": ..., "expected_output": ...}]}` |
| open-r1, SYNTHETIC, DeepCoder | `{"test_cases" or "tests": [{"input", "output", "type"?}]}` |
| Codeforces of open-r1 | `{"official_tests": [{"input", "output"}]}` |
| open-instruct | `[{"input", "output"}]` |
| LiveCodeBench | `{"public_test_cases": [...], "private_test_cases": [...]}`, lists as above |
| code_contests | `{"public_tests": {"input": [...], "output": [...]}, "private_tests", ...}` |

Each shape, and each shape of test code in `reference/datasets/code.py`, may be wrapped in
`input_output`, `ground_truth`, `reward_model`, `unit_tests`, `verifier_metadata`,
`verification_info`, `tests` or `test_cases`, several levels deep, as JSON or as a JSON string.
A row with tests in two places is refused. The exception is LeetCodeDataset: its `input_output`
describes the tests that are in its `test`.

Other keys belong to the dataset and are ignored. A few of them hold tests that we cannot run:
these are refused, because grading by half of the tests would be wrong.
"""

from dataclasses import dataclass

from nova_code_verifier.verifier.errors import VerifierError
from nova_code_verifier.verifier.reference.datasets.code import (
    CODE_KEY_GROUPS,
    CodeTests,
    code_in_list,
    code_in_text,
    read_code,
)
from nova_code_verifier.verifier.reference.fields import (
    Scope,
    did_you_mean,
    quote,
    quote_keys,
    read_dict,
    read_json,
    read_list,
    unpack,
)

_PAIR = ("inputs", "outputs")
_WRAPPERS = (
    "tests", "test_cases", "official_tests", "input_output", "ground_truth", "reward_model",
    "unit_tests", "verifier_metadata", "verification_info",
)  # fmt: skip
# The keys of one group belong together. A row must have tests in exactly one group.
_KEY_GROUPS = (
    _PAIR,
    ("public_test_cases", "private_test_cases"),
    ("public_tests", "private_tests", "generated_tests"),
    *((wrapper,) for wrapper in _WRAPPERS),
)
_CASE_KEYS = tuple(key for group in _KEY_GROUPS for key in group)
_CODE_KEYS = tuple(key for group in CODE_KEY_GROUPS for key in group)
TEST_KEYS = frozenset({*_CASE_KEYS, *_CODE_KEYS})
"""The keys of a reference that may hold tests, in any shape."""
_MAX_DEPTH = 6
_MAX_HINTS = 6

_UNSUPPORTED = {
    "input_file": "found a file to read, which is not supported yet; expected stdin",
    "output_file": "found a file to write, which is not supported yet; expected stdout",
}
_SENTIMENT_KEYS = ("answer", "opinions")
_NOT_FOR_CODE = (
    "found no tests next to it; without tests, set task to sentiment (it is a label: positive, "
    "negative, neutral; or opinions) or to similarity (it is a text to compare with)"
)

_EXPECTED = (
    "a dict, a list of test cases, JSON of either, or asserts (put other test code in tests.code)"
)
_NEVER_UNPICKLED = "a JSON list (a base64 pickle is never unpickled: convert it offline)"


class CanonicalTests(Scope):
    """The `tests` of the canonical form, not read yet."""


class PairedTests(Scope):
    """Tests in `inputs` and `outputs` of one scope, not read yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedTests:
    """Lists of dicts with `input` and `output`, not read yet, each list with its path."""

    lists: tuple[tuple[str, list[object]], ...]


Tests = CanonicalTests | PairedTests | ListedTests | CodeTests


def find_tests(reference: object) -> tuple[Tests, tuple[Scope, ...]]:
    """Go from wrapper to wrapper until there are tests.

    Return the tests, and the dicts around them, the outermost first. Raise VerifierError if there
    are none, if two keys hold tests, or if they cannot be run.
    """
    key, field = "", ""
    value = unpack("reference", reference, _EXPECTED, _read_json_or_code)
    scopes: list[Scope] = []
    for _ in range(_MAX_DEPTH):
        tests = _tests_at(key, field, value)
        if tests is not None:
            return tests, tuple(scopes)
        scope = Scope(field=field, values=read_dict(field or "reference", value, _EXPECTED))
        scopes.append(scope)
        keys = _test_keys(scope)
        if len(keys) > 1 or keys in CODE_KEY_GROUPS:
            return _tests_in(scope, keys), tuple(scopes)
        key = keys[0]
        field = scope.at(key)
        value = unpack(field, scope.values[key], _EXPECTED, _read_json_or_code)
    problem = f"found no tests in {_MAX_DEPTH} nested dicts, expected fewer levels"
    raise VerifierError(field, problem)


def _read_json_or_code(field: str, text: str, expected: str) -> object:
    try:
        return read_json(field, text, expected)
    except VerifierError:
        code = code_in_text(text)
        if code is None:
            raise
        return code


def _tests_at(key: str, field: str, value: object) -> Tests | None:
    if isinstance(value, CodeTests):
        return value
    if isinstance(value, list):
        path = field or "reference"
        if value and isinstance(value[0], dict) and "polarity" in value[0]:
            raise VerifierError(path, 'found a list of opinions, expected {"opinions": [...]}')
        return code_in_list(path, value) or ListedTests(lists=((path, value),))
    if isinstance(value, dict):
        if key == "tests" and not value.keys().isdisjoint(("kind", "cases")):
            return CanonicalTests(field=field, values=value)
        if key and isinstance(value.get("input"), list):
            return ListedTests(lists=((field, _rows_of_columns(field, value)),))
    return None


def _test_keys(scope: Scope) -> tuple[str, ...]:
    """Return the one group of keys that holds the tests in *scope*. Raise VerifierError."""
    _refuse_unsupported(scope)
    get = scope.values.get
    groups = [group for group in _KEY_GROUPS if any(_is_filled(get(key)) for key in group)]
    groups += [group for group in CODE_KEY_GROUPS if any(_may_be_code(get(key)) for key in group)]
    if _is_leetcode_row(scope):
        groups.remove(("input_output",))
    if not groups:
        raise _no_tests(scope)
    if len(groups) > 1:
        keys = " and ".join(quote_keys(group) for group in groups)
        raise VerifierError(scope.at(groups[1][0]), f"found tests in {keys}, expected one of them")
    return groups[0]


def _tests_in(scope: Scope, keys: tuple[str, ...]) -> Tests:
    if keys is _PAIR:
        return PairedTests(field=scope.field, values=scope.values)
    if keys in CODE_KEY_GROUPS:
        return read_code(scope, keys)
    filled = [key for key in keys if _is_filled(scope.values.get(key))]
    return ListedTests(lists=tuple((scope.at(key), _cases_at(scope, key)) for key in filled))


def _cases_at(scope: Scope, key: str) -> list[object]:
    field = scope.at(key)
    value = unpack(field, scope.values[key], _NEVER_UNPICKLED)
    return _rows_of_columns(field, value) if isinstance(value, dict) else read_list(field, value)


def _rows_of_columns(field: str, columns: dict[str, object]) -> list[object]:
    """Convert a dict of lists, as table formats store rows, into a list of dicts."""
    filled = read_dict(field, columns)
    lists = {key: read_list(f"{field}.{key}", value) for key, value in filled.items()}
    lengths = {key: len(value) for key, value in lists.items()}
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"{length} in {quote(key)}" for key, length in lengths.items())
        raise VerifierError(field, f"found lists of different lengths, expected equal: {shown}")
    return [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]


def _refuse_unsupported(scope: Scope) -> None:
    for key, problem in _UNSUPPORTED.items():
        value = scope.values.get(key)
        if isinstance(value, str | list) and value:
            raise VerifierError(scope.at(key), problem)
    if scope.values.get("input_mode") == "file":
        problem = "found file, which is not supported yet; expected stdio"
        raise VerifierError(scope.at("input_mode"), problem)


def _no_tests(scope: Scope) -> VerifierError:
    empty_code_keys = [key for key in _CODE_KEYS if scope.values.get(key) in ("", [])]
    for key in (*_CASE_KEYS, *empty_code_keys):
        if key in scope.values:
            return VerifierError(scope.at(key), "found no test cases, expected at least one")
    for key in _SENTIMENT_KEYS:
        if key in scope.values:
            return VerifierError(scope.at(key), _NOT_FOR_CODE)
    hints = "".join(did_you_mean(key, _CASE_KEYS) for key in list(scope.values)[:_MAX_HINTS])
    problem = f"found {quote_keys(scope.values)}, expected tests, inputs and outputs, or test_cases"
    return VerifierError(scope.field or "reference", problem + hints)


def _is_leetcode_row(scope: Scope) -> bool:
    """Return whether the `input_output` of *scope* only describes the tests in its `test`."""
    pairs, test = scope.values.get("input_output"), scope.values.get("test")
    has_check = "entry_point" in scope.values and _may_be_code(test)
    return has_check and isinstance(pairs, list) and bool(pairs)


def _may_be_code(value: object) -> bool:
    # "test" is a common key. Test code is a source or a list of its lines, never a dict or a flag.
    return isinstance(value, str | list) and bool(value)


def _is_filled(value: object) -> bool:
    # Do not compare with ==: a library caller may pass arrays, which compare item by item.
    return value is not None and not (isinstance(value, str | list | dict) and not value)
