"""Modules that tests need and that are not installed."""

import ast
from textwrap import dedent

import pytest

from nova_code_verifier.verifier.test_code.harness import imports
from nova_code_verifier.verifier.test_code.harness.compile import compile_twice

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


OWN_AND_LIBRARY = """
from __future__ import annotations
import os, os.path as p, xml.dom.minidom
import pytest, solution
from math import *
from collections import deque as d, Counter
from solution import f
try:
    import json
except ImportError:
    json = None
if True:
    import re
def test_a():
    import csv
"""


def test_the_names_that_imports_bind_are_found_with_their_origin() -> None:
    """At the top level: what a program in the same file could use."""
    found = list(imports.names_imported(ast.parse(OWN_AND_LIBRARY).body, own=OWN))

    assert ["pi", "math:pi"] in found
    assert [pair for pair in found if not pair[1].startswith("math:")] == [
        ["os", "os"],
        ["p", "os.path"],
        ["xml", "xml"],
        ["xml.dom.minidom", "xml.dom.minidom"],
        ["d", "collections:deque"],
        ["Counter", "collections:Counter"],
        ["json", "json"],
        ["re", "re"],
    ]


@pytest.mark.parametrize(
    ("source", "style", "names"),
    [
        ("import os\nassert f(1)", "script", ["os"]),
        ("def check(f):\n    import re\n    assert f(1)\ncheck(f)", "script", ["re"]),
        ("import os\nfrom solution import f\nassert f(1)", "script", ["os"]),
        ("import json\nclass T(TestCase):\n    def test_a(self): f(1)", "unittest", ["json"]),
        ("import json\nfrom solution import f\ndef test_a(): f(1)", "pytest", []),
        ("import json, solution\ndef test_a(): solution.f(1)", "pytest", []),
    ],
)  # fmt: skip
def test_tests_in_one_file_with_the_candidate_share_their_imports(
    source: str, style: str, names: list[str]
) -> None:
    """A file that imports the candidate from its module is another one."""
    compiled, _ = compile_twice({"source": source, "style": style}, lambda _: None)

    assert [name for name, _ in compiled.imports] == names
