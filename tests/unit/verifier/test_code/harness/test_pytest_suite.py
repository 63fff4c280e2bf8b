"""Tests that are written for pytest: the real one runs them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from nova_code_verifier.verifier.test_code.grading import TestCodeRun
from nova_code_verifier.verifier.test_code.protocol import ItemState, RunReport
from nova_code_verifier.verifier.types import Verdict
from tests.unit.verifier.test_code.harness.runs import discovered, graded, states

PASS, FAIL, RAISE, SKIP = (
    ItemState.PASSED,
    ItemState.FAILED,
    ItemState.RAISED,
    ItemState.SKIPPED,
)
NOT_REACHED = ItemState.NOT_REACHED

PROGRAM = """
import asyncio, logging, sys, warnings
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
def logged(text):
    logging.getLogger('app').warning(text)
def warned(text):
    warnings.warn(text)
async def slow(x):
    await asyncio.sleep(0)
    return x
def complain(x):
    print('oh', x, file=sys.stderr)
"""


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
        def test_err(capsys):
            complain(1)
            assert capsys.readouterr() == ('', 'oh 1\\n')
        """,
        {"test_out": PASS, "test_wrong": FAIL, "test_err": PASS},
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
        {"test_skipped": SKIP, "test_never": SKIP, "test_leaves": SKIP, "test_right": PASS},
    ),
    "capfd, caplog and recwarn": (
        """
        import warnings
        from solution import say, logged, warned
        def test_fd(capfd):
            say(1)
            assert capfd.readouterr().out == 'said 1\\n'
        def test_log(caplog):
            logged('oh')
            assert caplog.messages == ['oh']
        def test_warnings(recwarn):
            warned('oh')
            assert str(recwarn.pop(UserWarning).message) == 'oh'
        """,
        {"test_fd": PASS, "test_log": PASS, "test_warnings": PASS},
    ),
    "xfail": (
        """
        import pytest
        from solution import double
        @pytest.mark.xfail
        def test_expected():
            assert double(1) == 3
        @pytest.mark.xfail(strict=True)
        def test_strict():
            assert double(1) == 2
        @pytest.mark.xfail(raises=KeyError)
        def test_other():
            assert double(1) == 3
        def test_calls():
            pytest.xfail('not yet')
        """,
        {"test_expected": PASS, "test_strict": FAIL, "test_other": FAIL, "test_calls": SKIP},
    ),
    "coroutines": (
        """
        import asyncio, pytest
        from solution import double, slow
        @pytest.fixture
        async def two():
            await asyncio.sleep(0)
            yield double(1)
        @pytest.mark.asyncio
        async def test_marked(two):
            assert await slow(two) == 2
        @pytest.mark.anyio
        async def test_anyio():
            assert await slow(3) == 3
        async def test_wrong():
            assert await slow(2) == 3
        class TestSlow:
            pytestmark = pytest.mark.asyncio
            async def test_in_class(self):
                assert await asyncio.gather(slow(1), slow(2)) == [1, 2]
        """,
        {
            "test_marked": PASS,
            "test_anyio": PASS,
            "test_wrong": FAIL,
            "TestSlow::test_in_class": PASS,
        },
    ),
    "scopes of fixtures": (
        """
        import pytest
        from solution import double
        @pytest.fixture(scope='module', params=[1, 2])
        def number(request):
            return request.param
        @pytest.fixture(scope='session', autouse=True)
        def made():
            return double(4)
        def test_a(number, made):
            assert double(number) + made == 2 * number + 8
        def test_b(number, tmp_path_factory):
            assert double(number) == 2
        """,
        {"test_a[1]": PASS, "test_b[1]": PASS, "test_a[2]": PASS, "test_b[2]": FAIL},
    ),
    "a failing set-up": (
        """
        import pytest
        from solution import fail, double
        @pytest.fixture
        def broken():
            fail(1)
        def test_broken(broken):
            assert double(1) == 2
        def test_right():
            assert double(1) == 2
        """,
        {"test_broken": RAISE, "test_right": PASS},
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
def test_each_item_has_the_state_that_pytest_gives(
    code: str, expected: dict[str, ItemState]
) -> None:
    """Each item of pytest is a test item, and passes or fails as with pytest."""
    assert states(graded(code, PROGRAM)) == expected


def test_an_unexpected_exception_of_the_candidates_fails_its_item_only() -> None:
    """It is a runtime error of that item; the other items are judged."""
    code = """
        from solution import double, fail
        def test_fails():
            fail(1)
        def test_right():
            assert double(1) == 2
    """

    assert states(graded(code, PROGRAM)) == {"test_fails": RAISE, "test_right": PASS}


def test_a_lost_item_is_not_run() -> None:
    """It is neither run nor reported."""
    code = """
        from solution import double
        def test_a():
            assert double(1) == 2
        def test_b():
            assert double(1) == 2
    """

    assert states(graded(code, PROGRAM, ("test_a",))) == {"test_b": PASS}


@pytest.mark.parametrize("end", ["pytest.exit('enough')", "raise KeyboardInterrupt"])
def test_tests_that_end_pytest_leave_no_item_unreported(end: str) -> None:
    """The items behind are not reached, and their error says why."""
    code = f"""
        import pytest
        from solution import double
        def test_a():
            assert double(1) == 2
        def test_b():
            double(1)
            {end}
        def test_c():
            assert double(1) == 2
    """
    report = graded(code, PROGRAM)

    assert states(report) == {"test_a": PASS, "test_b": FAIL, "test_c": NOT_REACHED}
    assert report.items[2].error.startswith(("Exit", "KeyboardInterrupt"))


PLANTED = {
    "conftest.py": "raise SystemExit\ndef pytest_runtest_call(item): item.obj = lambda: None",
    "pytest.ini": "[pytest]\naddopts = --collect-only",
    "pyproject.toml": "[tool.pytest.ini_options]\naddopts = '-k nothing'",
    "test_tests.py": "def test_more(): pass",
    "test_more.py": "def test_more(): pass",
    "tests/conftest.py": "raise SystemExit",
    "sitecustomize.py": "raise SystemExit",
}


def test_files_in_the_work_directory_do_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The candidate writes there: pytest finds no settings, hooks or tests in it."""
    for name, text in PLANTED.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    code = """
        import os
        from solution import double
        def test_a(tmp_path):
            assert double(1) == 2
            assert not tmp_path.is_relative_to(os.getcwd())
    """

    assert states(graded(code, PROGRAM)) == {"test_a": PASS}
    assert {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.*")} == set(PLANTED)


def test_nothing_in_the_environment_names_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """The candidate receives the environment of the tests."""
    monkeypatch.delenv("PYTEST_CURRENT_TEST", raising=False)
    monkeypatch.delenv("PYTEST_VERSION", raising=False)
    code = """
        import os
        from solution import double
        def test_a():
            double(1)
            assert 'PYTEST_CURRENT_TEST' not in os.environ
            assert 'PYTEST_VERSION' not in os.environ
    """

    assert states(graded(code, PROGRAM)) == {"test_a": PASS}


def test_an_installed_plugin_is_not_loaded() -> None:
    """The same tests do the same everywhere: a fixture of a plugin is missing, which is named."""
    report = discovered("from solution import f\ndef test_a(worker_id):\n    assert f(1)")

    assert "use the fixture worker_id, which neither they nor pytest define" in report.problem


def test_a_skip_of_the_module_is_a_problem() -> None:
    """All its tests are skipped."""
    code = "import pytest\npytest.skip('later', allow_module_level=True)\ndef test_a(): pass"
    report: RunReport = discovered(f"from solution import f\n{code}")

    assert "all skipped" in report.problem


PLANTING = """
import os
os.makedirs("tests", exist_ok=True)
for name, text in {files}.items():
    with open(name, "w") as file:
        file.write(text)
for make in (lambda: os.symlink("/etc", "test_links"), lambda: os.mkfifo("test_pipe.py")):
    try:
        make()
    except OSError:
        pass
def double(x):
    return 2 * x
def size(path):
    with open(path) as file:
        return len(file.read())
"""


def test_a_candidate_can_plant_nothing(run_test_code: Callable[[str, str], TestCodeRun]) -> None:
    """It writes files as soon as it is loaded; and it can read what the tests write."""
    code = """
        from solution import double, size
        def test_right(tmp_path, capfd):
            assert double(1) == 2
            (tmp_path / "x.txt").write_text("abc")
            assert size(tmp_path / "x.txt") == 3
        def test_wrong():
            assert double(1) == 3
    """
    run = run_test_code(PLANTING.replace("{files}", repr(PLANTED)), code)

    verdicts = {name: result.verdict for name, result in run.results.items()}
    assert verdicts == {"test_right": Verdict.ACCEPTED, "test_wrong": Verdict.WRONG_ANSWER}
