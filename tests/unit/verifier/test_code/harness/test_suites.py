"""Tests for pytest and unittest, run by the real tools on a real guest's answers."""

from collections.abc import Iterator
from textwrap import dedent

import pytest

from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.sandbox.types import Limits
from nova_code_verifier.verifier.test_code.discovery import DiscoveryCache
from nova_code_verifier.verifier.test_code.grading import TestCodeRun, grade_all
from nova_code_verifier.verifier.types import CodePlan, TestCode

PROGRAM = """
import sys
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
def complain(x):
    print('oh', x, file=sys.stderr)
def make():
    return {'a': [1]}
"""


@pytest.fixture(scope="module")
def executor() -> Iterator[LocalExecutor]:
    """Keep one worker warm, and one of harnesses of each kind."""
    with LocalExecutor(workers=1) as executor:
        yield executor


def marks(executor: LocalExecutor, code: str) -> dict[str, str]:
    """Examine the program by tests; say how each of them went."""
    plan = CodePlan(test_code=TestCode(source=dedent(code)), limits=Limits(cpu_seconds=2.0))
    run = TestCodeRun(program=PROGRAM, plan=plan)
    list(grade_all([run], executor, DiscoveryCache()))
    assert run.problem == ""
    return {name: str(result.verdict) for name, result in run.results.items()}


PASS, FAIL, RAISE = "accepted", "wrong_answer", "runtime_error"

PYTEST = {
    "functions": (
        """
        from solution import double
        def test_right():
            assert double(2) == 4
        def test_wrong():
            assert double(2) == 5
        """,
        {"test_right": PASS, "test_wrong": FAIL},
    ),
    "parametrisations": (
        """
        import pytest
        from solution import double
        @pytest.mark.parametrize('x, y', [(1, 2), (2, 5), (3, 6)])
        def test(x, y):
            assert double(x) == y
        """,
        {"test[1-2]": PASS, "test[2-5]": FAIL, "test[3-6]": PASS},
    ),
    "fixtures": (
        """
        import pytest
        from solution import double
        @pytest.fixture
        def two():
            yield double(1)
        @pytest.fixture(params=[1, 2])
        def each(request):
            return request.param
        def test_two(two):
            assert two == 2
        def test_each(each):
            assert double(each) == 2
        """,
        {"test_two": PASS, "test_each[1]": PASS, "test_each[2]": FAIL},
    ),
    "tmp_path": (
        """
        from solution import double
        def test(tmp_path):
            (tmp_path / 'x').write_text('2')
            assert double(int((tmp_path / 'x').read_text())) == 4
        """,
        {"test": PASS},
    ),
    "capsys": (
        """
        from solution import say, complain
        def test_out(capsys):
            say(1)
            say(2)
            assert capsys.readouterr().out == 'said 1\\nsaid 2\\n'
            say(3)
            assert capsys.readouterr().out == 'said 3\\n'
        def test_wrong(capsys):
            say(1)
            assert capsys.readouterr().out == 'said 2\\n'
        """,
        {"test_out": PASS, "test_wrong": FAIL},
    ),
    "monkeypatch of the tests' own": (
        """
        from solution import double
        class Own:
            x = 1
        def test(monkeypatch):
            monkeypatch.setattr(Own, 'x', 5)
            assert double(Own.x) == 10
        """,
        {"test": PASS},
    ),
    "raises": (
        """
        import pytest
        from solution import Broke, fail, double
        def test_class():
            with pytest.raises(Broke):
                fail(1)
        def test_base():
            with pytest.raises(ValueError, match='no 1'):
                fail(1)
        def test_match():
            with pytest.raises(ValueError, match='no 2'):
                fail(1)
        def test_info():
            with pytest.raises(Broke) as caught:
                fail(1)
            assert str(caught.value) == 'no 1'
        def test_nothing():
            with pytest.raises(ValueError):
                double(1)
        """,
        {
            "test_class": PASS,
            "test_base": PASS,
            "test_match": FAIL,
            "test_info": PASS,
            "test_nothing": FAIL,
        },
    ),
    "approx": (
        """
        import pytest
        from solution import half
        def test_near():
            assert half(1) == pytest.approx(0.5000000001)
        def test_far():
            assert half(1) == pytest.approx(0.51)
        def test_list():
            assert [half(1), half(2)] == pytest.approx([0.5, 1.0])
        """,
        {"test_near": PASS, "test_far": FAIL, "test_list": PASS},
    ),
    "classes and setup": (
        """
        from solution import double
        class TestDouble:
            @classmethod
            def setup_class(cls):
                cls.start = double(1)
            def setup_method(self):
                self.x = double(2)
            def test_x(self):
                assert self.x == 4
            def test_start(self):
                assert self.start == 2
            def test_wrong(self):
                assert self.x == 5
        """,
        {
            "TestDouble::test_x": PASS,
            "TestDouble::test_start": PASS,
            "TestDouble::test_wrong": FAIL,
        },
    ),
    "skipped": (
        """
        import pytest
        from solution import double
        @pytest.mark.skip
        def test_skipped():
            assert double(1) == 3
        @pytest.mark.skipif(True, reason='never')
        def test_never():
            assert double(1) == 3
        def test_leaves():
            pytest.skip('later')
        def test_right():
            assert double(1) == 2
        """,
        {"test_right": PASS},
    ),
    "module": (
        """
        import solution
        def test():
            assert solution.double(2) == 4
        """,
        {"test": PASS},
    ),
    "a helper and a loop": (
        """
        from solution import double
        def same(x):
            assert double(x) == x + x
        def test():
            for x in range(20):
                same(x)
        """,
        {"test": PASS},
    ),
}


@pytest.mark.parametrize(("code", "expected"), PYTEST.values(), ids=PYTEST)
def test_pytest_does_as_it_does(
    executor: LocalExecutor, code: str, expected: dict[str, str]
) -> None:
    """Each item is a unit, and goes as pytest would have it."""
    assert marks(executor, code) == expected


def test_an_exception_of_the_candidates_costs_its_own_test_alone(executor: LocalExecutor) -> None:
    """One that no test expects is a runtime error, and the other tests are judged."""
    code = """
        from solution import double, fail
        def test_fails():
            fail(1)
        def test_right():
            assert double(1) == 2
    """

    assert marks(executor, code) == {"test_fails": RAISE, "test_right": PASS}


def test_a_test_that_is_expected_to_fail_may_fail(executor: LocalExecutor) -> None:
    """What pytest reports as `xfailed` is no failure."""
    code = """
        import pytest
        from solution import double
        @pytest.mark.xfail
        def test_expected():
            assert double(1) == 3
    """

    assert marks(executor, code) == {"test_expected": PASS}


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
def test_unittest_does_as_it_does(
    executor: LocalExecutor, methods: str, expected: dict[str, str]
) -> None:
    """Each method is a unit, and goes as unittest would have it."""
    head = "import contextlib, io, unittest\nfrom solution import *\nclass T(unittest.TestCase):\n"
    code = head + "".join(f"    {line}\n" for line in dedent(methods).splitlines())

    found = marks(executor, code)

    assert {name.rpartition(".")[2]: mark for name, mark in found.items()} == expected


def test_what_is_complained_of_is_seen_by_tests(executor: LocalExecutor) -> None:
    """Standard output is what tests capture; standard error does not come along (yet)."""
    code = """
        from solution import complain
        def test(capsys):
            complain(1)
            assert capsys.readouterr().out == ''
    """

    assert marks(executor, code) == {"test": PASS}
