"""Tests that are written for pytest: the real one runs them, with a real guest's answers."""

from collections.abc import Callable

import pytest

from nova_code_verifier.verifier.test_code.grading import TestCodeRun
from nova_code_verifier.verifier.types import Verdict

PASS, FAIL, RAISE = Verdict.ACCEPTED, Verdict.WRONG_ANSWER, Verdict.RUNTIME_ERROR
RunTestCode = Callable[[str, str], TestCodeRun]

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
"""


def verdicts(run_test_code: RunTestCode, code: str) -> dict[str, Verdict]:
    """Run the program with tests; return the verdict of each test item."""
    results = run_test_code(PROGRAM, code).results
    return {name: result.verdict for name, result in results.items()}


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
def test_each_item_has_the_verdict_that_pytest_gives(
    run_test_code: RunTestCode, code: str, expected: dict[str, Verdict]
) -> None:
    """Each item of pytest is a test item, and passes or fails as with pytest."""
    assert verdicts(run_test_code, code) == expected


def test_an_unexpected_exception_of_the_candidates_fails_its_item_only(
    run_test_code: RunTestCode,
) -> None:
    """It is a runtime error of that item; the other items are judged."""
    code = """
        from solution import double, fail
        def test_fails():
            fail(1)
        def test_right():
            assert double(1) == 2
    """

    assert verdicts(run_test_code, code) == {"test_fails": RAISE, "test_right": PASS}


def test_a_test_that_is_expected_to_fail_passes(run_test_code: RunTestCode) -> None:
    """An item that pytest reports as `xfailed` passes."""
    code = """
        import pytest
        from solution import double
        @pytest.mark.xfail
        def test_expected():
            assert double(1) == 3
    """

    assert verdicts(run_test_code, code) == {"test_expected": PASS}


def test_standard_error_of_the_candidate_is_not_captured(run_test_code: RunTestCode) -> None:
    """Only standard output of the candidate reaches the tests (so far)."""
    code = """
        from solution import complain
        def test(capsys):
            complain(1)
            assert capsys.readouterr() == ('', '')
    """

    assert verdicts(run_test_code, code) == {"test": PASS}
