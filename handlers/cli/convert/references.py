"""Write a test plan as a reference, in a form that is read back as the same plan.

In: the reference of a row, in any form that we read. Out: `Reference`, a JSON text with the tests.

The forms, the first that is read back as the same plan counts:

| tests | form |
|---|---|
| `stdio`, `call` | `{"inputs": [...], "outputs": [...], "fn_name"?: "f"}`, as most graders |
| test code | `{"tests": {"kind": "code", ...}}`, the canonical form |
| test code that needs libraries | `{"test": "...", "libs": [...]}` |
| all others | the canonical form |

A JSON text, and no dict: tables (Arrow, Parquet) would fill the dicts of all rows with the keys of
the others, also those that are arguments of calls.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from nova_code_verifier.handlers.cli.convert.literals import with_literals_decoded
from nova_code_verifier.handlers.cli.convert.refusal import RefusedRowError
from nova_code_verifier.sandbox.types import Limits
from nova_code_verifier.verifier.errors import VerifierError
from nova_code_verifier.verifier.jobs import questions_of
from nova_code_verifier.verifier.reference.plan import plan_tests
from nova_code_verifier.verifier.reference.task import (
    Task,
    open_reference,
    read_task,
    read_text_reference,
)
from nova_code_verifier.verifier.rubric import DEFAULT_RUBRIC
from nova_code_verifier.verifier.rubric_file import SECTIONS
from nova_code_verifier.verifier.sentiment.answer import read_expected
from nova_code_verifier.verifier.types import (
    Checker,
    CodePlan,
    Sample,
    StdioCase,
    TestCase,
    TestCode,
    TestPlan,
)

Plan = TestPlan | CodePlan
Values = dict[str, Any]  # a part of a reference, as JSON

# What a reference does not set stays unset, so that the settings of the run hold there.
_UNSET_LIMITS = Limits(
    cpu_seconds=0,
    wall_seconds=0,
    memory_bytes=0,
    output_bytes=0,
    total_cpu_seconds=0,
    total_wall_seconds=0,
)
_UNSET_CHECKER = Checker(abs_tol=-1.0)
_WALL_SECONDS_PER_CPU_SECOND = 3
_MEBIBYTE = 2**20
_Written = TypeVar("_Written")
_MODULES = TestCode(source="").modules


@dataclass(frozen=True, slots=True, kw_only=True)
class Tests:
    """The tests of a row, and what its reference says beside them. `notes` are for people."""

    plan: Plan
    beside: Values
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """The reference of a row without tests: a label, opinions or a text."""

    values: Values


def read_reference(sample: Sample) -> Tests | Label:
    """Read the reference of a row as the verifier would grade it. Raises RefusedRowError."""
    if sample.reference is None:
        raise RefusedRowError("reference_answer: missing; name its column by --reference-field")
    try:
        opened = open_reference(sample.reference)
    except VerifierError as error:
        raise RefusedRowError(str(error)) from None
    try:
        return _read(opened, sample.tasks)
    except VerifierError as error:
        reason = RefusedRowError(str(error))
    decoded = with_literals_decoded(opened)
    if decoded != opened:
        try:
            return _read(decoded, sample.tasks)
        except VerifierError as error:
            reason = RefusedRowError(str(error))
    raise reason


def _read(opened: object, tasks: tuple[str, ...]) -> Tests | Label:
    spec = read_task(opened, tasks, DEFAULT_RUBRIC)
    beside = _beside(opened)
    if spec.task is Task.SIMILARITY:
        read_text_reference(opened, opened)
        return Label(values=_own_values(opened) | {"task": Task.SIMILARITY} | beside)
    if spec.task is not Task.CODE and read_expected(opened) is not None:
        return Label(values=_own_values(opened) | {"task": Task.SENTIMENT} | beside)
    plan = plan_tests(opened, default_limits=_UNSET_LIMITS, default_checker=_UNSET_CHECKER)
    if isinstance(plan, TestPlan):
        questions_of(plan)  # refuses cases that no candidate could be asked
    if spec.solution:
        beside["solution"] = spec.solution
    return Tests(plan=replace(plan, notes=()), beside=beside, notes=plan.notes)


def _own_values(opened: object) -> Values:
    """Return the keys of a reference that may hold a label, opinions or a text."""
    if not isinstance(opened, Mapping):
        return {"answer": opened}
    keys = ("answer", "label", "polarity", "opinions", "text", "reference", "solution")
    return {key: opened[key] for key in keys if opened.get(key) is not None}


def _beside(opened: object) -> Values:
    """Return what changes the reward: the rubric of the row, and the format that it asks for."""
    if not isinstance(opened, Mapping):
        return {}
    table, wanted = opened.get("rubric"), opened.get("format")
    if isinstance(table, str) and table.lstrip().startswith("{"):
        table = json.loads(table)  # `read_task` has read it
    beside: Values = {}
    if isinstance(table, Mapping) and not table.keys().isdisjoint(SECTIONS):
        beside["rubric"] = table
    if isinstance(wanted, str | list):
        beside["format"] = wanted
    return beside


def with_chosen_cases(tests: Tests, indices: Sequence[int]) -> Tests:
    """Return *tests*, which are no test code, with the cases at *indices* only."""
    plan = _case_plan(tests)
    groups = plan.groups
    if groups is not None:
        groups = replace(groups, of_case=tuple(groups.of_case[index] for index in indices))
    cases = tuple(plan.cases[index] for index in indices)
    return replace(tests, plan=replace(plan, cases=cases, groups=groups))


def _case_plan(tests: Tests) -> TestPlan:
    assert isinstance(tests.plan, TestPlan), "test code has no cases"  # noqa: S101
    return tests.plan


def write_reference(tests: Tests, extra: Values) -> str:
    """Return the reference as JSON, with *extra* keys beside the tests. Raises RefusedRowError."""
    return _first_same(tests, extra, _forms, json_text)


def write_metadata(tests: Tests, extra: Values) -> Values:
    """Return the reference as the `verifier_metadata` of NeMo Gym. Raises RefusedRowError.

    Its own server reads `unit_tests` with texts: a call has a JSON value per line. Tests that this
    form cannot hold are one JSON text.
    """

    def metadata(form: Values) -> Values:
        pairs = {key: form[key] for key in ("inputs", "outputs", "fn_name") if key in form}
        texts = [*pairs.get("inputs", ()), *pairs.get("outputs", ())]
        if not texts or not all(isinstance(text, str) and _is_utf8(text) for text in texts):
            return {"unit_tests": json_text(form)}
        return {"unit_tests": pairs} | {k: v for k, v in form.items() if k not in pairs}

    return _first_same(tests, extra, _forms_of_gym, metadata)


def _is_utf8(text: str) -> bool:
    """Return whether *text* has no half of a surrogate pair, which a file would change."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def json_text(value: object) -> str:
    """Return *value* as short JSON in ASCII. Raises TypeError for what JSON has not."""
    return json.dumps(value, separators=(",", ":"))


