"""Caches that are bounded by the size of what they hold."""

from nova_code_verifier.verifier.bounded_cache import BoundedCache, FindingCache


def test_what_was_not_used_for_the_longest_time_is_dropped() -> None:
    """A full cache keeps what was used last, and its size stays in its bound."""
    cache = BoundedCache[str, int](10)
    for key in "abc":
        cache.put(key, value=1, size=3)
    cache.get("a")
    cache.put("d", value=1, size=3)

    assert [cache.get(key) for key in "abcd"] == [1, None, 1, 1]


def test_a_value_that_would_displace_many_others_is_not_cached() -> None:
    """What takes more than half of the cache is refused."""
    cache = BoundedCache[str, int](10)
    cache.put("a", value=1, size=6)

    assert cache.get("a") is None


def test_a_key_that_is_cached_again_counts_once() -> None:
    """The new value replaces the old one, and so does its size."""
    cache = BoundedCache[str, int](10)
    for value in range(9):
        cache.put("a", value=value, size=4)
    cache.put("b", value=1, size=4)

    assert (cache.get("a"), cache.get("b")) == (8, 1)


def test_what_is_certain_is_found_out_once() -> None:
    """Each later use gets it."""
    cache = FindingCache[str, int](10)
    cache.put("a", value=1, size=1, is_certain=True)

    assert [cache.get("a") for _ in range(99)] == [1] * 99


def test_what_is_not_certain_is_found_out_ever_more_rarely() -> None:
    """A thousand uses find it out ten times, and a fault that passes does no more harm."""
    cache, count = FindingCache[str, int](10), 0
    for _ in range(1000):
        if cache.get("a") is None:
            count += 1
            cache.put("a", value=1, size=1, is_certain=False)
    assert count == 10
    while cache.get("a") is not None:
        pass

    cache.put("a", value=2, size=1, is_certain=True)

    assert [cache.get("a") for _ in range(9)] == [2] * 9
