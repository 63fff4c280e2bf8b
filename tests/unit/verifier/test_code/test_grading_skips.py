"""Tests that skip themselves, cannot run here, or are left out, and whose fault that is.

What happens without a candidate, too, is the dataset's: such a test does not count, and if none is
left, the sample is ungraded. Everything else is the candidate's.
"""

from textwrap import dedent

import pytest

from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.verifier.pipeline import judge
from nova_code_verifier.verifier.types import Sample, Score, Verdict

ADD = "def add(a, b): return a + b"
SKIP = "import unittest\ndef add(a, b): raise unittest.SkipTest('later')"
FETCH = "import asyncio\nasync def fetch(x):\n    await asyncio.sleep(0)\n    return {}"
PYTEST = """
from solution import add
def test_one():
    assert add(1, 2) == 3
def test_two():
    assert add(2, 2) == 4
"""
CASE = """
import unittest
from solution import add
class T(unittest.TestCase):
    def test_one(self):
        self.assertEqual(add(1, 2), 3)
    def test_two(self):
        self.assertEqual(add(2, 2), 4)
"""
SCRIPT = "assert add(1, 2) == 3\nassert add(2, 2) == 4"
STYLES = {"pytest": PYTEST, "unittest": CASE, "script": SCRIPT}
PROCESSES = pytest.mark.parametrize("shared", [False, True], ids=["apart", "shared"])


def score(executor: LocalExecutor, program: str, code: str, **row: object) -> Score:
    """Score one program with the test code of a row."""
    sample = Sample(
        completion=f"```python\n{dedent(program)}\n```\n", reference={"test": dedent(code), **row}
    )
    (found,) = judge([sample], executor)
    return found


def assert_ungraded(found: Score, reason: str) -> None:
    """Assert that the dataset is at fault, and that the problem names the *reason*."""
    assert (found.verdict, found.is_outage) == (Verdict.UNGRADED, False)
    assert reason in found.problem


# Skips by the candidate's doing


@PROCESSES
@pytest.mark.parametrize("code", STYLES.values(), ids=STYLES)
def test_a_candidate_that_skips_all_tests_is_wrong(
    executor: LocalExecutor, code: str, *, shared: bool
) -> None:
    """It neither is ungraded nor stops the batch."""
    found = score(executor, SKIP, code, shared_process=shared)

    assert found.verdict in (Verdict.WRONG_ANSWER, Verdict.RUNTIME_ERROR)
    assert (found.correctness, found.tests_total) == (0.0, 2)


@PROCESSES
@pytest.mark.parametrize("code", STYLES.values(), ids=STYLES)
def test_a_test_that_the_candidate_skips_has_failed(
    executor: LocalExecutor, code: str, *, shared: bool
) -> None:
    """It counts among the tests, and does not pass."""
    program = """
        import unittest
        def add(a, b):
            if a == 2:
                raise unittest.SkipTest("later")
            return a + b
    """

    found = score(executor, program, code, shared_process=shared)

    assert (found.tests_passed, found.tests_total) == (1, 2)


@PROCESSES
@pytest.mark.parametrize(
    "condition",
    [
        "add(1, 2) is None",
        "not add(1, 2)",
        "add(1, 2) != 3",
        "not hasattr(solution, 'sub')",
        "raised(NotImplementedError)",
    ],
)
def test_a_test_that_skips_itself_because_of_the_candidate_has_failed(
    executor: LocalExecutor, condition: str, *, shared: bool
) -> None:
    """A candidate that leaves something out does not choose what counts."""
    code = f"""
        import pytest, solution
        from solution import add
        def raised(kind):
            try:
                add(1, 2)
            except kind:
                return True
            return False
        def test_it():
            if {condition}:
                pytest.skip("not implemented")
            assert add(1, 2) == 3
        def test_zero():
            assert add(0, 0) == 0
    """
    program = """
        def add(a, b):
            if a:
                {}
            return 0
    """.format("raise NotImplementedError" if "raised" in condition else "return None")

    found = score(executor, program, code, shared_process=shared)

    assert (found.tests_passed, found.tests_total) == (1, 2)


