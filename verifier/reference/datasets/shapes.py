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
| ICPC-Eval | `{"test_cases": [["input", "output"], ...]}` |
| QuixBugs | `{"fn_name": "f", "testcases": [{"args": [...], "expected": ...}]}` |
| SandboxFusion | `{"test": [{"input": {"stdin": ...}, "output": {"stdout": ...}}]}` |

Each shape, and each shape of test code in `reference/datasets/code.py`, may be wrapped in
`input_output`, `ground_truth`, `reward_model`, `reward_spec`, `unit_tests`, `verifier_metadata`,
`verification_info`, `tests`, `test_cases`, or in `info`, `metadata` or `extra_info` if nothing else
holds tests: several levels deep, as JSON or as a JSON string, also packed by base64 and zlib
(`reference/datasets/packed.py`) or as the only string of a list (open-instruct).

A row with tests in two places is refused, with four exceptions (see `_choose`). Other keys belong
to the dataset and are ignored. Those that we would misread are refused (`reference/columns.py`),
and so are tests that we cannot run: grading by half of the tests would be wrong.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nova_code_verifier.verifier.errors import VerifierError
from nova_code_verifier.verifier.reference.columns import refuse_misread_columns
from nova_code_verifier.verifier.reference.datasets.code import (
    CODE_KEY_GROUPS,
    CodeTests,
    code_in_list,
    read_code,
)
from nova_code_verifier.verifier.reference.datasets.decoding import (
    EXPECTED,
    open_string_in_list,
    read_json_or_code,
    read_packed_json,
    rows_of_columns,
    rows_of_pairs,
)
from nova_code_verifier.verifier.reference.fields import (
    Scope,
    did_you_mean,
    quote_keys,
    read_dict,
    read_list,
    read_text,
    unpack,
)
from nova_code_verifier.verifier.syntax import read_python

_PAIR = ("inputs", "outputs")
_WRAPPERS = (
    "tests", "test_cases", "testcases", "official_tests", "input_output", "ground_truth",
    "reward_model", "unit_tests", "verifier_metadata", "verification_info", "reward_spec",
)  # fmt: skip
# Common keys: they are looked into if no other key holds tests.
_WEAK_WRAPPERS = ("info", "extra_info", "metadata")
# Their values may also be a label or a text, for tasks without tests.
_FOR_ANY_TASK = frozenset(("ground_truth", "reward_model", "reward_spec"))
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
OWN_TEST_KEYS = TEST_KEYS - _FOR_ANY_TASK
"""The keys that hold tests and nothing else."""
_MAX_DEPTH = 6
_MAX_HINTS = 6

_UNSUPPORTED = {
    "plus_input": "found inputs without expected outputs; use the rows with `test` on Hugging Face",
    "base_input": "found inputs without expected outputs; use the rows with `test` on Hugging Face",
}
_SENTIMENT_KEYS = ("answer", "opinions")
_NOT_FOR_CODE = (
    "found no tests next to it; without tests, set task to sentiment (it is a label: positive, "
    "negative, neutral; or opinions) or to similarity (it is a text to compare with)"
)

_JSON_LIST = "a JSON list"


class CanonicalTests(Scope):
    """The `tests` of the canonical form, not read yet."""


