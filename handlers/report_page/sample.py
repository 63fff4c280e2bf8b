"""Put together what a page shows of one sample.

In: a row of a reward function, as parsed JSON, and its context. Out: a `PageSample`: numbers and
names for the columns, and bounded details. The row may be a stranger's: only known fields count.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import cast

from nova_code_verifier.handlers.report import FAILURES
from nova_code_verifier.handlers.report_page.bounds import (
    ID_CHARACTERS,
    bounded_details,
    number_of,
    text_of,
)
from nova_code_verifier.handlers.report_page.constant_like import is_constant_like
from nova_code_verifier.handlers.report_page.context import SOURCE_CHARACTERS, Context
from nova_code_verifier.handlers.report_page.reasons import reason_of
from nova_code_verifier.handlers.wire import REWARD_FIELD, MetricType
from nova_code_verifier.verifier.rubric import DIMENSIONS
from nova_code_verifier.verifier.types import Verdict

METRICS = (
    *DIMENSIONS, "tests_passed", "tests_total", "guess_baseline", "duration_ms", "no_completion",
    "security_violation", "self_compared", "shared_process", "reruns",
)  # fmt: skip
NUMBERS = ("reward", *METRICS, "constant_like", "completion_length", "step", "time")
"""The columns that hold numbers."""
SEMANTICS = "semantics_version"
NOT_ACCEPTED = "not_accepted"
"""The verdict of a row without details whose metrics do not say how it failed."""

_REWARDS = (REWARD_FIELD, "reward", "score", "code_reward")  # the last one: TRL and our function
_FAILURE_NAMES = {number: str(failure) for failure, number in FAILURES.items()}
_VERDICT_FLAGS = {
    "ungraded": Verdict.UNGRADED,
    "security_violation": Verdict.SECURITY_VIOLATION,
    "timeout": Verdict.TIME_LIMIT_EXCEEDED,
    "runtime_error": Verdict.RUNTIME_ERROR,
    "no_completion": Verdict.NO_CANDIDATE,
}
_NAME_CHARACTERS = 40
_ONE_OF_SEVERAL = re.compile(r"#\d+$")  # the id of a row with several completions: `dataset_row`


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSample:
    """One sample of a page. "" and None stand for unknown.

    `numbers` has values for some of `NUMBERS`. Samples of one prompt share their `group`, and
    `label` is the beginning of the prompt. Equal programs share their `program_key`, and programs
    with the same wrong answers to all test cases their `answers_key`. `weights` are those of the
    dimensions that apply. `role` says what a program is, in an audit.
    """

    id: object
    numbers: Mapping[str, float | None]
    verdict: str = ""
    failure: str = ""
    source: str = ""
    reason: str = ""
    role: str = ""
    group: object = None
    label: str = ""
    program_key: str = ""
    answers_key: str = ""
    semantics_version: float | None = None
    weights: Mapping[str, float] = field(default_factory=dict)
    details: dict[str, object] = field(default_factory=dict)


def page_sample(row: Mapping[str, object], context: Context, *, role: str = "") -> PageSample:
    """Return the sample of a *row*. Raises ValueError if the row has no reward."""
    reward = _reward(row)
    metrics, paid = _metrics(row)
    given = row.get("details")
    details = given if isinstance(given, Mapping) else row  # log lines have both in one object
    details = bounded_details(
        {key: value for key, value in details.items() if key not in ("prompt", "completion")}
        | {"prompt": context.prompt, "completion": context.completion}
    )
    for name in ("tests_passed", "tests_total"):
        metrics.setdefault(name, number_of(details.get(name)))
    verdict = str(details.get("verdict") or _verdict(metrics))[:_NAME_CHARACTERS]
    program = details.get("program")
    program = program if isinstance(program, str) else None
    weights = cast("dict[str, float]", details.get("weights", {}))
    numbers = {name: metrics.get(name) for name in METRICS}
    for name in DIMENSIONS:
        if not _applies(name, verdict, weights, paid):
            numbers[name] = None
    constant_like = is_constant_like(program, numbers)
    numbers |= {
        "reward": reward,
        "constant_like": constant_like,
        "completion_length": context.completion_length,
        "step": context.step,
        "time": context.time,
    }
    return PageSample(
        id=_id(row.get("id")),
        numbers=numbers,
        verdict=verdict,
        failure=_failure(details, metrics),
        source=context.source or str(details.get("source") or "")[:SOURCE_CHARACTERS],
        reason=reason_of(verdict, metrics | details),
        role=role,
        group=_group(row) if context.group is None else context.group,
        label=context.label,
        program_key=_key_of(program, details.get("program_bytes")),
        answers_key=_answers_key(verdict, details.get("cases")),
        semantics_version=metrics.get(SEMANTICS),
        weights=weights,
        details=details,
    )


def has_reward(row: object) -> bool:
    """Return whether *row* is a row of a reward function, and no other line of a log."""
    return isinstance(row, Mapping) and any(name in row for name in _REWARDS)


def _reward(row: Mapping[str, object]) -> float | None:
    name = next((name for name in _REWARDS if name in row), None)
    if name is None:
        raise ValueError(f"found no {REWARD_FIELD}, expected a row of a reward function")
    value = row[name]
    number = None if isinstance(value, bool) else number_of(value)
    if number is None and value is not None:
        raise ValueError(f"{name}: expected a finite number, or null")
    return number


def _metrics(row: Mapping[str, object]) -> tuple[dict[str, float | None], frozenset[str] | None]:
    """Return the metrics, and which of them are paid; None if the row does not say that.

    In a line of a log and in the dumps of trainers, they are fields of the row itself.
    """
    listed = row.get("metrics_list")
    if listed is None:
        names = (*METRICS, *_VERDICT_FLAGS, "failure", SEMANTICS)
        values = ((name, number_of(row.get(name))) for name in names)
        return {name: value for name, value in values if value is not None}, None
    metrics = [metric for metric in (listed if isinstance(listed, list) else ()) if _named(metric)]
    if not isinstance(listed, list) or len(metrics) < len(listed):
        raise ValueError("metrics_list: expected a list of metrics with a name and a number")
    paid = frozenset(m["name"] for m in metrics if m.get("type") == MetricType.REWARD)
    return {metric["name"]: number_of(metric["value"]) for metric in metrics}, paid


def _named(metric: object) -> bool:
    return (
        isinstance(metric, Mapping)
        and isinstance(metric.get("name"), str)
        and number_of(metric.get("value")) is not None
    )


def _verdict(metrics: Mapping[str, float | None]) -> str:
    """Return the verdict that follows from the metrics of a row without details."""
    flag = next((flag for flag in _VERDICT_FLAGS if metrics.get(flag)), None)
    if flag is not None:
        return _VERDICT_FLAGS[flag]
    passed, total = metrics.get("tests_passed"), metrics.get("tests_total")
    correctness = metrics.get("correctness")
    if total is None and correctness is None:
        return ""
    is_accepted = passed == total if total else correctness == 1
    return Verdict.ACCEPTED if is_accepted else NOT_ACCEPTED


def _failure(details: Mapping[str, object], metrics: Mapping[str, float | None]) -> str:
    named = details.get("failure")
    if isinstance(named, str):
        return named[:_NAME_CHARACTERS]
    number = metrics.get("failure")
    return "" if number is None else _FAILURE_NAMES.get(int(number), "")


def _applies(
    name: str, verdict: str, weights: Mapping[str, float], paid: frozenset[str] | None
) -> bool:
    if verdict == Verdict.UNGRADED:
        return False
    if weights:
        return name in weights
    return paid is None or name in paid


def _id(value: object) -> object:
    if isinstance(value, str):
        return text_of(value, ID_CHARACTERS)
    if value is None or number_of(value) is not None:
        return value
    try:
        return text_of(json.dumps(value, sort_keys=True), ID_CHARACTERS)
    except (TypeError, ValueError, RecursionError):
        return None


def _group(row: Mapping[str, object]) -> object:
    """Return the group of a row of which no prompt is known: its id, without its number."""
    row_id = _id(row.get("id"))
    return _ONE_OF_SEVERAL.sub("", row_id) if isinstance(row_id, str) else row_id


def _key_of(program: str | None, size_bytes: object) -> str:
    """Return a hash of a program, of which only the beginning may be known."""
    if program is None:
        return ""
    return _hash(f"{size_bytes}:{program}")


def _answers_key(verdict: str, cases: object) -> str:
    """Return a hash of the answers of a wrong program; "" if one is unknown, or all are empty."""
    if verdict != Verdict.WRONG_ANSWER or not isinstance(cases, list):
        return ""
    answers = [(case.get("observed"), case.get("observed_bytes")) for case in cases]
    if any(text is None for text, _ in answers) or not any(text for text, _ in answers):
        return ""
    return _hash(json.dumps(answers))


def _hash(text: str) -> str:
    return blake2b(text.encode("utf-8", "replace"), digest_size=6).hexdigest()
