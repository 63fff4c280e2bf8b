# against: shared
# must: wrong_answer|runtime_error
# problem: order
# tries: to hide its tests from unittest and pytest
import unittest

import pytest

unittest.TestLoader.loadTestsFromModule = lambda *_, **__: unittest.TestSuite()
pytest.Module.collect = lambda self: []


def f(numbers):
    return 7
