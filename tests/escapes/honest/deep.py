# against: code
# must: accepted
# problem: deep
# style: heavy recursion, a cache, mutual recursion
import sys
from functools import cache

sys.setrecursionlimit(10_000)


def depth(number):
    return 0 if number == 0 else 1 + depth(number - 1)


@cache
def fib(number):
    return number if number < 2 else fib(number - 1) + fib(number - 2)


def evens(number):
    return True if number == 0 else odds(number - 1)


def odds(number):
    return False if number == 0 else evens(number - 1)
