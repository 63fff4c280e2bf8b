"""Tests that are written for unittest: the real one runs them."""

from textwrap import dedent, indent

import pytest

from nova_code_verifier.verifier.test_code.protocol import ItemState
from tests.unit.verifier.test_code.harness.runs import graded, states

PASS, FAIL, RAISE, SKIP = (
    ItemState.PASSED,
    ItemState.FAILED,
    ItemState.RAISED,
    ItemState.SKIPPED,
)

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
        {"test_skipped": SKIP, "test_leaves": SKIP, "test_right": PASS},
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
def test_each_method_has_the_state_that_unittest_gives(
    methods: str, expected: dict[str, ItemState]
) -> None:
    """Each test method is a test item, and passes or fails as with unittest."""
    report = graded(HEAD + indent(dedent(methods), "    "), PROGRAM)

    found = {name.rpartition(".")[2]: state for name, state in states(report).items()}
    assert found == expected


TWO_CLASSES = """
import unittest, sys
from solution import *
class A(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        {}
    def test_a(self):
        self.assertEqual(double(1), 2)
class B(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.x = double(2)
    @classmethod
    def tearDownClass(cls):
        say(1)
    def test_b(self):
        self.assertEqual(self.x, 4)
"""


@pytest.mark.parametrize(
    ("statement", "state"),
    [
        ("fail(1)", RAISE),
        ("raise AssertionError", FAIL),
        ("sys.exit(0)", FAIL),
        ("raise unittest.SkipTest('later')", SKIP),
    ],
)
def test_a_class_that_cannot_be_set_up_ends_its_own_tests_only(
    statement: str, state: ItemState
) -> None:
    """The tests of other classes run."""
    report = graded(TWO_CLASSES.format(statement), PROGRAM)

    assert states(report) == {"A.test_a": state, "B.test_b": PASS}


def test_a_test_that_interrupts_unittest_has_not_passed() -> None:
    """The tests behind it are reported as not reached."""
    methods = """
        def test_a(self):
            double(1)
            raise KeyboardInterrupt
        def test_b(self):
            self.assertEqual(double(1), 2)
    """
    report = graded(HEAD + indent(dedent(methods), "    "), PROGRAM)

    assert states(report) == {"T.test_a": FAIL, "T.test_b": ItemState.NOT_REACHED}


def test_coroutines_are_run() -> None:
    """As unittest itself runs them."""
    code = """
        import unittest
        from solution import double
        class T(unittest.IsolatedAsyncioTestCase):
            async def asyncSetUp(self):
                self.x = double(1)
            async def test_right(self):
                self.assertEqual(self.x, 2)
            async def test_wrong(self):
                self.assertEqual(self.x, 3)
    """

    assert states(graded(code, PROGRAM)) == {"T.test_right": PASS, "T.test_wrong": FAIL}


def test_a_lost_item_is_not_run() -> None:
    """It is neither run nor reported."""
    report = graded(TWO_CLASSES.format("pass"), PROGRAM, ("A.test_a",))

    assert states(report) == {"B.test_b": PASS}


def test_tests_of_a_class_that_could_not_be_made_count() -> None:
    """The source shows them, so they are not reached."""
    code = """
        import unittest
        class T(unittest.TestCase):
            expected = made()
            def test_a(self):
                self.assertEqual(double(1), 2)
        class U(unittest.TestCase):
            def test_b(self):
                self.assertEqual(double(1), 2)
    """
    report = graded(code, PROGRAM)

    assert states(report) == {"T.test_a": ItemState.NOT_REACHED, "U.test_b": ItemState.NOT_REACHED}
    assert "NameError: name 'made' is not defined" in report.items[0].error
