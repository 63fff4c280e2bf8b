"""Tests of reading test code in the shapes of public datasets."""

import json
from typing import Any

import pytest

from nova_code_verifier.sandbox.types import Limits
from nova_code_verifier.verifier.errors import VerifierError
from nova_code_verifier.verifier.reference.plan import plan_tests
from nova_code_verifier.verifier.types import CodePlan, TestCode

CHECK = "def check(candidate):\n    assert candidate(2) == 4\n"
ASSERTS = ["assert f(2) == 4", "assert f(3) == 9"]
SOURCE = "assert f(2) == 4\nassert f(3) == 9"
PYTEST = "from solution import f\n\ndef test_f():\n    assert f(2) == 4\n"
UNITTEST = (
    "import unittest\n\nclass TestCases(unittest.TestCase):\n"
    "    def test_it(self):\n        self.assertEqual(f(2), 4)\n"
)


def code_of(reference: object) -> TestCode:
    """Return the test code of a row that has test code."""
    plan = plan_tests(reference)
    assert isinstance(plan, CodePlan)
    return plan.test_code


def error_of(reference: object) -> VerifierError:
    """Return the error that a reference is refused with."""
    with pytest.raises(VerifierError) as caught:
        plan_tests(reference)
    return caught.value


@pytest.mark.parametrize(
    ("reference", "test_code"),
    [
        pytest.param(
            {
                "task_id": "HumanEval/0",
                "prompt": 'from typing import List\n\ndef f(x: int) -> int:\n    """Square."""\n',
                "canonical_solution": "    return x * x\n",
                "test": CHECK,
                "entry_point": "f",
            },
            TestCode(
                source=CHECK,
                prompt='from typing import List\n\ndef f(x: int) -> int:\n    """Square."""\n',
                entry_point="f",
            ),
            id="humaneval",
        ),
        pytest.param(
            {
                "prompt": "def f(x):\n",
                "declaration": "def f(x):\n",
                "example_test": "check(f)",
                "buggy_solution": "    return x\n",
                "test": f"{CHECK}check(f)\n",
                "entry_point": "f",
            },
            TestCode(source=f"{CHECK}check(f)\n", prompt="def f(x):\n", entry_point="f"),
            id="humanevalpack",
        ),
        pytest.param(
            {
                "task_id": 7,
                "text": "Write a function to square.",
                "code": "def f(x): return x * x",
                "test_setup_code": "two = f(1) + 1",
                "test_list": ASSERTS,
                "challenge_test_list": ["assert f(4) == 16"],
            },
            TestCode(source=f"two = f(1) + 1\n{SOURCE}\nassert f(4) == 16"),
            id="mbpp",
        ),
        pytest.param(
            {
                "prompt": "Write a function to square.",
                "test_imports": ["import math", "import cmath"],
                "test_list": ASSERTS,
            },
            TestCode(source=f"import math\nimport cmath\n{SOURCE}"),
            id="mbpp sanitized",
        ),
        pytest.param(
            {
                "test_list": json.dumps(ASSERTS),
                "challenge_test_list": "[]",
                "test_setup_code": "",
                "test_imports": [],
            },
            TestCode(source=f"{SOURCE}\n"),
            id="mbpp in json",
        ),
        pytest.param(
            {"id": "a", "question": "Square.", "test_cases": ASSERTS, "inferences": []},
            TestCode(source=SOURCE),
            id="acecode",
        ),
        pytest.param({"tests": ASSERTS}, TestCode(source=SOURCE), id="tests"),
        pytest.param({"unit_tests": json.dumps(ASSERTS)}, TestCode(source=SOURCE), id="unit_tests"),
        pytest.param(ASSERTS, TestCode(source=SOURCE), id="list"),
        pytest.param(json.dumps(ASSERTS), TestCode(source=SOURCE), id="open-instruct"),
        pytest.param(
            {"assert_case": ASSERTS, "fn_name": "f"},
            TestCode(source=SOURCE, entry_point="f"),
            id="verl",
        ),
        pytest.param(
            {
                "question_id": 1,
                "starter_code": "class Solution:\n    def f(self, x: int) -> int:\n        ",
                "prompt": "import math\nfrom typing import *\n\nclass Node:\n    pass\n",
                "entry_point": "Solution().f",
                "test": CHECK,
                "input_output": [{"input": "x = 2", "output": "4"}],
                "query": "Square.",
            },
            TestCode(
                source=CHECK,
                prompt="import math\nfrom typing import *\n\nclass Node:\n    pass\n",
                entry_point="Solution().f",
            ),
            id="leetcode",
        ),
        pytest.param(
            {
                "style": "instruct",
                "question": "Square.",
                "test": PYTEST,
                "test_info": [{"function_name": "f"}],
                "metadata": {"original_instruction": "Square."},
            },
            TestCode(source=PYTEST),
            id="kodcode",
        ),
        pytest.param(
            {
                "complete_prompt": 'import math\n\ndef f(x):\n    """Square."""\n',
                "instruct_prompt": "Square.",
                "code_prompt": "import math\n\ndef f(x):\n",
                "test": UNITTEST,
                "entry_point": "f",
                "libs": "['math']",
            },
            TestCode(
                source=UNITTEST,
                prompt="import math\n\ndef f(x):\n",
                entry_point="f",
                libraries=("math",),
            ),
            id="bigcodebench",
        ),
        pytest.param(
            {
                "skeleton": "class Squares: ...",
                "test": UNITTEST,
                "test_classes": ["SquaresTestA", "SquaresTestB"],
                "class_name": "Squares",
                "import_statement": ["import math", "import json"],
            },
            TestCode(source=UNITTEST, prompt="import math\nimport json"),
            id="classeval",
        ),
        pytest.param(
            {"functional": f"{CHECK}check(Solution().f)\n"},
            TestCode(source=f"{CHECK}check(Solution().f)\n"),
            id="code-r1 functional",
        ),
        pytest.param(
            {"pytest": PYTEST}, TestCode(source=PYTEST, style="pytest"), id="code-r1 pytest"
        ),
        pytest.param(
            json.dumps({"pytest": PYTEST}),
            TestCode(source=PYTEST, style="pytest"),
            id="code-r1 json",
        ),
        pytest.param(
            {"tests": CHECK, "entry_point": "f", "prompt": "def f(x):"},
            TestCode(source=CHECK, prompt="def f(x):", entry_point="f"),
            id="source",
        ),
        pytest.param(
            {"ground_truth": PYTEST}, TestCode(source=PYTEST), id="source as ground_truth"
        ),
        pytest.param(UNITTEST, TestCode(source=UNITTEST), id="source alone"),
        pytest.param(json.dumps(PYTEST), TestCode(source=PYTEST), id="source in json"),
    ],
)
def test_every_shape_is_read(reference: object, test_code: TestCode) -> None:
    """Source, prompt, entry point and style of each shape are found, and nothing else."""
    assert code_of(reference) == test_code