def test_a_candidate_cannot_choose_that_there_are_no_tests(executor: LocalExecutor) -> None:
    """If the arguments of a test are the candidate's, an empty list does not leave it out."""
    code = """
        import pytest, solution
        @pytest.mark.parametrize("x", solution.CASES)
        def test_it(x):
            assert solution.add(x, 1) == x + 1
    """

    assert score(executor, f"{ADD}\nCASES = [1, 2]", code).verdict == Verdict.ACCEPTED
    assert score(executor, f"{ADD}\nCASES = []", code).verdict == Verdict.WRONG_ANSWER
    assert score(executor, "1 / 0", code).verdict == Verdict.RUNTIME_ERROR


@PROCESSES
def test_names_of_tests_may_depend_on_the_candidate(
    executor: LocalExecutor, *, shared: bool
) -> None:
    """Every test counts once, whatever name pytest gives it."""
    code = """
        import pytest, solution
        @pytest.mark.parametrize("x", [solution.ONE, 4])
        def test_it(x):
            assert solution.add(x, 1) == x + 1
    """

    found = score(executor, f"{ADD}\nONE = 1", code, shared_process=shared)

    assert (found.tests_passed, found.tests_total) == (2, 2)


# Skips by the dataset's doing

SKIPPED = {
    "importorskip": ("import pytest\npytest.importorskip('no_such')\n" + PYTEST, "no_such"),
    "importorskip, last": (PYTEST + "import pytest\npytest.importorskip('no_such')", "no_such"),
    "in each test": (
        """
        import pytest
        from solution import add
        def test_one():
            pytest.importorskip('no_such')
            assert add(1, 2) == 3
        """,
        "no_such",
    ),
    "after a question": (
        """
        import pytest
        from solution import add
        def test_one():
            found = add(1, 2)
            pytest.importorskip('no_such')
            assert found == 3
        """,
        "no_such",
    ),
    "module level": (
        PYTEST + "import pytest\npytest.skip('reasons', allow_module_level=True)",
        "reasons",
    ),
    "pytestmark": ("import pytest\npytestmark = pytest.mark.skip('reasons')\n" + PYTEST, "reasons"),
    "a fixture": (
        """
        import pytest
        from solution import add
        @pytest.fixture(autouse=True)
        def one():
            pytest.skip('reasons')
        def test_one():
            assert add(1, 2) == 3
        """,
        "reasons",
    ),
    "SkipTest": (
        CASE + "try:\n    import no_such\nexcept ImportError:\n    raise unittest.SkipTest('it')",
        "it, line",
    ),
    "a class": (CASE.replace("class T", "@unittest.skip('reasons')\nclass T"), "reasons"),
    "setUpModule": (CASE + "def setUpModule():\n    raise unittest.SkipTest('it')", "it"),
    "setUpClass": (
        CASE + "    @classmethod\n    def setUpClass(cls):\n        raise unittest.SkipTest('it')",
        "it",
    ),
    "setUp": (CASE + "    def setUp(self):\n        self.skipTest('reasons')", "reasons"),
}


@PROCESSES
@pytest.mark.parametrize(("code", "reason"), SKIPPED.values(), ids=SKIPPED)
def test_tests_that_are_all_skipped_are_the_datasets_fault(
    executor: LocalExecutor, code: str, reason: str, *, shared: bool
) -> None:
    """The sample is ungraded, with the reason that the tests give, for every candidate."""
    for program in (ADD, SKIP):
        found = score(executor, program, code, shared_process=shared)

        assert_ungraded(found, "are all skipped")
        assert reason in found.problem


@PROCESSES
@pytest.mark.parametrize(
    "code",
    [
        CASE.replace("    def test_two", "    @unittest.skipIf(True, '')\n    def test_two"),
        PYTEST.replace("def test_two():", "def test_two():\n    import pytest; pytest.skip()"),
        PYTEST + "import pytest\n@pytest.mark.skipif(True, reason='')\ndef test_two(): no",
    ],
)
def test_a_test_that_is_always_skipped_does_not_count(
    executor: LocalExecutor, code: str, *, shared: bool
) -> None:
    """The other tests are all that count."""
    found = score(executor, ADD, code, shared_process=shared)

    assert (found.verdict, found.tests_total) == (Verdict.ACCEPTED, 1)


