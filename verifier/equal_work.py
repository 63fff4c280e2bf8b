"""Judge equal work once: within a batch, and by a cache of the results of earlier batches.

In: programs with their test plans, and where they run. Out: results for all of them. Work is equal
if nothing that a verdict depends on differs. A cache belongs to one process, whose code does not
change.

Late in training, most completions of a prompt hold the same program. A program that reads the clock
or tosses a coin is judged by one of its runs. So results are cached whatever they pay, and work
that once had a result which the machine may have caused is never cached: otherwise a program would
be run again until it is lucky.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from nova_code_verifier.sandbox.types import (
    Ending,
    Execution,
    Executor,
    IsolationLevel,
    Limits,
    Used,
)
from nova_code_verifier.verifier.bounded_cache import BoundedCache
from nova_code_verifier.verifier.rubric import Grouping
from nova_code_verifier.verifier.types import CaseResults, CodePlan, Score, TestPlan, Verdict

_CACHED_BYTES_MAX = 32 * 2**20
_RESULT_BYTES = 1000
# A value in memory may take so many times the size of its encoding.
_VALUE_FACTOR = 70
# These do not depend on how busy the machine is, or how much memory it has.
_REPEATABLE = frozenset(
    {
        Ending.FINISHED,
        Ending.RAISED,
        Ending.UNREADABLE,
        Ending.NOT_COMPILED,
        Ending.NOT_LOADED,
        Ending.NO_ENTRY_POINT,
    }
)
# What used more than this share of a limit may exceed it on a busy machine.
_SHARE_OF_LIMIT_MAX = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """Where and how programs run.

    `environment` names what they find installed; it is "" if that is unknown.
    """

    level: IsolationLevel
    isolates_trusted_code: bool
    may_share_process: bool
    environment: str

    @classmethod
    def of(cls, executor: Executor, *, may_share_process: bool) -> "Conditions":
        """Return the conditions in *executor*."""
        return cls(
            level=executor.level,
            isolates_trusted_code=executor.isolates_trusted_code,
            may_share_process=may_share_process,
            environment=executor.environment,
        )

    @property
    def outlast_batch(self) -> bool:
        """Whether a later batch may use the results.

        Without isolation, a program may have changed the results of others.
        """
        return bool(self.environment) and self.level > IsolationLevel.NONE


class Work(NamedTuple):
    """A program and how it is judged: the `digest_of` its plan, and what guesses earn."""

    program: str
    prelude: str
    plan_digest: bytes
    grouping: Grouping


class ResultCache:
    """The results of earlier batches, by the key of their work."""

    def __init__(self) -> None:
        """Start empty."""
        self._results = BoundedCache[bytes, CaseResults](_CACHED_BYTES_MAX)
        self._varying = BoundedCache[bytes, bool](_CACHED_BYTES_MAX // 8)

    def get(self, key: bytes) -> CaseResults | None:
        """Return the cached results, if there are any."""
        return self._results.get(key)

    def put(self, key: bytes, results: CaseResults) -> None:
        """Cache *results*, if all results of this work so far were repeatable."""
        if results.problem or any(case.verdict is Verdict.UNGRADED for case in results.cases):
            return
        if not results.is_repeatable:
            self._varying.put(key, value=True, size=_RESULT_BYTES)
        elif not self._varying.get(key):
            self._results.put(key, results, _size(results))


Judged = Iterator[tuple[int, CaseResults | Score]]
"""The results of samples, by their index; the score of one that met a bug."""


def judge_once(
    works: Mapping[int, Work | None],
    conditions: Conditions,
    cache: ResultCache,
    judge: Callable[[Iterable[int]], Judged],
) -> Judged:
    """Yield the results at all indexes of *works*, of which *judge* judges those that it must.

    What has no work is always judged.
    """
    keys = _keys(works, conditions)
    indexes_of: dict[bytes | int, list[int]] = {}
    for index in works:
        indexes_of.setdefault(keys.get(index, index), []).append(index)
    copies: dict[int, list[int]] = {}
    for first, *others in indexes_of.values():
        if first in keys and (known := cache.get(keys[first])):
            yield from ((index, known) for index in (first, *others))
        else:
            copies[first] = others
    for first, results in judge(copies):
        yield first, results
        reused = results
        if isinstance(results, CaseResults):
            reused = replace(results, seconds=0.0, is_reused=True)
            if first in keys and conditions.outlast_batch:
                cache.put(keys[first], reused)
        yield from ((index, reused) for index in copies[first])


def _keys(works: Mapping[int, Work | None], conditions: Conditions) -> dict[int, bytes]:
    """Return the key of each work, except where its plan has no digest."""
    where = repr(conditions)
    return {
        index: _digest(work.program, work.prelude, work.plan_digest.hex(), work.grouping, where)
        for index, work in works.items()
        if work and work.plan_digest
    }


def digest_of(plan: TestPlan | CodePlan) -> bytes:
    """Return a digest of all that *plan* states; b"" if it has no text, such as a huge number."""
    try:
        return _digest(repr(plan))  # it tells 1, 1.0 and True apart; `==` and `hash` do not
    except (ValueError, RecursionError):
        return b""


def _digest(*texts: str) -> bytes:
    digest = hashlib.sha256()
    for text in texts:
        data = text.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "big"))
        digest.update(data)
    return digest.digest()


def is_repeatable(executions: Iterable[Execution], used: Used, limits: Limits) -> bool:
    """Return whether a busy machine, or one with less memory, would make no difference.

    *used* is what all executions together have used of the totals.
    """
    share = _SHARE_OF_LIMIT_MAX
    is_far = Used(used.cpu_seconds / share, used.wall_seconds / share).excess(limits) == ""
    return is_far and all(
        execution.ending in _REPEATABLE
        and not execution.signal
        and not execution.is_confirmed
        and execution.cpu_seconds <= share * limits.cpu_seconds
        and execution.wall_seconds <= share * limits.wall_seconds
        and execution.memory_bytes <= share * limits.memory_bytes
        for execution in executions
    )


def _size(results: CaseResults) -> int:
    """Return about how much memory *results* take, or more."""
    size = _RESULT_BYTES
    for case in results.cases:
        execution, error = case.execution, case.execution.error
        texts = (case.name, case.message, execution.stdout, execution.stderr, execution.detail)
        size += _RESULT_BYTES + sum(map(len, texts)) + (len(error.message) if error else 0)
        size += _VALUE_FACTOR * execution.value_bytes if execution.value is not None else 0
    return size
