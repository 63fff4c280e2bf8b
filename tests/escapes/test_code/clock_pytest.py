# cases: 3
import time

from solution import Cache, quick


def test_quick():
    start = time.perf_counter()
    assert quick(3) == 3
    assert time.perf_counter() - start < 0.4


def test_again():
    start = time.time()
    assert quick(4) == 4
    assert time.time() - start < 0.4


def test_expires():
    cache = Cache(0.1)
    cache.put("a", 1)
    assert cache.get("a") == 1
    time.sleep(0.2)
    assert cache.get("a") is None