# Tests that need what is not there


@PROCESSES
@pytest.mark.parametrize("mark", ["@pytest.mark.asyncio", "@pytest.mark.anyio", ""])
def test_coroutines_are_run_without_a_plugin(
    executor: LocalExecutor, mark: str, *, shared: bool
) -> None:
    """So are fixtures that are coroutines or asynchronous generators."""
    code = f"""
        import asyncio, pytest
        from solution import fetch
        @pytest.fixture
        async def one():
            return await asyncio.sleep(0, 1)
        @pytest.fixture
        async def two(one):
            yield one + 1
        {mark}
        async def test_one(one):
            assert await fetch(one) == 2
        class TestIt:
            {mark}
            @pytest.mark.parametrize("x", [5, 6])
            async def test_two(self, two, x):
                assert await asyncio.gather(fetch(two), fetch(x)) == [3, x + 1]
    """

    right = score(executor, FETCH.format("x + 1"), code, shared_process=shared)
    wrong = score(executor, FETCH.format("2"), code, shared_process=shared)

    assert (right.verdict, right.tests_total) == (Verdict.ACCEPTED, 3)
    assert (wrong.verdict, wrong.tests_passed) == (Verdict.WRONG_ANSWER, 1)


@PROCESSES
@pytest.mark.parametrize("fixture", ["mocker", "benchmark", "no_such"])
def test_a_fixture_of_a_missing_plugin_is_the_datasets_fault(
    executor: LocalExecutor, fixture: str, *, shared: bool
) -> None:
    """The sample is ungraded, and the problem names the fixture."""
    code = PYTEST + f"def test_three({fixture}):\n    assert add(1, 1) == 2"

    assert_ungraded(score(executor, ADD, code, shared_process=shared), f"the fixture {fixture}")


@PROCESSES
@pytest.mark.parametrize(
    "row",
    [
        {"test": "import no_such\n" + PYTEST},
        {"test": PYTEST + "def test_three():\n    x = add(1, 2)\n    from no_such.part import y"},
        {"test": SCRIPT, "prompt": "import no_such\ndef add(a, b):\n"},
        {"test": SCRIPT, "libs": "['json', 'no_such']"},
        {"test": "__import__('no_such')\n" + PYTEST},
        {"test": PYTEST + "def test_three():\n    __import__('no_such')"},
    ],
)
def test_a_library_that_the_tests_miss_is_the_datasets_fault(
    executor: LocalExecutor, row: dict[str, str], *, shared: bool
) -> None:
    """The sample is ungraded for every candidate, and the problem names the library."""
    for program in (ADD, "import no_such", "def add("):
        sample = Sample(
            completion=f"```python\n{program}\n```", reference=row | {"shared_process": shared}
        )
        (found,) = judge([sample], executor)

        assert_ungraded(found, "no_such")


@PROCESSES
@pytest.mark.parametrize("code", STYLES.values(), ids=STYLES)
@pytest.mark.parametrize("program", ["import no_such\n{}", "{}; import no_such"])
def test_a_library_that_the_candidate_misses_is_a_runtime_error(
    executor: LocalExecutor, program: str, code: str, *, shared: bool
) -> None:
    """It cannot choose to be ungraded; the error names the library."""
    add = "def add(a, b): x = a + b"

    found = score(executor, program.format(add), code, shared_process=shared)

    assert found.verdict == Verdict.RUNTIME_ERROR
    first = found.cases[0].execution
    assert "no_such" in f"{first.error} {first.detail}"


@PROCESSES
def test_main_is_the_candidate_in_a_script_only(executor: LocalExecutor, *, shared: bool) -> None:
    """A script is one file with the candidate. With a test tool, `__main__` is the tool."""
    script = "from __main__ import add\n" + SCRIPT
    tool = PYTEST.replace("solution", "__main__")

    assert score(executor, ADD, script, shared_process=shared).verdict == Verdict.ACCEPTED
    assert_ungraded(score(executor, ADD, tool, shared_process=shared), "__main__")


