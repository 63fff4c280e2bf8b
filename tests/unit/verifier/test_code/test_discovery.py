"""Discovery: results are cached by test code."""

from dataclasses import replace

import pytest

from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.verifier.pipeline import judge
from nova_code_verifier.verifier.reference.plan import plan_tests
from nova_code_verifier.verifier.test_code import discovery
from nova_code_verifier.verifier.test_code.discovery import (
    Discovery,
    DiscoveryCache,
    DiscoveryProblem,
    discover,
)
from nova_code_verifier.verifier.types import CodePlan, Sample, TestCode, Verdict

PROBLEM = DiscoveryProblem(problem="tests: found")
RESULT = Discovery(compiled=None, items=["cached"], skipped=frozenset())


def test_a_result_is_cached_by_test_code() -> None:
    """An equal test code has the cached result, and no other has."""
    cache = DiscoveryCache()
    cache.put(TestCode(source="a"), RESULT)

    assert cache.get(TestCode(source="a")) == RESULT
    assert cache.get(TestCode(source="a", prompt="b")) is None


def test_a_cache_is_used_by_later_batches(executor: LocalExecutor) -> None:
    """A library user who passes the same cache to `judge` discovers the items once."""
    cache = DiscoveryCache()
    reference = {"tests": {"kind": "code", "code": "assert [*map(f, [1])] == [1]"}}
    sample = Sample(completion="```python\ndef f(x): return x\n```", reference=reference)
    plan = plan_tests(reference)
    assert isinstance(plan, CodePlan)

    (first,) = judge([sample], executor, discovery_cache=cache)
    found = cache.get(plan.test_code)
    assert isinstance(found, Discovery)
    cache.put(plan.test_code, replace(found, items=["another"], plain=()))
    (second,) = judge([sample], executor, discovery_cache=cache)

    assert (first.verdict, second.tests_passed) == (Verdict.ACCEPTED, 0)


def test_a_problem_is_looked_at_again() -> None:
    """A fault of the machine may be its reason."""
    cache, test_code = DiscoveryCache(), TestCode(source="a")
    cache.put(test_code, PROBLEM)

    assert cache.get(test_code) is None


def test_guesses_of_which_one_crashed_are_tried_again(executor: LocalExecutor) -> None:
    """It may have passed; what guesses pass that ran to their end is certain."""
    crashes = "import os\nx = f(5)\nif type(x) is int and x == 0: os._exit(3)\nassert x == 6"
    plain = "assert [*map(f, [1])] == [3]"
    found = discover([TestCode(source=crashes), TestCode(source=plain)], executor, DiscoveryCache())

    certain = [result.is_certain for result in found.values() if isinstance(result, Discovery)]
    assert certain == [False, True]


def test_results_that_were_not_used_for_the_longest_time_are_dropped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A full cache keeps the results that were used last."""
    monkeypatch.setattr(discovery, "_CACHED_BYTES_MAX", 10_000)
    cache = DiscoveryCache()
    first, second, third = (TestCode(source=name * 1000) for name in "abc")
    for test_code in (first, second, *[TestCode(source=str(n) * 1000) for n in range(9)]):
        cache.put(test_code, RESULT)
        cache.get(first)
    cache.put(third, RESULT)

    assert cache.get(first) == RESULT
    assert cache.get(second) is None
    assert cache.get(third) == RESULT


def test_a_huge_result_is_not_cached(monkeypatch: pytest.MonkeyPatch) -> None:
    """A result that would displace many others is dropped."""
    monkeypatch.setattr(discovery, "_CACHED_BYTES_MAX", 10_000)
    cache = DiscoveryCache()
    cache.put(TestCode(source="a" * 6000), RESULT)

    assert cache.get(TestCode(source="a" * 6000)) is None