@pytest.mark.parametrize(
    "wrapper",
    ["ground_truth", "reward_model", "verification_info", "verifier_metadata", "input_output"],
)
@pytest.mark.parametrize("row", [{"test": CHECK, "entry_point": "f"}, {"functional": CHECK}])
def test_test_code_is_found_in_every_wrapper(wrapper: str, row: dict[str, object]) -> None:
    """Test code in a wrapper, as a dict or as JSON, is read as if it were at the top."""
    assert code_of({wrapper: row}) == code_of({wrapper: json.dumps(row)}) == code_of(row)


def test_limits_next_to_test_code_are_read() -> None:
    """Time limits of the dataset and our own limits hold for test code, too."""
    plan = plan_tests({"test": CHECK, "time_limit": "2 seconds", "limits": {"memory_mb": 100}})

    assert plan.limits == Limits(cpu_seconds=2.0, wall_seconds=6.0, memory_bytes=100 * 2**20)


def test_other_languages_are_refused() -> None:
    """A row of HumanEvalPack for another language is an error."""
    assert error_of({"test": CHECK, "language": "java"}).field == "language"


def test_an_entry_point_may_be_in_an_outer_dict() -> None:
    """The entry point is found in the dicts that contain the tests."""
    assert code_of({"entry_point": "f", "ground_truth": {"test": CHECK}}).entry_point == "f"


