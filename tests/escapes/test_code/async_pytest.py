# cases: 2
import asyncio

from solution import gather, slow


def test_slow():
    assert asyncio.run(slow(2)) == 4


def test_gather():
    assert asyncio.run(gather([1, 2])) == [2, 4]
