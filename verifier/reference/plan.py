r"""Turn a reference into a test plan.

In: a reference as a trainer sent it: a dict, a JSON string of one, or a JSON string of that
string. Out: a `TestPlan`, or a `CodePlan` for test code. A key that is unknown or contradicts
another one is a `VerifierError` that names the field; nothing is guessed.

The canonical form:

| key | value |
|---|---|
| `tests.kind` | `stdio`: run a program; `call`: call a function; `code`: run test code |
| `tests.cases` | `stdio`: 1 to 100,000 of `{"stdin": "1 2\n", "stdout": "3\n"}`; |
| | `call`: 1 to 100,000 of `{"args": [1, 2], "expected": 3}` |
| `tests.entry_point` | `call`: the function, `f` or `Solution().f`; `code`: what `check` gets |
| `tests.groups` | `stdio` and `call`, optional: points by group, `{"small": 30, "large": 70}`; |
| | then each case names its group: `{"stdin": ..., "stdout": ..., "group": "small"}` |
| `tests.code` | `code`: asserts, a function `check(candidate)`, pytest or unittest |
| `tests.prompt` | `code`: Python that the candidate completes: imports, the head of a function |
| `tests.style` | `code`: `script`, `pytest` or `unittest`; default: detected from the code |
| `tests.modules` | `code`: names under which tests import the candidate; default: `["solution"]` |
| `tests.shared_process` | `code`: true runs tests and candidate in one process, which is needed |
| | where tests patch what the candidate uses. A candidate can then cheat; its rows say so |
| `checker` | a kind, or `{"kind": "numeric", "abs_tol": 1e-9, "rel_tol": 1e-9}`, which may have |
| | `case_sensitive`; or `{"type": "tokens", "case_sensitive": false, "abs_tol": 1e-9}`. Kinds: |
| | `numeric` (default), `tokens`, `exact`, `case_insensitive`, `unordered_lines`, `json`. |
| | Only `numeric` has tolerances; default: 1e-6. A run may set another default. |
| | Or a program (`reference/checker_program.py`): |
| | `{"kind": "program", "source": "import sys\n...", "contract": "argv"}` |
| `limits` | see `reference/limits.py`, which also reads `time_limit` and `memory_limit` |
| `language` | `python` (default), `py` or `python3`, in any case |
| `prelude`, `starter_code` | see `reference/program_setup.py` |

    {"tests": {"kind": "stdio", "cases": [{"stdin": "1 2\n", "stdout": "3\n"}]},
     "limits": {"cpu_seconds": 2, "memory_mb": 256}}

    {"tests": {"kind": "call", "entry_point": "root",
               "cases": [{"args": [2], "expected": 1.41421}]},
     "checker": {"kind": "numeric", "abs_tol": 1e-4}}

    {"tests": {"kind": "code", "code": "def check(candidate):\n    assert candidate(2) == 4\n",
               "entry_point": "square"}}

`null` means absent, except in `args` and `expected`. `tests`, `cases`, `checker` and `limits` may
be JSON strings. Unknown keys inside `tests`, a case, `checker` and `limits` are errors. Unknown
keys next to `tests` (ids, prompts) are ignored, unless they look like a misspelt `tests`,
`checker`, `limits` or `language`.

`reference/datasets/shapes.py` reads the formats of public datasets, and
`reference/datasets/code.py` their test code. `checker`, `limits` and `language` mean the same
next to them. Test code compares values itself, so a `checker` next to it is an error.
"""

import sys
from dataclasses import replace

