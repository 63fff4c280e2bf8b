# cases: 2
from concurrent.futures import ThreadPoolExecutor


def test_function():
    def apply(function, *args):
        return function(*args)

    assert total(apply, [1, 2]) == 3


def test_pool():
    with ThreadPoolExecutor(2) as pool:
        assert total(pool.submit, [2, 5]) == 7
