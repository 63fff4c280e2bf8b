r"""Turn a reference into a test plan: which questions, which answers, at what cost.

In: a reference, as a trainer sent it (a dict, a JSON string of one, or that in a JSON
string once more). Out: a `TestPlan`, or a `CodePlan` for test code. Must not know: candidates,
and how anything is run.
What is unknown or contradictory is a `VerifierError` with the field; nothing is guessed.

A reference in its canonical form:

| key | value |
|---|---|
| `tests.kind` | `stdio`, a program that is run, `call`, a function that is called, or `code`, |
| | test code that does as it likes: see `verifier.reference.test_code` |
| `tests.entry_point` | for `call`: `f`, or `Solution().f` |
| `tests.cases` | 1 to 100,000 of `{"stdin": "1 2\n", "stdout": "3\n"}` for `stdio`, |
| | of `{"args": [1, 2], "expected": 3}` for `call` |
| `tests.groups` | points for groups of cases, `{"small": 30, "large": 70}`; then every case says |
| | in which it is: `{"stdin": ..., "stdout": ..., "group": "small"}` |
| `checker` | a kind, or `{"kind": ..., "abs_tol": 1e-9, "rel_tol": 1e-9}`; kinds: `tokens` |
| | (if not given), `exact`, `case_insensitive`, `numeric` (which alone has tolerances, |
| | 1e-6 if not given), `unordered_lines`, `json` |
| `limits` | see `verifier.reference.limits`, which also reads `time_limit` and its like |
| `language` | `python` (or `py`, `python3`, in any case); if not given, `python` |

    {"tests": {"kind": "stdio", "cases": [{"stdin": "1 2\n", "stdout": "3\n"}]},
     "limits": {"cpu_seconds": 2, "memory_mb": 256}}

    {"tests": {"kind": "call", "entry_point": "root",
               "cases": [{"args": [2], "expected": 1.41421}]},
     "checker": {"kind": "numeric", "abs_tol": 1e-4}}

    {"tests": {"kind": "code", "code": "def check(candidate):\n    assert candidate(2) == 4\n",
               "entry_point": "square"}}

`null` means absent, save in `args` and `expected`. `tests`, `cases`, `checker` and `limits` may
be JSON strings. Unknown keys in `tests`, a case, `checker` and `limits` are errors; beside `tests`
they are the dataset's own business (ids, prompts), unless they look like a slip of `tests`,
`checker`, `limits` or `language`.

Datasets in a shape of their own are read by `verifier.reference.datasets.shapes`, their test code
by
`verifier.reference.datasets.code`; `checker`, `limits` and `language` mean the same beside theirs.
Test code
compares for itself: a `checker` beside it is an error.
"""

import sys

from nova_code_verifier.sandbox.types import Limits
from nova_code_verifier.verifier.errors import VerifierError
from nova_code_verifier.verifier.reference.datasets.cases import build_cases
from nova_code_verifier.verifier.reference.datasets.code import CodeTests, code_of
from nova_code_verifier.verifier.reference.datasets.rows import read_drafts, read_function_name
from nova_code_verifier.verifier.reference.datasets.shapes import (
    CanonicalTests,
    FoundTests,
    find_tests,
)
from nova_code_verifier.verifier.reference.fields import (
    Scope,
    check_count,
    did_you_mean,
    mismatch,
    nearest_key,
    quote,
    quote_keys,
    read_dict,
    read_entry_point,
    read_list,
    read_number,
    read_setting,
    read_text,
    refuse_unknown_keys,
)
from nova_code_verifier.verifier.reference.limits import read_limits
from nova_code_verifier.verifier.reference.test_code import read_flag, read_test_code
from nova_code_verifier.verifier.types import (
    CallCase,
    Checker,
    CheckerKind,
    CodePlan,
    Groups,
    StdioCase,
    TestCase,
    TestCode,
    TestPlan,
)

_DEFAULT_LIMITS = Limits()
_MAX_POINTS = 1e9
_TOP_KEYS = ("tests", "checker", "limits", "language")
# "test" is a slip of "tests", but "n_tests" is not.
_SLIP = 0.85
_PYTHON = ("python", "py", "python3")
# A relative tolerance above 1 accepts everything; an absolute one only has to be finite.
_MAX_TOLERANCE = {"abs_tol": sys.float_info.max, "rel_tol": 1.0}


def plan_tests(
    reference: object, *, default_limits: Limits = _DEFAULT_LIMITS
) -> TestPlan | CodePlan:
    """Plan the tests of a *reference*; it may set limits, otherwise *default_limits* hold."""
    found = find_tests(reference)
    read_setting(found.scopes, "language", _read_language)
    checker = read_setting(found.scopes, "checker", _read_checker)
    limits = read_limits(found.scopes, default=default_limits)
    test_code = _paper(found)
    if test_code is None:
        checked = checker.value if checker else Checker()
        cases = _cases(found)
        return TestPlan(cases=cases, checker=checked, limits=limits, groups=_groups(found))
    if checker:
        raise VerifierError(
            checker.field, "has no meaning for test code, which compares for itself"
        )
    return CodePlan(test_code=test_code, limits=limits)


def _paper(found: FoundTests) -> TestCode | None:
    match found.tests:
        case CanonicalTests(field=field, values=values) if values.get("kind") == "code":
            _refuse_slips(found.scopes[-1])
            return read_test_code(field, values)
        case CodeTests() as code:
            shared = read_setting(found.scopes, "shared_process", read_flag)
            return code_of(
                code,
                found.scopes,
                entry_point=read_function_name(found.scopes) or "",
                shared_process=shared is not None and shared.value,
            )
    return None


