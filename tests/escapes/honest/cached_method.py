# against: code|call
# must: accepted
# problem: mean
# style: a cache, a lambda, a nested function
from functools import lru_cache, reduce


@lru_cache(maxsize=None)
def _mean(numbers):
    def add(a, b):
        return a + b

    return reduce(add, numbers) / (lambda items: len(items))(numbers)


def f(numbers):
    return _mean(tuple(numbers))