class PairedTests(Scope):
    """Tests in `inputs` and `outputs` of one scope, not read yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedTests:
    """Lists of dicts with `input` and `output`, not read yet, each list with its path."""

    lists: tuple[tuple[str, list[object]], ...]


Tests = CanonicalTests | PairedTests | ListedTests | CodeTests


def find_tests(reference: object, notes: list[str]) -> tuple[Tests, tuple[Scope, ...]]:
    """Go from wrapper to wrapper until there are tests.

    Return the tests, and the dicts around them, the outermost first. Add to *notes* which tests
    were left out because others hold them too. Raise VerifierError if there are none, if two keys
    hold tests, or if they cannot be run.
    """
    key, field = "", ""
    value = unpack("reference", reference, EXPECTED, read_json_or_code)
    scopes: list[Scope] = []
    for _ in range(_MAX_DEPTH):
        field, value = open_string_in_list(field, value, scopes)
        tests = _tests_at(key, field, value)
        if tests is not None:
            return tests, tuple(scopes)
        scope = Scope(field=field, values=read_dict(field or "reference", value, EXPECTED))
        scopes.append(scope)
        keys = _test_keys(scope, notes)
        if len(keys) > 1 or (keys in CODE_KEY_GROUPS and not _is_json(scope.values[keys[0]])):
            return _tests_in(scope, keys), tuple(scopes)
        key = keys[0]
        field = scope.at(key)
        value = unpack(field, scope.values[key], EXPECTED, read_json_or_code)
    problem = f"found no tests in {_MAX_DEPTH} nested dicts, expected fewer levels"
    raise VerifierError(field, problem)


def holds_tests(values: Mapping[str, object], depth: int = _MAX_DEPTH) -> bool:
    """Return whether `find_tests` would find tests in *values*, or report what is wrong with them.

    A `ground_truth` that is a label or a text does not count.
    """
    if any(_is_filled(key, values.get(key)) for key in OWN_TEST_KEYS):
        return True
    inner = (values.get(key) for key in (*_FOR_ANY_TASK, *_WEAK_WRAPPERS))
    return depth > 0 and any(_is_tests(value, depth - 1) for value in inner)


def _is_tests(value: object, depth: int) -> bool:
    try:
        opened = unpack("", value, "", read_json_or_code)
    except VerifierError:
        return False
    if isinstance(opened, Mapping):
        return holds_tests(opened, depth)
    if isinstance(opened, list) and opened:
        return not (isinstance(opened[0], dict) and "polarity" in opened[0])  # opinions
    return isinstance(opened, CodeTests)


def _tests_at(key: str, field: str, value: object) -> Tests | None:
    if isinstance(value, CodeTests):
        return value
    if isinstance(value, list):
        path = field or "reference"
        if value and isinstance(value[0], dict) and "polarity" in value[0]:
            raise VerifierError(path, 'found a list of opinions, expected {"opinions": [...]}')
        return code_in_list(path, value) or ListedTests(lists=((path, rows_of_pairs(value)),))
    if isinstance(value, dict):
        if key == "tests" and not value.keys().isdisjoint(("kind", "cases")):
            return CanonicalTests(field=field, values=value)
        if key == "test" and "code" in value:
            return _code_with_files(field, value)
        if key and isinstance(value.get("input"), list | tuple):
            return ListedTests(lists=((field, rows_of_columns(field, value)),))
    return None


def _code_with_files(field: str, test: dict[str, object]) -> CodeTests:
    """Read the tests of SandboxFusion's AutoEval, which may need files."""
    if test.get("asset"):
        raise VerifierError(f"{field}.asset", "found files for the tests, expected none")
    return CodeTests(source=read_text(f"{field}.code", test["code"], "source code of tests"))


def _test_keys(scope: Scope, notes: list[str]) -> tuple[str, ...]:
    """Return the one group of keys that holds the tests in *scope*. Raise VerifierError."""
    _refuse_unsupported(scope)
    get = scope.values.get
    groups = [group for group in _KEY_GROUPS if any(_is_filled(key, get(key)) for key in group)]
    groups += [group for group in CODE_KEY_GROUPS if any(_may_be_code(get(key)) for key in group)]
    if len(groups) > 1:
        groups = _choose(scope, groups, notes)
    if not groups:
        groups = [(key,) for key in _WEAK_WRAPPERS if _is_tests(get(key), _MAX_DEPTH)]
    if not groups:
        raise _no_tests(scope)
    if len(groups) > 1:
        keys = " and ".join(quote_keys(group) for group in groups)
        raise VerifierError(scope.at(groups[1][0]), f"found tests in {keys}, expected one of them")
    return groups[0]


