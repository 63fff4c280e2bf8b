"""Tests that are written for unittest: the real one runs them, with a real guest's answers."""

from collections.abc import Callable
from textwrap import dedent, indent

import pytest

from nova_code_verifier.verifier.test_code.grading import TestCodeRun
from nova_code_verifier.verifier.types import Verdict

PASS, FAIL, RAISE = Verdict.ACCEPTED, Verdict.WRONG_ANSWER, Verdict.RUNTIME_ERROR
RunTestCode = Callable[[str, str], TestCodeRun]

PROGRAM = """
class Broke(ValueError):
    pass
def double(x):
    return 2 * x
def half(x):
    return x / 2
def fail(x):
    raise Broke(f'no {x}')
def say(x):
    print('said', x)
    return x
def make():
    return {'a': [1]}
"""
HEAD = """
import contextlib, io, unittest
from solution import *
class T(unittest.TestCase):
"""

UNITTEST = {
    "methods": (
        """
        def test_right(self):
            self.assertEqual(double(2), 4)
        def test_wrong(self):
            self.assertEqual(double(2), 5)
        """,
        {"test_right": PASS, "test_wrong": FAIL},
    ),
    "setUp": (
        """
        def setUp(self):
            self.x = double(1)
        @classmethod
        def setUpClass(cls):
            cls.y = double(2)
        def tearDown(self):
            self.x = None
        def test_x(self):
            self.assertEqual(self.x, 2)
        def test_y(self):
            self.assertEqual(self.y, 4)
        """,
        {"test_x": PASS, "test_y": PASS},
    ),
    "subTest": (
        """
        def test_right(self):
            for x in range(3):
                with self.subTest(x=x):
                    self.assertEqual(double(x), 2 * x)
        def test_one_wrong(self):
            for x in range(3):
                with self.subTest(x=x):
                    self.assertEqual(double(x), 2 if x else 1)
        """,
        {"test_right": PASS, "test_one_wrong": FAIL},
    ),
    "assertRaises": (
        """
        def test_context(self):
            with self.assertRaises(Broke):
                fail(1)
        def test_caught(self):
            with self.assertRaises(ValueError) as caught:
                fail(1)
            self.assertEqual(str(caught.exception), 'no 1')
        def test_call(self):
            self.assertRaises(Broke, fail, 1)
        def test_regex(self):
            with self.assertRaisesRegex(ValueError, 'no [0-9]'):
                fail(1)
        def test_nothing(self):
            with self.assertRaises(ValueError):
                double(1)
        def test_nothing_called(self):
            self.assertRaises(ValueError, double, 1)
        def test_other(self):
            with self.assertRaises(KeyError):
                fail(1)
        """,
        {
            "test_context": PASS,
            "test_caught": PASS,
            "test_call": PASS,
            "test_regex": PASS,
            "test_nothing": FAIL,
            "test_nothing_called": FAIL,
            "test_other": RAISE,
        },
    ),
    "assertions": (
        """
        def test_near(self):
            self.assertAlmostEqual(half(1), 0.50000000001)
        def test_far(self):
            self.assertAlmostEqual(half(1), 0.51)
        def test_in(self):
            self.assertIn('a', make())
        def test_dict(self):
            self.assertDictEqual(make(), {'a': [1]})
        def test_type(self):
            self.assertIsInstance(make(), dict)
        def test_true(self):
            self.assertTrue(double(1))
        def test_none(self):
            self.assertIsNone(double(1))
        def test_count(self):
            self.assertCountEqual(make()['a'], [1])
        """,
        {
            "test_near": PASS,
            "test_far": FAIL,
            "test_in": PASS,
            "test_dict": PASS,
            "test_type": PASS,
            "test_true": PASS,
            "test_none": FAIL,
            "test_count": PASS,
        },
    ),
    "skipped": (
        """
        @unittest.skip('later')
        def test_skipped(self):
            self.assertEqual(double(1), 3)
        def test_leaves(self):
            self.skipTest('later')
        def test_right(self):
            self.assertEqual(double(1), 2)
        """,
        {"test_right": PASS},
    ),
    "expectedFailure": (
        """
        @unittest.expectedFailure
        def test_expected(self):
            self.assertEqual(double(1), 3)
        @unittest.expectedFailure
        def test_unexpected(self):
            self.assertEqual(double(1), 2)
        """,
        {"test_expected": PASS, "test_unexpected": FAIL},
    ),
    "redirect_stdout": (
        """
        def test_right(self):
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                say(1)
            self.assertEqual(out.getvalue(), 'said 1\\n')
        def test_wrong(self):
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                say(1)
            self.assertEqual(out.getvalue(), 'said 2\\n')
        """,
        {"test_right": PASS, "test_wrong": FAIL},
    ),
    "raises": (
        """
        def test(self):
            self.assertEqual(fail(1), 1)
        """,
        {"test": RAISE},
    ),
}


@pytest.mark.parametrize(("methods", "expected"), UNITTEST.values(), ids=UNITTEST)
def test_each_method_has_the_verdict_that_unittest_gives(
    run_test_code: RunTestCode, methods: str, expected: dict[str, Verdict]
) -> None:
    """Each test method is a test item, and passes or fails as with unittest."""
    results = run_test_code(PROGRAM, HEAD + indent(dedent(methods), "    ")).results

    verdicts = {name.rpartition(".")[2]: result.verdict for name, result in results.items()}
    assert verdicts == expected