def _first_same(
    tests: Tests,
    extra: Values,
    forms: Callable[[Plan], Iterator[Values]],
    write: Callable[[Values], _Written],
) -> _Written:
    """Return the first of the *forms* that is read back as the same plan, as *write* returns it."""
    reason = ""
    for form in forms(tests.plan):
        try:
            written = write(form | tests.beside | extra)
            # What is not text yet becomes text in the file.
            read = _read(open_reference(json.loads(json_text(written))), ())
        except (TypeError, ValueError, RecursionError, VerifierError) as error:
            reason = reason or str(error)
            continue
        if isinstance(read, Tests) and _are_same(read.plan, tests.plan):
            return written
    reason = (
        reason or "JSON has no tuples, sets and bytes; or another reading of the cases is as near"
    )
    raise RefusedRowError(f"tests: cannot be written so that they mean the same ({reason[:200]})")


def _are_same(first: Plan, second: Plan) -> bool:
    """Return whether two plans are equal; NaN is equal to itself."""
    return first == second or repr(first) == repr(second)


def text_without_cases(tests: Tests, extra: Values) -> str:
    """Return the longest form of *tests* without its cases: what stays if all are left out."""
    form = _canonical_plan(_case_plan(with_chosen_cases(tests, [0])))
    return json_text(form | {"tests": form["tests"] | {"cases": []}} | tests.beside | extra)


def case_bytes(case: TestCase) -> int:
    """Return how many bytes *case* takes in a JSON text that is itself in JSON, at most."""
    return len(json.dumps(json_text(_canonical_case(case)))) + len(', "group": "00000"')


# -- forms -----------------------------------------------------------------------------


def _forms(plan: Plan) -> Iterator[Values]:
    if isinstance(plan, CodePlan):
        yield _canonical_code(plan)
        yield _dataset_code(plan)
        return
    if plan.groups is None:
        yield _pairs(plan) | _settings(plan)
    yield _canonical_plan(plan)


