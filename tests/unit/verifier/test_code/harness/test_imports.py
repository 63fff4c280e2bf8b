"""Modules that tests need and that are not installed."""

import ast
from textwrap import dedent

import pytest

from nova_code_verifier.verifier.test_code.harness import imports

OWN = frozenset({"solution"})


def missing(source: str, prompt: str = "") -> str:
    """Return the first module that a script, or its prompt, needs and that is not installed."""
    return imports.find_missing(ast.parse(dedent(source)), ast.parse(dedent(prompt)), own=OWN)


@pytest.mark.parametrize(
    "source",
    [
        "import math, no_such as n",
        "from no_such.part import x",
        "def test_a():\n    x = f(1)\n    import no_such.part",
        "class TestA:\n    def test_a(self):\n        from no_such import x",
        "def check(c):\n    for x in c(3):\n        import no_such",
        "with open('x') as file:\n    import no_such",
        "try:\n    import no_such\nfinally:\n    pass",
        "try:\n    import no_such\nexcept KeyError:\n    pass",
        "async def test_a():\n    import no_such",
    ],
)
def test_a_module_that_the_tests_need_is_found(source: str) -> None:
    """At the top level and in functions, whatever stands around the import."""
    assert missing(source) == "no_such"


@pytest.mark.parametrize(
    "source",
    [
        "import solution\nfrom solution.part import x",
        "import os.path, pytest, unittest",
        "from . import no_such",
        "try:\n    import no_such\nexcept ImportError:\n    import no_other as no_such",
        "try:\n    import no_such\nexcept (KeyError, ModuleNotFoundError):\n    pass",
        "try:\n    import no_such\nexcept:\n    pass",
        "from contextlib import suppress\nwith suppress(ImportError):\n    import no_such",
        "def test_a():\n    with pytest.raises(ImportError):\n        import no_such",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import no_such",
        "import pytest\n@pytest.mark.skipif(True, reason='')\ndef test_a():\n    import no_such",
        "@unittest.skip('')\nclass T(TestCase):\n    def test_a(self):\n        import no_such",
        "import pytest\ndef test_a():\n    pytest.importorskip('no_such')\n    import no_such",
        "'import no_such'",
    ],
)
def test_a_module_that_the_tests_can_do_without_is_not_missing(source: str) -> None:
    """An import may be guarded; and the candidate's own module is not installed."""
    assert missing(source) == ""


def test_the_prompt_counts_too() -> None:
    """A prompt is a part of the tests, and comes after them."""
    assert missing("import math", "import no_such") == "no_such"
    assert missing("import no_such", "import no_other") == "no_such"


def test_a_deep_script_is_read() -> None:
    """Neither a deep expression nor deep blocks end the search with an error."""
    deep = "x = " + "-" * 900 + "1\n" + "".join(" " * n + "for n in x:\n" for n in range(19))

    assert missing(deep + " " * 19 + "import no_such") == "no_such"


def test_the_advice_names_the_extra_for_its_modules() -> None:
    """Only modules that the extra brings are advised to be installed by it."""
    assert "nova-code-verifier[scientific]" in imports.missing_problem("import", "numpy")
    assert "scientific" not in imports.missing_problem("import", "no_such")
