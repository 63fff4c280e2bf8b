"""Tests that evaluate texts of their own, and tests that may evaluate a candidate's."""

import ast

import pytest

from nova_code_verifier.verifier.test_code.harness.evaluation import find_evaluation


@pytest.mark.parametrize(
    "code",
    [
        "eval('1 + 2')",
        "x = '1 + 2'\nassert f(x) == eval(x)",
        "for x in ['1', '2']:\n    assert f(x) == eval(x)",
        "texts = ['1', '2']\nfor x in texts:\n    assert f(x) == eval(x)",
        "texts = ['1', '2']\nassert f(texts[0]) == len(texts)\nfor x in texts: eval(x)",
        "texts = ('1', '2')\nassert f(texts) == [eval(x) for x in texts]",
        "cases = {'1': 1}\nfor x, y in cases.items():\n    assert eval(x) == y == f(x)",
        "config = {'version': 1, 'root': {'handlers': []}}\nlogging.config.dictConfig(config)",
    ],
)
def test_texts_of_the_tests_are_evaluated(code: str) -> None:
    """A text that only the tests can have written is no reason for one process."""
    assert find_evaluation(ast.parse(code)) == 0


@pytest.mark.parametrize(
    "code",
    [
        "eval(f(1))",
        "texts = ['1', '2']\nassert f(texts) == [eval(x) for x in texts]",
        "texts = ['1', '2']\nf(a=texts)\nfor x in texts: eval(x)",
        "texts = ['1', '2']\nsame = texts\nf(same)\nfor x in texts: eval(x)",
        "texts = []\ntexts.append(f(1))\nfor x in texts: eval(x)",
        "texts = ['1']\ntexts[0] = f(1)\nfor x in texts: eval(x)",
        "rows = [['1'], ['2']]\nfor row in rows:\n    f(row)\n    for x in row: eval(x)",
        "rows = [['1'], ['2']]\nf(rows[0])\nfor row in rows:\n    for x in row: eval(x)",
        "rows = (['1'], ['2'])\nf(rows)\nfor row in rows:\n    for x in row: eval(x)",
        "cases = {'1': 1}\nf(cases)\nfor x, y in cases.items(): eval(x)",
        "run = eval",
        "logging.config.dictConfig(f())",
        "config = {'version': 1}\nf(config)\ndictConfig(config)",
        "list(map(eval, f(1)))",
    ],
)
def test_texts_that_a_candidate_may_have_changed_are_found(code: str) -> None:
    """A container that the candidate gets may hold another text afterwards."""
    assert find_evaluation(ast.parse(code)) > 0