from nova_code_verifier.sandbox.types import Limits
from nova_code_verifier.verifier.errors import VerifierError, nearest_key
from nova_code_verifier.verifier.reference.checker_program import (
    PROGRAM_KIND,
    find_checker_program,
    read_checker_program,
    refuse_bare_source,
)
from nova_code_verifier.verifier.reference.columns import read_language
from nova_code_verifier.verifier.reference.datasets.cases import build_cases
from nova_code_verifier.verifier.reference.datasets.code import CodeTests, build_test_code
from nova_code_verifier.verifier.reference.datasets.rows import read_function_name, read_raw_cases
from nova_code_verifier.verifier.reference.datasets.shapes import CanonicalTests, find_tests
from nova_code_verifier.verifier.reference.fields import (
    Scope,
    Setting,
    bad_value,
    check_count,
    contradiction,
    did_you_mean,
    mismatch,
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
from nova_code_verifier.verifier.reference.program_setup import (
    read_program_setup,
    setup_for_cases,
    setup_for_test_code,
)
from nova_code_verifier.verifier.types import (
    CallCase,
    Checker,
    CheckerKind,
    CheckerProgram,
    CodePlan,
    Groups,
    StdioCase,
    TestCase,
    TestCode,
    TestPlan,
)

_MAX_POINTS = 1e9
_TOP_KEYS = ("tests", "checker", "limits", "language", "prelude")
# At this similarity "test" is a misspelt "tests", and "n_tests" is another word.
_MISSPELT_SIMILARITY = 0.85
_CODE_KEYS = ("kind", "code", "prompt", "entry_point", "style", "modules", "shared_process")
_STYLES = ("script", "pytest", "unittest")
# A relative tolerance above 1 accepts every number; an absolute one only has to be finite.
_MAX_TOLERANCE = {"abs_tol": sys.float_info.max, "rel_tol": 1.0}


def plan_tests(
    reference: object, *, default_limits: Limits = Limits(), default_checker: Checker = Checker()
) -> TestPlan | CodePlan:
    """Read the tests, the checker and the limits of a *reference*.

    *default_limits* and *default_checker* hold where the reference sets none. Raise VerifierError
    for a reference that cannot be used; the error names the field.
    """
    notes: list[str] = []
    found, scopes = find_tests(reference, notes)
    read_setting(scopes, "language", read_language)
    checker = read_setting(scopes, "checker", _read_checker)
    if program := find_checker_program(scopes):
        if checker:
            raise contradiction(program.path, checker.field)
        checker = Setting(field=program.path, value=program)
    limits = read_limits(scopes, default=default_limits, notes=notes)
    setup = read_program_setup(scopes)
    tests: TestCode | tuple[TestCase, ...]
    groups = None
    match found:
        case CodeTests():
            name = read_function_name(scopes) or ""
            setting = read_setting(scopes, "shared_process", _read_flag)
            shared = setting is not None and setting.value
            tests = build_test_code(found, scopes, entry_point=name, shared_process=shared)
        case CanonicalTests(field=field, values=values):
            _refuse_misspelt_keys(scopes[-1])
            if values.get("kind") == "code":
                tests = _test_code(field, values)
            else:
                tests, groups = _canonical_cases(field, values)
        case _:
            tests = build_cases(read_raw_cases(found, scopes))
    if not isinstance(tests, TestCode):
        chosen = checker.value if checker else default_checker
        setup = setup_for_cases(setup, tests)
        plan = TestPlan(cases=tests, limits=limits, groups=groups, setup=setup, notes=tuple(notes))
        return _with_checker(plan, chosen)
    if checker:
        problem = "found a checker, but test code compares values itself; remove the checker"
        raise VerifierError(checker.field, problem)
    setup, tests = setup_for_test_code(setup, tests)
    return CodePlan(test_code=tests, limits=limits, setup=setup, notes=tuple(notes))


def _with_checker(plan: TestPlan, checker: Checker | CheckerProgram) -> TestPlan:
    if isinstance(checker, Checker):
        return replace(plan, checker=checker)
    if isinstance(plan.cases[0], CallCase):
        problem = "found a checker program, which compares outputs, but the tests are calls"
        raise VerifierError(checker.path, f"{problem}; set checker to a kind")
    return replace(plan, checker_program=checker)


def _refuse_misspelt_keys(scope: Scope) -> None:
    for key in scope.values:
        if key not in _TOP_KEYS and nearest_key(key, _TOP_KEYS, _MISSPELT_SIMILARITY):
            problem = f"unknown key next to tests{did_you_mean(key, _TOP_KEYS)}"
            raise VerifierError(scope.at(key), problem)


def _canonical_cases(
    field: str, tests: dict[str, object]
) -> tuple[tuple[TestCase, ...], Groups | None]:
    cases: tuple[TestCase, ...]
    match tests.get("kind"):
        case "stdio":
            refuse_unknown_keys(field, tests, ("kind", "cases", "groups"))
            dicts = _dicts(f"{field}.cases", tests.get("cases"))
            cases = tuple(_stdio_case(path, case) for path, case in dicts)
        case "call":
            refuse_unknown_keys(field, tests, ("kind", "cases", "groups", "entry_point"))
            name = read_entry_point(f"{field}.entry_point", tests.get("entry_point"))
            dicts = _dicts(f"{field}.cases", tests.get("cases"))
            cases = tuple(_call_case(path, case, name) for path, case in dicts)
        case unknown:
            raise bad_value(f"{field}.kind", unknown, "stdio, call or code")
    return cases, _groups(f"{field}.groups", tests.get("groups"), dicts)


def _groups(field: str, value: object, cases: list[tuple[str, dict[str, object]]]) -> Groups | None:
    """Read the points of the groups and the group of each case; None if there are no groups."""
    if value is None:
        if any(case.get("group") is not None for _, case in cases):
            problem = "found nothing, but cases have a group; expected points for each group"
            raise VerifierError(field, problem)
        return None
    points = read_dict(field, value, "a dict of points")
    index_of = {name: index for index, name in enumerate(points)}
    of_case = []
    for path, case in cases:
        name = case.get("group")
        if not isinstance(name, str) or name not in index_of:
            raise bad_value(f"{path}.group", name, f"one of {quote_keys(index_of)}")
        of_case.append(index_of[name])
    if unused := index_of.keys() - {case["group"] for _, case in cases}:
        problem = f"found points for {quote_keys(sorted(unused))}, but no case with this group"
        raise VerifierError(field, problem)
    return Groups(
        points=tuple(read_number(field, number, _MAX_POINTS) for number in points.values()),
        of_case=tuple(of_case),
    )


def _dicts(field: str, value: object) -> list[tuple[str, dict[str, object]]]:
    cases = read_list(field, value)
    check_count(field, len(cases))
    dicts = []
    for index, case in enumerate(cases):
        path = f"{field}[{index}]"
        if not isinstance(case, dict):
            raise mismatch(path, case, "a dict")
        dicts.append((path, case))
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


def _test_code(field: str, tests: dict[str, object]) -> TestCode:
    refuse_unknown_keys(field, tests, _CODE_KEYS)
    tests = read_dict(field, tests)
    source = read_text(f"{field}.code", tests.get("code"), "source code of tests")
    if not source.strip():
        raise VerifierError(f"{field}.code", "found nothing, expected source code of tests")
    style = read_text(f"{field}.style", tests.get("style", ""))
    if style not in ("", *_STYLES):
        raise bad_value(f"{field}.style", style, f"one of {', '.join(_STYLES)}")
    name = tests.get("entry_point", "")
    modules = read_list(f"{field}.modules", tests.get("modules", ["solution"]))
    return TestCode(
        source=source,
        prompt=read_text(f"{field}.prompt", tests.get("prompt", "")),
        entry_point="" if name == "" else read_entry_point(f"{field}.entry_point", name),
        style=style,
        modules=tuple(
            read_text(f"{field}.modules[{index}]", module) for index, module in enumerate(modules)
        ),
        shared_process=_read_flag(f"{field}.shared_process", tests.get("shared_process", False)),
    )


def _read_flag(field: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise mismatch(field, value, "true or false")
    return value


def _read_checker(field: str, value: object) -> Checker | CheckerProgram:
    if isinstance(value, str) and not value.lstrip().startswith("{"):
        refuse_bare_source(field, value)
        return Checker(kind=_checker_kind(field, value))
    values = read_dict(field, value, "the name of a checker, or a dict")
    if values.get("kind") == PROGRAM_KIND:
        return read_checker_program(field, values)
    if "type" in values and "kind" not in values:
        return _read_typed_checker(field, values)
    refuse_unknown_keys(field, values, ("kind", "abs_tol", "rel_tol", "case_sensitive"))
    kind = _checker_kind(f"{field}.kind", values.get("kind"))
    for key in sorted(values.keys() - {"kind"}):
        if kind is not CheckerKind.NUMERIC:
            problem = f"found it for checker {kind}; it is only for numeric"
            raise VerifierError(f"{field}.{key}", problem)
    default = Checker()
    tolerances = {"abs_tol": default.abs_tol, "rel_tol": default.rel_tol}
    return _checker_of(field, values, kind, tolerances)


def _read_typed_checker(field: str, values: dict[str, object]) -> Checker:
    """Read the checker of Kattis packages as datasets write it: tokens, tolerances, and case."""
    refuse_unknown_keys(field, values, ("type", "abs_tol", "rel_tol", "case_sensitive"))
    if values["type"] != CheckerKind.TOKENS:
        raise bad_value(f"{field}.type", values["type"], "tokens, or a checker with a kind")
    if values.keys() & _MAX_TOLERANCE.keys():
        return _checker_of(field, values, CheckerKind.NUMERIC, dict.fromkeys(_MAX_TOLERANCE, 0.0))
    is_sensitive = _read_flag(f"{field}.case_sensitive", values.get("case_sensitive", True))
    return Checker(kind=CheckerKind.TOKENS if is_sensitive else CheckerKind.CASE_INSENSITIVE)


def _checker_of(
    field: str, values: dict[str, object], kind: CheckerKind, tolerances: dict[str, float]
) -> Checker:
    """Read what a numeric checker may have. *tolerances* are those that it does not name."""
    for key, highest in _MAX_TOLERANCE.items():
        if key in values:
            tolerances[key] = read_number(f"{field}.{key}", values[key], highest, lowest=0)
    return Checker(
        kind=kind,
        abs_tol=tolerances["abs_tol"],
        rel_tol=tolerances["rel_tol"],
        case_sensitive=_read_flag(f"{field}.case_sensitive", values.get("case_sensitive", True)),
    )


def _checker_kind(field: str, value: object) -> CheckerKind:
    for kind in CheckerKind:
        if value == kind:
            return kind
    raise bad_value(field, value, f"one of {', '.join(CheckerKind)}")