def test_two_entry_points_are_refused() -> None:
    """Two different names of the function are an error."""
    assert error_of({"test": CHECK, "entry_point": "f", "fn_name": "g"}).field == "entry_point"


@pytest.mark.parametrize("reference", [{"test": CHECK}, {"tests": CHECK}, {"test_list": ASSERTS}])
def test_shared_process_is_read(reference: dict[str, object]) -> None:
    """`shared_process: true` next to any test code is read."""
    assert code_of(reference | {"shared_process": True}).shared_process


def test_only_true_shares_a_process() -> None:
    """`shared_process` is false for false, and an error for a string."""
    assert not code_of({"test": CHECK, "shared_process": False}).shared_process
    assert error_of({"test": CHECK, "shared_process": "yes"}).field == "shared_process"


@pytest.mark.parametrize(
    "prompt",
    [
        "Write a function to square.",
        "Square",
        "Square the number\n\n```python\ndef f(x):\n```\n",
        "from two numbers, return the product",
        '"""Square."""',
        "print(1)",
        [{"role": "user", "content": "def f(x):"}],
        "def f(x):\n    return '",
        "class Solution:\n    def f(self, x):\n        ",
        "\ud800",
        "\0",
        "",
        None,
        3,
    ],
)
def test_a_prompt_that_is_not_code_is_ignored(prompt: object) -> None:
    """A prompt in English is not put before the candidate."""
    assert code_of({"test": CHECK, "prompt": prompt}).prompt == ""


@pytest.mark.parametrize(
    "prompt",
    [
        "import math",
        "from typing import List",
        "def f(x):",
        "async def f(x):\n",
        "LIMIT = 10",
        "LIMIT: int = 10",
        'def helper(x):\n    return x\n\ndef f(x):\n    """Square."""\n',
    ],
)
def test_a_prompt_that_is_code_is_kept(prompt: str) -> None:
    """A prompt that defines something, or begins to, is kept unchanged."""
    assert code_of({"test": CHECK, "prompt": prompt}).prompt == prompt


def test_the_innermost_prompt_that_is_code_is_used() -> None:
    """A prompt in English does not hide one further out, and an inner one wins."""
    row = {"prompt": "import a", "ground_truth": {"test": CHECK, "prompt": "import b"}}

    assert code_of(row).prompt == "import b"
    assert code_of({**row, "ground_truth": {"test": CHECK, "prompt": "In"}}).prompt == "import a"


@pytest.mark.parametrize(
    "text",
    [
        "assert f() == 1",
        "for x in range(3):\n    assert f(x)",
        "def test_f():\n    pass",
        "async def test_f():\n    pass",
        "from unittest import TestCase\nclass A(TestCase): ...",
        '"""Tests."""\nassert f()',
        "[x] = f()\nassert x",
    ],
)
def test_source_is_recognized_by_its_content(text: str) -> None:
    """Python that asserts or defines tests is test code wherever tests may be."""
    assert code_of({"tests": text}).source == text


@pytest.mark.parametrize(
    "text",
    [
        "We assert that f(2) is 4.",
        "f(2) == 4",
        "check(f)",
        "# assert f(2) == 4",
        "'assert f(2) == 4'",
        "positive",
        "assert f(",
        "\0assert",
        pytest.param("(" * 100_000 + "assert", id="brackets"),
        pytest.param("-" * 100_000 + "1", id="signs"),
        pytest.param("x" + ".x" * 100_000, id="attributes"),
    ],
)
def test_text_that_only_looks_like_source_is_refused(text: str) -> None:
    """The error for other text names `tests.code`."""
    error = error_of({"tests": text})

    assert error.field == "tests"
    assert "tests.code" in error.problem


