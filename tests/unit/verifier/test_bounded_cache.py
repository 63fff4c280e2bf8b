"""A cache that is bounded by the size of what it holds."""

from nova_code_verifier.verifier.bounded_cache import BoundedCache


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