# Tests that are left out

OF_CANDIDATE = """
import unittest
from solution import Base
class First(unittest.TestCase):
    def test_one(self):
        self.assertEqual(Base().one(), 1)
class Second(unittest.TestCase, Base):
    def test_two(self):
        self.assertEqual(self.one(), 1)
"""
BASE = "class Base:\n    def one(self): return 1\n"


def test_a_test_class_that_needs_the_candidates_is_not_left_out(executor: LocalExecutor) -> None:
    """Its tests count where they can run, and are never left out in silence."""
    hides = BASE + "    def __init_subclass__(cls): raise TypeError"

    apart = score(executor, BASE, OF_CANDIDATE)
    shared = score(executor, BASE, OF_CANDIDATE, shared_process=True)
    hidden = score(executor, hides, OF_CANDIDATE, shared_process=True)

    assert_ungraded(apart, "define Second as a subclass")
    assert "shared_process: true" in apart.problem
    assert (shared.verdict, shared.tests_total) == (Verdict.ACCEPTED, 2)
    assert (hidden.tests_passed, hidden.tests_total) == (1, 2)


@PROCESSES
@pytest.mark.parametrize("error", ["ValueError", "unittest.SkipTest('later')"])
def test_the_tests_of_a_class_that_the_candidate_does_not_let_set_up_have_failed(
    executor: LocalExecutor, error: str, *, shared: bool
) -> None:
    """The tests of other classes are not affected."""
    code = """
        import unittest
        from solution import make, one
        class First(unittest.TestCase):
            def test_one(self):
                self.assertEqual(one(), 1)
        class Second(unittest.TestCase):
            @classmethod
            def setUpClass(cls):
                cls.made = make()
            def test_two(self):
                self.assertEqual(one(), 1)
    """
    program = f"import unittest\ndef one(): return 1\ndef make(): raise {error}"

    found = score(executor, program, code, shared_process=shared)

    assert (found.tests_passed, found.tests_total) == (1, 2)


# An entry point with the name of a library module


@PROCESSES
@pytest.mark.parametrize("name", ["numbers", "random", "string", "copy", "queue", "calendar"])
@pytest.mark.parametrize(
    "code",
    [
        "def check(candidate):\n    assert candidate(2) == [0, 1]\n    assert candidate(0) == []",
        "import {0}\ndef check(candidate):\n    assert {0}.__name__\n    assert candidate(0) == []",
        "def {0}(n): return [*range(n)]\ndef check(f):\n    assert f(3) == {0}(3)",
        "assert {0}(2) == [0, 1]",
        "import {0}\nassert {0}(2) == [0, 1]",
        "assert [*map({0}, [1])] == [[0]]",
        "from solution import {0}\ndef test_it():\n    assert [*map({0}, [1])] == [[0]]",
        "import {0}\nfrom solution import {0}\ndef test_it():\n    assert {0}(1) == [0]",
        CASE.replace("add", "{0}").replace("1, 2), 3", "0), []").replace("2, 2), 4", "1), [0]"),
    ],
)
def test_an_entry_point_may_have_the_name_of_a_library_module(
    executor: LocalExecutor, name: str, code: str, *, shared: bool
) -> None:
    """Tests in any style use the candidate's function, even if they import the module too."""
    row = {"entry_point": name, "shared_process": shared}
    code = code.format(name)

    right = score(executor, f"def {name}(n): return list(range(n))", code, **row)
    wrong = score(executor, f"def {name}(n): return [n]", code, **row)

    assert (right.verdict, right.problem) == (Verdict.ACCEPTED, "")
    assert wrong.verdict == Verdict.WRONG_ANSWER


def test_a_library_that_tests_use_without_an_import_is_not_the_candidates(
    executor: LocalExecutor,
) -> None:
    """A candidate cannot bring its own `math` into its tests."""
    program = "import math\nclass math:\n    pi = 7\ndef f(x): return 7"

    assert score(executor, program, "assert f(1) == math.pi").verdict == Verdict.WRONG_ANSWER