def _choose(scope: Scope, groups: list[tuple[str, ...]], notes: list[str]) -> list[tuple[str, ...]]:
    """Leave out groups of keys whose tests are also in another group."""
    get = scope.values.get
    left_out = set()
    if _is_leetcode_row(scope):
        left_out.add("input_output")  # what its `test` was made from
    if _is_python(get("test")):
        left_out.add("test_list")  # MBPP+: `test` is the script with all tests
    model = get("reward_model")
    if isinstance(model, dict) and model.get("ground_truth") == get("ground_truth"):
        left_out.add("reward_model")  # Dolci has both
    if ("test_cases",) in groups and not _is_filled("", get("private_test_cases")):
        left_out.add("public_test_cases")  # HardTests: the examples of the task
    chosen = [group for group in groups if left_out.isdisjoint(group)]
    if len(chosen) == 1:
        notes += [
            f"{scope.at(group[0])}: not read, because {scope.at(chosen[0][0])} has the tests"
            for group in groups
            if group not in chosen and group[0] in ("test_list", "public_test_cases")
        ]
    return chosen or groups


def _tests_in(scope: Scope, keys: tuple[str, ...]) -> Tests:
    if keys is _PAIR:
        return PairedTests(field=scope.field, values=scope.values)
    if keys in CODE_KEY_GROUPS:
        return read_code(scope, keys)
    filled = [key for key in keys if _is_filled(key, scope.values.get(key))]
    return ListedTests(lists=tuple((scope.at(key), _cases_at(scope, key)) for key in filled))


def _cases_at(scope: Scope, key: str) -> list[object]:
    field = scope.at(key)
    value = unpack(field, scope.values[key], _JSON_LIST, read_packed_json)
    if isinstance(value, dict):
        return rows_of_columns(field, value)
    return rows_of_pairs(read_list(field, value))


def _refuse_unsupported(scope: Scope) -> None:
    for key, problem in _UNSUPPORTED.items():
        value = scope.values.get(key)
        if isinstance(value, str | list) and value:
            raise VerifierError(scope.at(key), problem)
    refuse_misread_columns(scope)


def _no_tests(scope: Scope) -> VerifierError:
    empty_code_keys = [key for key in _CODE_KEYS if _is_empty(scope.values.get(key))]
    for key in (*_CASE_KEYS, *empty_code_keys):
        if key in scope.values:
            return VerifierError(scope.at(key), "found no test cases, expected at least one")
    for key in _SENTIMENT_KEYS:
        if key in scope.values:
            return VerifierError(scope.at(key), _NOT_FOR_CODE)
    hints = "".join(did_you_mean(key, _CASE_KEYS) for key in list(scope.values)[:_MAX_HINTS])
    problem = f"found {quote_keys(scope.values)}, expected tests, inputs and outputs, or test_cases"
    return VerifierError(scope.field or "reference", problem + hints)


def _is_empty(value: object) -> bool:
    return isinstance(value, str | list | tuple) and not value


def _is_leetcode_row(scope: Scope) -> bool:
    """Return whether the `input_output` of *scope* only describes the tests in its `test`."""
    pairs, test = scope.values.get("input_output"), scope.values.get("test")
    has_check = "entry_point" in scope.values and _may_be_code(test)
    return has_check and isinstance(pairs, list | tuple) and bool(pairs)


def _may_be_code(value: object) -> bool:
    # "test" is a common key. Test code is a source or a list of its lines, never a flag. A dict
    # with code is SandboxFusion's.
    is_code = isinstance(value, str | list | tuple) and bool(value)
    return is_code or (isinstance(value, dict) and isinstance(value.get("code"), str))


def _is_python(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip()) and read_python(value) is not None


def _is_json(value: object) -> bool:
    """Return whether a value of `test` holds test cases, or code in a dict, and is no source."""
    if isinstance(value, str):
        return value.lstrip().startswith(("[{", "{"))
    return isinstance(value, dict) or (isinstance(value, list | tuple) and _is_dict(value[:1]))


def _is_dict(first: Sequence[object]) -> bool:
    return bool(first) and isinstance(first[0], dict)


def _is_filled(key: str, value: object) -> bool:
    if key == "generated_tests" and isinstance(value, int | float):
        return False  # open-r1/codeforces: how many more tests there are in other files
    return value is not None and not (isinstance(value, str | list | tuple | dict) and not value)
