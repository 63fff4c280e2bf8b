"""Discovery: results are cached by test code."""

import pytest

from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.verifier.pipeline import judge
from nova_code_verifier.verifier.reference.plan import plan_tests
from nova_code_verifier.verifier.test_code import discovery
from nova_code_verifier.verifier.test_code.discovery import DiscoveryCache, DiscoveryProblem
from nova_code_verifier.verifier.types import CodePlan, Sample, TestCode, Verdict

RESULT = DiscoveryProblem(problem="tests: cached")


def test_a_result_is_cached_by_test_code() -> None:
    """An equal test code has the cached result, and no other has."""
    cache = DiscoveryCache()
    cache.put(TestCode(source="a"), RESULT)

    assert cache.get(TestCode(source="a")) == RESULT
    assert cache.get(TestCode(source="a", prompt="b")) is None


def test_a_cache_is_used_by_later_batches(executor: LocalExecutor) -> None:
    """A library user who passes the same cache to `judge` discovers the items once."""
    cache = DiscoveryCache()
    reference = {"tests": {"kind": "code", "code": "assert f(1) == 1"}}
    sample = Sample(completion="```python\ndef f(x): return x\n```", reference=reference)
    plan = plan_tests(reference)
    assert isinstance(plan, CodePlan)

    (first,) = judge([sample], executor, discovery_cache=cache)
    cache.put(plan.test_code, RESULT)
    (second,) = judge([sample], executor, discovery_cache=cache)

    assert (first.verdict, second.problem) == (Verdict.ACCEPTED, "tests: cached")


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