def _forms_of_gym(plan: Plan) -> Iterator[Values]:
    if isinstance(plan, TestPlan) and plan.groups is None:
        yield _pairs_of_texts(plan) | _settings(plan)
    yield from _forms(plan)


def _pairs(plan: TestPlan) -> Values:
    inputs: list[object] = []
    outputs: list[object] = []
    for case in plan.cases:
        if isinstance(case, StdioCase):
            inputs.append(case.stdin)
            outputs.append(case.expected_stdout)
        else:
            inputs.append(list(case.arguments))
            outputs.append(case.expected_value)
    return {"inputs": inputs, "outputs": outputs} | _function(plan)


def _pairs_of_texts(plan: TestPlan) -> Values:
    pairs = _pairs(plan)
    if "fn_name" in pairs:
        pairs["inputs"] = ["\n".join(map(json.dumps, arguments)) for arguments in pairs["inputs"]]
        pairs["outputs"] = [json.dumps(value) for value in pairs["outputs"]]
    return pairs


def _function(plan: TestPlan) -> Values:
    case = plan.cases[0]
    return {} if isinstance(case, StdioCase) else {"fn_name": case.entry_point}


def _canonical_plan(plan: TestPlan) -> Values:
    first = plan.cases[0]
    cases = [_canonical_case(case) for case in plan.cases]
    tests: Values = {"kind": "stdio" if isinstance(first, StdioCase) else "call"}
    if not isinstance(first, StdioCase):
        tests["entry_point"] = first.entry_point
    if plan.groups is not None:
        names = [f"group {index}" for index in range(len(plan.groups.points))]
        tests["groups"] = dict(zip(names, plan.groups.points, strict=True))
        for case, index in zip(cases, plan.groups.of_case, strict=True):
            case["group"] = names[index]
    return {"tests": tests | {"cases": cases}} | _settings(plan)


def _canonical_case(case: TestCase) -> Values:
    if isinstance(case, StdioCase):
        return {"stdin": case.stdin, "stdout": case.expected_stdout}
    return {"args": list(case.arguments), "expected": case.expected_value}


def _canonical_code(plan: CodePlan) -> Values:
    code = plan.test_code
    tests = {"kind": "code", "code": code.source} | _filled(
        prompt=code.prompt,
        entry_point=code.entry_point,
        style=code.style,
        modules=list(code.modules) if code.modules != _MODULES else None,
        shared_process=code.shared_process,
    )
    return {"tests": tests} | _settings(plan)


def _dataset_code(plan: CodePlan) -> Values:
    code = plan.test_code
    key = "pytest" if code.style == "pytest" else "test"
    beside = _filled(
        code_prompt=code.prompt,
        entry_point=code.entry_point,
        libs=list(code.libraries),
        shared_process=code.shared_process,
    )
    return {key: code.source} | beside | _settings(plan)


def _settings(plan: Plan) -> Values:
    """Return the keys beside the tests that the row has set."""
    limits, setup = plan.limits, plan.setup
    wall = limits.wall_seconds
    of_limits = _filled(
        cpu_seconds=_short(limits.cpu_seconds),
        wall_seconds=0
        if wall == _WALL_SECONDS_PER_CPU_SECOND * limits.cpu_seconds
        else _short(wall),
        total_cpu_seconds=_short(limits.total_cpu_seconds),
        total_wall_seconds=_short(limits.total_wall_seconds),
        memory_mb=_short(limits.memory_bytes / _MEBIBYTE),
        output_bytes=limits.output_bytes,
    )
    prelude = setup.prelude
    if prelude == "" and not (isinstance(plan, TestPlan) and isinstance(plan.cases[0], StdioCase)):
        prelude = "none"
    return _filled(
        checker=_checker(plan) if isinstance(plan, TestPlan) else None,
        limits=of_limits,
        prelude=prelude,
        starter_code=setup.starter_code,
    )


def _checker(plan: TestPlan) -> Values | None:
    program, checker = plan.checker_program, plan.checker
    if program is not None:
        return {"kind": "program", "source": program.source, "contract": program.contract}
    if checker == _UNSET_CHECKER:
        return None
    tolerances = {"abs_tol": checker.abs_tol, "rel_tol": checker.rel_tol}
    case = {} if checker.case_sensitive else {"case_sensitive": False}
    return {"kind": checker.kind} | (tolerances | case if checker.kind == "numeric" else {})


def _filled(**values: object) -> Values:
    return {key: value for key, value in values.items() if value}


def _short(number: float) -> float:
    return int(number) if number == int(number) else number
