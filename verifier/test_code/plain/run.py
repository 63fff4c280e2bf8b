"""Run plain tests: ask the calls of their asserts, and evaluate the conditions in our process.

In: a candidate's program and plain tests. Out: a job; and of its executions, the report of each
test item, or nothing if a session has to decide.

Each report is what the harness of a session would write. So whatever it might do in another way is
left to it: time, memory, answers that are not plain data, exceptions of the candidate's own.

What a candidate answers is bounded before it is decoded, and where it is hashed the work is
counted (`sandbox/protocol/hashing.py`): a condition takes a time in proportion to its answers.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from nova_code_verifier.sandbox.protocol.encoding import (
    EncodingError,
    decode_as_base,
    encode,
)
from nova_code_verifier.sandbox.protocol.hashing import Room
from nova_code_verifier.sandbox.types import (
    Cause,
    EncodedValue,
    Ending,
    ExactCall,
    Execution,
    Job,
    RaisedError,
    Substitute,
)
from nova_code_verifier.verifier.test_code.harness.items import TestItem
from nova_code_verifier.verifier.test_code.harness.shown import LastAnswer
from nova_code_verifier.verifier.test_code.plain.asserts import PlainAssert
from nova_code_verifier.verifier.test_code.plain.conditions import answer_name
from nova_code_verifier.verifier.test_code.plain.values import NotPlainError, can_change
from nova_code_verifier.verifier.test_code.protocol import ItemReport, ItemState
from nova_code_verifier.verifier.types import CodePlan

_CPU_SECONDS_MAX = 1.0
_WALL_SECONDS_MAX = 5.0
# A session also counts the time of the tests. So near a total, it has to decide.
_NEAR_TOTAL = 0.5
_ANSWER_BYTES_MAX = 2**16
_SETS = (b'{"s"', b'{"fs"')
_ERRORS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RecursionError)
_TEXT_MAX = 200
_UNKNOWN = Execution(
    ending=Ending.UNREADABLE,
    detail="an answer is not what its test compares it with, or much larger than that",
)
# The exceptions whose report is the same, whatever the process and the depth of its stack.
_EXCEPTIONS = frozenset({
    "AttributeError", "Exception", "IndexError", "KeyError", "NameError", "NotImplementedError",
    "OverflowError", "TypeError", "UnboundLocalError", "ValueError", "ZeroDivisionError",
})  # fmt: skip


class _Item(NamedTuple):
    """A test item: its asserts, each with the executions of its calls."""

    name: str
    asserts: Sequence[tuple[PlainAssert, Sequence[Execution]]]


def plain_job(
    program: str,
    plan: CodePlan,
    asserts: Sequence[PlainAssert],
    prelude: str,
    *,
    is_final: bool = False,
) -> Job:
    """Return the job that asks all calls of the *asserts*: there must be one.

    Unless it *is final*, it ends early where a session has to decide.
    """
    limits = plan.limits
    if not is_final:
        limits = replace(
            limits,
            cpu_seconds=min(limits.cpu_seconds, _CPU_SECONDS_MAX),
            total_cpu_seconds=min(_NEAR_TOTAL * limits.total_cpu_seconds, _CPU_SECONDS_MAX),
            total_wall_seconds=min(_NEAR_TOTAL * limits.total_wall_seconds, _WALL_SECONDS_MAX),
        )
    return Job(
        program=program,
        prelude=prelude,
        questions=tuple(_questions(asserts, is_final=is_final)),
        limits=limits,
        needs_all=not is_final,
    )


def _questions(asserts: Sequence[PlainAssert], *, is_final: bool) -> Iterator[ExactCall]:
    """Yield the calls. Where no session can decide, an answer need not be exactly plain data."""
    for part in asserts:
        for index, call in enumerate(part.calls):
            substitute = Substitute.TRUTH if index in part.truths else Substitute.BASE
            yield replace(call, substitute=substitute) if is_final else call


def reports(
    asserts: Sequence[PlainAssert], executions: Sequence[Execution], plan: CodePlan
) -> list[ItemReport] | None:
    """Return the report of each item, with the *executions* of the calls of all *asserts*.

    None if a session has to decide: also if all calls together took more time than one test item
    may take.
    """
    used = sum(execution.cpu_seconds for execution in executions)
    if used > min(plan.limits.cpu_seconds, _CPU_SECONDS_MAX):
        return None
    found: list[ItemReport] = []
    for item in _items(asserts, executions):
        report = _report(item)
        if report is None:
            return None
        found.append(report)
    return found


def final_reports(
    asserts: Sequence[PlainAssert], executions: Sequence[Execution], plan: CodePlan
) -> Iterator[tuple[str, ItemReport | Execution]]:
    """Yield each item with its report, where no session can decide.

    If there is none, yield the execution that fails the item: an answer counts only if it is plain
    data or has a substitute, and all iterations of a loop share one time limit.
    """
    for item in _items(asserts, executions):
        own = [execution for _, used in item.asserts for execution in used]
        lost = next((one for one in own if one.ending is not Ending.FINISHED), _UNKNOWN)
        if sum(execution.cpu_seconds for execution in own) > plan.limits.cpu_seconds:
            late = replace(own[-1], ending=Ending.OUT_OF_TIME, cause=Cause.CPU_TIME)
            yield item.name, late
        else:
            yield item.name, _report(item, is_final=True) or lost


def _items(asserts: Sequence[PlainAssert], executions: Sequence[Execution]) -> Iterator[_Item]:
    """Yield the test items in order."""
    left = iter(executions)
    for name, parts in groupby(asserts, key=attrgetter("item")):
        yield _Item(name, [(part, [next(left) for _ in part.calls]) for part in parts])


def _report(item: _Item, *, is_final: bool = False) -> ItemReport | None:
    """Return what a harness reports, if that is certain."""
    try:
        return _certain_report(item, is_final=is_final)
    except (NotPlainError, EncodingError, *_ERRORS):
        return None


def _certain_report(item: _Item, *, is_final: bool) -> ItemReport:
    state, last = TestItem(item.name), LastAnswer()
    for part, executions in item.asserts:
        state.parts += part.is_part
        failure = _failure(part, executions, last, is_final=is_final)
        if failure is None:
            state.parts_passed += 1
        elif not state.has_failed:
            state.state, state.error, state.message, state.line = failure
    state.succeed()
    state.shown = last.written()
    return state.report(TestItem(""))


_Failure = tuple[ItemState, str, str, int]


def _failure(
    part: PlainAssert, executions: Sequence[Execution], last: LastAnswer, *, is_final: bool
) -> _Failure | None:
    """Return how an assert fails: the state, error, message and line of the item; None if not."""
    names = dict(part.names)
    for index, execution in enumerate(executions):
        if execution.ending is Ending.RAISED and execution.error is not None:
            if part.only_accepts or index < len(executions) - 1:
                raise NotPlainError  # in a session, the later calls do not take place
            last.forget()
            line = part.call_lines[index]
            return ItemState.RAISED, _public(execution.error, line), "", line
        value = _answer(execution, part)
        if index in part.shared and can_change(value):
            raise NotPlainError  # a later call may have changed it
        names[answer_name(index)] = value
        last.note(value)
    line, message = part.line, part.message
    try:
        if eval(part.condition, {"__builtins__": {}}, names):  # noqa: S307  (made by `asserts.py`, of names and operators)
            return None
    except AssertionError as error:  # of a function of the tests
        failed = TestItem(part.item)
        failed.fail(error, None)
        line, message = failed.line, failed.message
    if is_final:
        message = message or ""
    elif part.only_accepts or message is None:
        raise NotPlainError
    error_text = f"AssertionError: line {line} of the tests"
    return ItemState.FAILED, error_text, message[:_TEXT_MAX], line


def _public(error: RaisedError, line: int) -> str:
    """Write an exception of the candidate's as `harness/items.py` does."""
    if error.type_name not in _EXCEPTIONS:
        raise NotPlainError
    text = error.message[:_TEXT_MAX]
    return f"{error.type_name}: {text + ', ' if text else ''}line {line} of the tests"


def _answer(execution: Execution, part: PlainAssert) -> object:
    """Return the answer of a call. Raises NotPlainError or EncodingError."""
    value = execution.value
    if execution.ending is not Ending.FINISHED or not isinstance(value, EncodedValue):
        raise NotPlainError
    if len(value.data) > _ANSWER_BYTES_MAX and len(value.data) > 2 * _stated_bytes(part):
        raise NotPlainError
    if b"NaN" in value.data:
        raise NotPlainError  # it compares with nothing: see `harness/run.py`
    if part.is_of_order and any(tag in value.data for tag in _SETS):
        raise NotPlainError
    # A large set or dict has no more keys than the largest value that the assert states has bytes.
    return decode_as_base(value.data, Room(partial(_stated_bytes, part)))


def _stated_bytes(part: PlainAssert) -> int:
    """Return the size of the largest value that the assert states."""
    return max((_size(value) for value in part.names.values()), default=0)


def _size(value: object) -> int:
    try:
        return len(encode(value))
    except EncodingError:
        return 0
