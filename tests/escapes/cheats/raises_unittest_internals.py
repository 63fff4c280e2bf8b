# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: order
# tries: to raise what ends the tools of tests from within
import asyncio
import bdb
import unittest
import unittest.case

ERRORS = [getattr(unittest.case, name, unittest.SkipTest) for name in ("_ShouldStop", "_UnexpectedSuccess", "SkipTest")]


def f(numbers):
    kinds = [*ERRORS, asyncio.CancelledError, bdb.BdbQuit]
    raise kinds[sum(numbers) % len(kinds)]("0")