def test_json_is_not_read_as_source() -> None:
    """JSON with the word assert in it is read as JSON, although it is valid Python."""
    error = error_of({"tests": '[{"input": "assert x"}]'})

    assert error.field == "tests[0].output"


@pytest.mark.parametrize(
    ("reference", "field", "word"),
    [
        ({"test": [{"input": {"stdin": "1"}}]}, "test[0].output", "nothing"),
        ({"test": {"code": "assert f(1)", "asset": {"a": ""}}}, "test.asset", "files"),
        ({"test": {"code": 3, "asset": {}}, "test_list": []}, "test_list", "no test cases"),
        ({"test": "int main() {}"}, "test", "not Python"),
        ({"test": " \n"}, "test", "nothing"),
        ({"test_list": [""]}, "test_list", "nothing"),
        ({"test_list": [ASSERTS[0], 3]}, "test_list[1]", "a number"),
        ({"test_list": ASSERTS[0]}, "test_list", "not JSON"),
        ({"test_list": ASSERTS, "test_imports": "import math"}, "test_imports", "not JSON"),
        ({"test_list": ASSERTS, "challenge_test_list": 3}, "challenge_test_list", "a number"),
        ({"test_list": ASSERTS, "test_setup_code": 3}, "test_setup_code", "a number"),
        ({"assert_case": [None]}, "assert_case[0]", "nothing"),
        ({"pytest": [3]}, "pytest[0]", "a number"),
        ({"ground_truth": {"functional": "\t"}}, "ground_truth.functional", "nothing"),
        ({"test": CHECK, "entry_point": "f(2)"}, "entry_point", "'f(2)'"),
        ({"test_cases": [ASSERTS[0], {"input": "1"}]}, "test_cases[1]", "a dict"),
        ({"test_cases": ["4", "9"]}, "test_cases", "2 strings"),
        ({"test_cases": [*ASSERTS, "assert f("]}, "test_cases", "not Python asserts"),
        (["4"], "reference", "1 strings"),
    ],
)
def test_wrong_test_code_is_refused(reference: object, field: str, word: str) -> None:
    """The error names the wrong part and what was found there."""
    error = error_of(reference)

    assert error.field == field
    assert word in error.problem


@pytest.mark.parametrize(
    "reference",
    [
        {"tests": "assert secret("},
        {"tests": "secret"},
        {"test_cases": ["secret"]},
        {"test_cases": ["assert secret", 3]},
        {"test": ["assert secret", 3]},
        {"test_list": "assert secret"},
        {"test": "assert secret(", "test_list": ["assert secret"]},
        {"test": "assert secret", "entry_point": 3},
        {"test": "assert secret", "checker": "exact"},
    ],
)
def test_errors_do_not_quote_test_code(reference: object) -> None:
    """No error quotes test code."""
    assert "secret" not in str(error_of(reference))


@pytest.mark.parametrize("value", [True, {}, {"input": []}, 3])
def test_other_values_of_test_are_ignored(value: Any) -> None:
    """`test` is a common key: a flag or a dict in it belongs to the dataset."""
    reference: dict[str, Any] = {"functional": CHECK, "test": value}

    assert code_of(reference).source == CHECK


@pytest.mark.parametrize(
    ("libs", "libraries"),
    [
        ("['numpy', 'bs4']", ("numpy", "bs4")),
        (["numpy"], ("numpy",)),
        ("numpy", ()),
        (["scikit-learn >= 1", 7], ()),
        ({"numpy": 1}, ()),
        ("[" * 10**5, ()),
        (None, ()),
    ],
)
def test_libs_of_a_row_are_read(libs: object, libraries: tuple[str, ...]) -> None:
    """A list of modules is read, as JSON or as Python writes it; anything else is ignored."""
    assert code_of({"test": CHECK, "libs": libs}).libraries == libraries
