"""Find the tests in a row of a dataset.

In: a reference, as a trainer sent it. Out: where its tests are, in which shape, and the
dicts around them. Must not know: what a test case's values mean, or what it may cost.

| written by | shape |
|---|---|
| APPS, TACO, PRIME, verl, NeMo Gym | `{"inputs": [...], "outputs": [...], "fn_name"?: "f"}` |
| AWS | `{"test_cases": [{"input": ..., "expected_output": ...}]}` |
| open-r1, SYNTHETIC, DeepCoder | `{"test_cases" or "tests": [{"input", "output", "type"?}]}` |
| Codeforces of open-r1 | `{"official_tests": [{"input", "output"}]}` |
| open-instruct | `[{"input", "output"}]` |
| LiveCodeBench | `{"public_test_cases", "private_test_cases"}`, lists as above, or JSON of them |
| code_contests | `{"public_tests": {"input": [...], "output": [...]}, "private_tests", ...}` |

Each, and each shape of test code in `verifier.reference.datasets.code`, may stand inside
`input_output`,
`ground_truth`, `reward_model`, `unit_tests`, `verifier_metadata`, `verification_info`, `tests`
or `test_cases`, several deep, as JSON or as a JSON string. A row with tests in two of them is
refused, but for LeetCodeDataset, whose `input_output` says what its `test` was made from.

Keys that we do not know are the dataset's own business, with exceptions: those that hold
tests that we cannot run are refused, for grading by half of the tests is not grading.
"""

from dataclasses import dataclass

