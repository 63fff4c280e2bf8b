"""Rows of HumanEval+ and MBPP+: what their helpers compare, without numpy in our process."""

import ast
from itertools import product
from typing import Any

import pytest

from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.verifier.pipeline import judge
from nova_code_verifier.verifier.test_code.plain.functions import read_helper
from nova_code_verifier.verifier.test_code.plain.values import Library, Names, NotPlainError
from nova_code_verifier.verifier.types import Sample, Verdict
from tests.evalplus_forms import HELPERS, humaneval_plus, mbpp_plus

numpy: Any = pytest.importorskip("numpy", reason="numpy is not installed")

NUMBERS = [0, 1, -1, 0.0, 1.0, 1 + 5e-8, 1 + 1e-5, 1e-7, 1e300, 1e400, -1e400, 2**60, True, 0.1]
OTHERS = [
    None, "", "a", [], (), {}, [[1.0]], {"a": 1.0}, {1.0}, ["a"], [1.0, "a"], [None], [1, 2],
    *([number] for number in NUMBERS), *((number, 1.0) for number in NUMBERS),
]  # fmt: skip


def _outcome(function: Any, *args: object) -> str:
    try:
        function(*args)
    except AssertionError as error:
        return f"failed: {error}"
    except NotPlainError:
        return "left"
    except Exception as error:  # noqa: BLE001  (whatever numpy raises)
        return type(error).__name__
    return "passed"


@pytest.mark.parametrize("name", HELPERS)
def test_a_helper_compares_as_with_numpy(name: str) -> None:
    """It never passes or fails where the real helper does not. What numpy refuses, it leaves."""
    real: dict[str, Any] = {}
    exec(HELPERS[name], real)
    names = Names(candidates=frozenset())
    names.bind_name("np", Library("numpy"))
    for node in ast.parse(HELPERS[name]).body:
        if isinstance(node, ast.FunctionDef):
            helper = read_helper(node, names)
            names.bind_name(node.name, helper)

    certain = 0
    for out, exp, atol in product([*NUMBERS, *OTHERS], [*NUMBERS, *OTHERS], [0, 1e-6, 1e-3]):
        found = _outcome(helper.function, out, exp, atol)
        if found.startswith(("passed", "failed")):
            certain += 1
            assert found == _outcome(real["assertion"], out, exp, atol), (out, exp, atol)
    assert certain > len(NUMBERS) ** 2


@pytest.mark.parametrize("fast_paths", [True, False])
def test_a_row_pays_the_share_of_its_inputs(*, fast_paths: bool) -> None:
    """A program that is right for three of four inputs gets three quarters of its only case."""
    inputs, results = [[0], [1], [2], [3]], [0.0, 0.1, 0.2, 0.30000000000000004]
    program = "def f(x):\n    return x * 0.1 if x < 3 else 5.0"
    tests = [humaneval_plus(inputs, results), mbpp_plus("f", inputs, results)]
    samples = [
        Sample(
            completion=f"```python\n{program}\n```",
            reference={"test": test, "entry_point": "f", "prompt": "def f(x):\n"},
        )
        for test in tests
    ]

    with LocalExecutor(workers=1, fast_paths=fast_paths) as executor:
        scores = judge(samples, executor)
    cases = [case for score in scores for case in score.cases]

    assert [(case.parts_passed, case.parts) for case in cases] == [(3, 4), (3, 4)]
    assert {case.verdict for case in cases} == {Verdict.WRONG_ANSWER}