def _cases(found: FoundTests) -> tuple[TestCase, ...]:
    if isinstance(found.tests, CanonicalTests):
        _refuse_slips(found.scopes[-1])
        return _canonical_cases(found.tests.field, found.tests.values)
    assert not isinstance(found.tests, CodeTests)  # noqa: S101  (a test code, and no cases)
    return build_cases(read_drafts(found.tests, found.scopes))


def _refuse_slips(scope: Scope) -> None:
    for key in scope.values:
        if key not in _TOP_KEYS and nearest_key(key, _TOP_KEYS, _SLIP):
            problem = f"unknown key{did_you_mean(key, _TOP_KEYS)}"
            raise VerifierError(scope.at(key), problem)


def _canonical_cases(field: str, tests: dict[str, object]) -> tuple[TestCase, ...]:
    match tests.get("kind"):
        case "stdio":
            refuse_unknown_keys(field, tests, ("kind", "cases", "groups"))
            cases = _dicts(f"{field}.cases", tests.get("cases"))
            return tuple(_stdio_case(where, case) for where, case in cases)
        case "call":
            refuse_unknown_keys(field, tests, ("kind", "cases", "groups", "entry_point"))
            name = read_entry_point(f"{field}.entry_point", tests.get("entry_point"))
            cases = _dicts(f"{field}.cases", tests.get("cases"))
            return tuple(_call_case(where, case, name) for where, case in cases)
        case unknown:
            problem = f"found {quote(unknown)}, expected stdio, call or code"
            raise VerifierError(f"{field}.kind", problem)


def _groups(found: FoundTests) -> Groups | None:
    """Read which group each case is in, and what the groups are worth, if there are any."""
    if not isinstance(found.tests, CanonicalTests):
        return None
    field, tests = found.tests.field, found.tests.values
    named = [case.get("group") for _, case in _dicts(f"{field}.cases", tests.get("cases"))]
    if tests.get("groups") is None:
        if any(name is not None for name in named):
            raise VerifierError(f"{field}.groups", "found nothing, but cases name their groups")
        return None
    points = read_dict(f"{field}.groups", tests["groups"], "a dict of points")
    places = {name: place for place, name in enumerate(points)}
    for number, name in enumerate(named):
        if not isinstance(name, str) or name not in places:
            problem = f"found {quote(name)}, expected one of {quote_keys(places)}"
            raise VerifierError(f"{field}.cases[{number}].group", problem)
    for name in points:
        if name not in named:
            problem = f"found points for {quote(name)}, but no case in this group"
            raise VerifierError(f"{field}.groups", problem)
    return Groups(
        points=tuple(
            read_number(f"{field}.groups", worth, _MAX_POINTS) for worth in points.values()
        ),
        of_case=tuple(places[str(name)] for name in named),
    )


def _dicts(field: str, value: object) -> list[tuple[str, dict[str, object]]]:
    cases = read_list(field, value)
    check_count(field, len(cases))
    dicts = []
    for index, case in enumerate(cases):
        where = f"{field}[{index}]"
        if not isinstance(case, dict):
            raise mismatch(where, case, "a dict")
        dicts.append((where, case))
    return dicts


def _stdio_case(field: str, case: dict[str, object]) -> StdioCase:
    refuse_unknown_keys(field, case, ("stdin", "stdout", "group"))
    return StdioCase(
        stdin=read_text(f"{field}.stdin", case.get("stdin")),
        expected_stdout=read_text(f"{field}.stdout", case.get("stdout")),
    )


def _call_case(field: str, case: dict[str, object], entry_point: str) -> CallCase:
    refuse_unknown_keys(field, case, ("args", "expected", "group"))
    arguments = case.get("args")
    if not isinstance(arguments, list):
        raise mismatch(f"{field}.args", arguments, "a list of arguments")
    if "expected" not in case:
        raise VerifierError(f"{field}.expected", "found nothing, expected a value (null is one)")
    return CallCase(
        entry_point=entry_point, arguments=tuple(arguments), expected_value=case["expected"]
    )


def _read_language(field: str, value: object) -> str:
    language = read_text(field, value)
    if language.lower() not in _PYTHON:
        raise VerifierError(field, f"found {quote(language)}, expected python")
    return "python"


def _read_checker(field: str, value: object) -> Checker:
    if isinstance(value, str) and not value.lstrip().startswith("{"):
        return Checker(kind=_checker_kind(field, value))
    values = read_dict(field, value, "the name of a checker, or a dict")
    refuse_unknown_keys(field, values, ("kind", "abs_tol", "rel_tol"))
    kind = _checker_kind(f"{field}.kind", values.get("kind"))
    return Checker(
        kind=kind,
        abs_tol=_tolerance(field, values, "abs_tol", kind),
        rel_tol=_tolerance(field, values, "rel_tol", kind),
    )


def _checker_kind(field: str, value: object) -> CheckerKind:
    for kind in CheckerKind:
        if value == kind:
            return kind
    problem = f"found {quote(value)}, expected one of {', '.join(CheckerKind)}"
    raise VerifierError(field, problem)


def _tolerance(field: str, values: dict[str, object], key: str, kind: CheckerKind) -> float:
    default: float = getattr(Checker(), key)
    if key not in values:
        return default
    if kind is not CheckerKind.NUMERIC:
        raise VerifierError(f"{field}.{key}", f"has no meaning for {kind}, only for numeric")
    return read_number(f"{field}.{key}", values[key], _MAX_TOLERANCE[key], lowest=0)
