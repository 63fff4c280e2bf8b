"""Tests of reading test code in its canonical form."""

from typing import Any

import pytest

from nova_code_verifier.verifier.errors import VerifierError
from nova_code_verifier.verifier.reference.test_code import read_test_code
from nova_code_verifier.verifier.types import TestCode

CODE: dict[str, Any] = {"kind": "code", "code": "assert f(1) == 2"}


def error_of(tests: dict[str, object]) -> VerifierError:
    """Return the error that *tests* are refused with."""
    with pytest.raises(VerifierError) as caught:
        read_test_code("tests", tests)
    return caught.value


def test_only_the_source_is_required() -> None:
    """All other parts of test code have defaults."""
    assert read_test_code("tests", CODE) == TestCode(
        source="assert f(1) == 2",
        prompt="",
        entry_point="",
        style="",
        modules=("solution",),
        shared_process=False,
    )


def test_every_key_is_read() -> None:
    """Each key sets the field of the test code with its name, unchanged."""
    tests = CODE | {
        "prompt": "import math\n",
        "entry_point": "Solution().f",
        "style": "pytest",
        "modules": ["candidate", "answer"],
        "shared_process": True,
    }

    assert read_test_code("tests", tests) == TestCode(
        source="assert f(1) == 2",
        prompt="import math\n",
        entry_point="Solution().f",
        style="pytest",
        modules=("candidate", "answer"),
        shared_process=True,
    )


def test_null_means_absent() -> None:
    """A key with the value null is ignored."""
    keys = ("prompt", "entry_point", "style", "modules", "shared_process", "cases")

    assert read_test_code("tests", CODE | dict.fromkeys(keys)) == read_test_code("tests", CODE)


@pytest.mark.parametrize("key", ["prompt", "entry_point", "style"])
def test_an_empty_string_means_absent(key: str) -> None:
    """An optional key with an empty string is ignored."""
    assert read_test_code("tests", CODE | {key: ""}) == read_test_code("tests", CODE)


@pytest.mark.parametrize("style", ["script", "pytest", "unittest"])
def test_every_style_is_accepted(style: str) -> None:
    """`script`, `pytest` and `unittest` are styles."""
    assert read_test_code("tests", CODE | {"style": style}).style == style


@pytest.mark.parametrize(
    ("tests", "field", "word"),
    [
        ({"kind": "code"}, "code", "nothing"),
        ({"kind": "code", "code": " \n"}, "code", "nothing"),
        ({"kind": "code", "code": ["assert f()"]}, "code", "a list"),
        (CODE | {"prompt": 3}, "prompt", "a number"),
        (CODE | {"entry_point": "f()"}, "entry_point", "'f()'"),
        (CODE | {"entry_point": 3}, "entry_point", "a number"),
        (CODE | {"style": "doctest"}, "style", "'doctest'"),
        (CODE | {"style": True}, "style", "a boolean"),
        (CODE | {"modules": "solution"}, "modules", "not JSON"),
        (CODE | {"modules": [3]}, "modules[0]", "a number"),
        (CODE | {"shared_process": "true"}, "shared_process", "a string"),
        (CODE | {"shared_process": 1}, "shared_process", "a number"),
        (CODE | {"shared_process": 0}, "shared_process", "a number"),
        (CODE | {"cases": []}, "cases", "unknown key"),
        (CODE | {"entrypoint": "f"}, "entrypoint", "did you mean 'entry_point'"),
    ],
)
def test_wrong_test_code_is_refused(tests: dict[str, object], field: str, word: str) -> None:
    """The error names the wrong part and what was found there."""
    error = error_of(tests)

    assert error.field == f"tests.{field}"
    assert word in error.problem


def test_an_absent_flag_is_false() -> None:
    """Tests and candidate share no process unless the dataset asks for it."""
    assert read_test_code("tests", CODE).shared_process is False