from nova_code_verifier.verifier.errors import VerifierError
from nova_code_verifier.verifier.reference.datasets.code import (
    CODE_SOURCES,
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
_HOLDERS = (
    "tests",
    "test_cases",
    "official_tests",
    "input_output",
    "ground_truth",
    "reward_model",
    "unit_tests",
    "verifier_metadata",
    "verification_info",
)
# Each group is one source of tests. A row must have tests in exactly one of them.
_SOURCES = (
    _PAIR,
    ("public_test_cases", "private_test_cases"),
    ("public_tests", "private_tests", "generated_tests"),
    *((holder,) for holder in _HOLDERS),
)
_SOURCE_KEYS = tuple(key for source in _SOURCES for key in source)
TEST_KEYS = frozenset({*_SOURCE_KEYS, *(key for source in CODE_SOURCES for key in source)})
"""Where a reference may hold tests, in whatever shape."""
_MAX_DEPTH = 6
_NIL: tuple[object, ...] = ("", [])

_UNSUPPORTED = {
    "generated_checker": "found a checker program, which is not supported yet",
    "input_file": "found the name of a file to read, which is not supported yet",
    "output_file": "found the name of a file to write, which is not supported yet",
}
_SENTIMENT = ("answer", "opinions")
_NO_TESTS_BESIDE = (
    "found no tests beside it; alone, it is a label or opinions (task sentiment: positive, "
    "negative, neutral) or a text to compare with (task similarity)"
)

_EXPECTED = "a dict, a list of test cases, JSON of either, or asserts (other test code: tests.code)"
_NEVER_UNPICKLED = "a JSON list (base64 of a pickle is never unpickled: convert it offline)"


@dataclass(frozen=True, slots=True, kw_only=True)
class CanonicalTests:
    """Tests in our own form, unread."""

    field: str
    values: dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedTests:
    """Tests as `inputs` and `outputs` of one scope, unread."""

    scope: Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedTests:
    """Tests as lists of dicts with `input` and `output`, unread, each list with its path."""

    lists: tuple[tuple[str, list[object]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundTests:
    """The tests of a reference, and the dicts around them, outermost first."""

    tests: CanonicalTests | PairedTests | ListedTests | CodeTests
    scopes: tuple[Scope, ...]


def find_tests(reference: object) -> FoundTests:
    """Walk inwards until there are tests; never past a fork."""
    key, field = "", ""
    value = _opened("reference", reference)
    scopes: list[Scope] = []
    for _ in range(_MAX_DEPTH):
        tests = _tests_at(key, field, value)
        if tests is not None:
            return FoundTests(tests=tests, scopes=tuple(scopes))
        scope = Scope(field=field, values=read_dict(field or "reference", value, _EXPECTED))
        scopes.append(scope)
        source = _source(scope)
        if len(source) > 1 or source in CODE_SOURCES:
            return FoundTests(tests=_tests_of(scope, source), scopes=tuple(scopes))
        key = source[0]
        field, value = scope.at(key), _opened(scope.at(key), scope.values[key])
    raise VerifierError(field, f"found {_MAX_DEPTH} dicts in one another, and no tests yet")


def _opened(field: str, value: object) -> object:
    """Decode *value* where it is JSON in a string; what is test code, and no JSON, is known."""
    for _ in range(2):
        if not isinstance(value, str):
            return value
        text = value
        try:
            value = read_json(field, text, _EXPECTED)
        except VerifierError:
            code = code_in_text(text)
            if code is None:
                raise
            return code
    if isinstance(value, str):
        raise VerifierError(field, f"found JSON strings in one another, expected {_EXPECTED}")
    return value


def _tests_at(
    key: str, field: str, value: object
) -> CanonicalTests | ListedTests | CodeTests | None:
    if isinstance(value, CodeTests):
        return value
    if isinstance(value, list):
        where = field or "reference"
        if value and isinstance(value[0], dict) and "polarity" in value[0]:
            raise VerifierError(where, 'found a list of opinions, expected {"opinions": [...]}')
        return code_in_list(where, value) or ListedTests(lists=((where, value),))
    if isinstance(value, dict):
        if key == "tests" and not value.keys().isdisjoint(("kind", "cases")):
            return CanonicalTests(field=field, values=value)
        if key and isinstance(value.get("input"), list):
            return ListedTests(lists=((field, _rows(field, value)),))
    return None


def _source(scope: Scope) -> tuple[str, ...]:
    """Return the keys that hold the tests in *scope*, or raise."""
    _refuse_unsupported(scope)
    sources = [
        source for source in _SOURCES if any(_filled(scope.values.get(key)) for key in source)
    ]
    sources += [
        source
        for source in CODE_SOURCES
        if any(_holds_code(scope.values.get(key)) for key in source)
    ]
    if _is_of_leetcode(scope):
        sources.remove(("input_output",))
    if not sources:
        raise _no_tests(scope)
    if len(sources) > 1:
        keys = " and ".join(quote_keys(source) for source in sources)
        raise VerifierError(scope.at(sources[1][0]), f"found tests in {keys}, expected one of them")
    return sources[0]


def _tests_of(scope: Scope, source: tuple[str, ...]) -> PairedTests | ListedTests | CodeTests:
    if source is _PAIR:
        return PairedTests(scope=scope)
    if source in CODE_SOURCES:
        return read_code(scope, source)
    keys = [key for key in source if _filled(scope.values.get(key))]
    return ListedTests(lists=tuple((scope.at(key), _cases_at(scope, key)) for key in keys))


def _cases_at(scope: Scope, key: str) -> list[object]:
    field = scope.at(key)
    value = unpack(field, scope.values[key], _NEVER_UNPICKLED)
    return _rows(field, value) if isinstance(value, dict) else read_list(field, value)


def _rows(field: str, columns: dict[str, object]) -> list[object]:
    """Turn a dict of lists, as tables keep them, into a list of dicts."""
    lists = {
        key: read_list(f"{field}.{key}", value)
        for key, value in columns.items()
        if value is not None
    }
    lengths = {key: len(value) for key, value in lists.items()}
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"{length} in {quote(key)}" for key, length in lengths.items())
        raise VerifierError(field, f"found lists of different lengths: {shown}")
    return [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]


def _refuse_unsupported(scope: Scope) -> None:
    for key, problem in _UNSUPPORTED.items():
        value = scope.values.get(key)
        if isinstance(value, str | list) and value:
            raise VerifierError(scope.at(key), problem)
    if scope.values.get("input_mode") == "file":
        raise VerifierError(scope.at("input_mode"), "found file, which is not supported yet")


def _no_tests(scope: Scope) -> VerifierError:
    empty_code = [key for source in CODE_SOURCES for key in source if scope.values.get(key) in _NIL]
    for key in (*_SOURCE_KEYS, *empty_code):
        if key in scope.values:
            return VerifierError(scope.at(key), "found no test cases, expected at least one")
    for key in _SENTIMENT:
        if key in scope.values:
            return VerifierError(scope.at(key), _NO_TESTS_BESIDE)
    hints = "".join(did_you_mean(key, _SOURCE_KEYS) for key in list(scope.values)[:_MAX_DEPTH])
    problem = f"found {quote_keys(scope.values)}, expected tests, inputs and outputs or test_cases"
    return VerifierError(scope.field or "reference", problem + hints)


def _is_of_leetcode(scope: Scope) -> bool:
    """Tell a row whose list of inputs and outputs is an account of its test code."""
    listed = scope.values.get("input_output")
    has_check = _holds_code(scope.values.get("test")) and "entry_point" in scope.values
    return has_check and isinstance(listed, list) and bool(listed)


def _holds_code(value: object) -> bool:
    # "test" is a common word: what is neither source nor lines of it is no test code.
    return isinstance(value, str | list) and bool(value)


def _filled(value: object) -> bool:
    return value is not None and not (isinstance(value, str | list | dict) and not value)
