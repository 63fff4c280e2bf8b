"""What the names of a program stand for."""

import ast

import pytest

from nova_code_verifier.verifier.completion.name_resolution import NameResolver
from nova_code_verifier.verifier.syntax import Nodes


def meaning(program: str) -> str:
    """Return what the last statement, an expression, stands for in a program."""
    tree = ast.parse(program)
    last = tree.body[-1]
    assert isinstance(last, ast.Expr)
    return NameResolver(Nodes(tree)).of(last.value)


@pytest.mark.parametrize(
    ("program", "stands_for"),
    [
        ("import os\nos", "os"),
        ("import os.path\nos.path.join", "os.path.join"),
        ("import os.path as p\np.join", "os.path.join"),
        ("from os import path as p\np.join", "os.path.join"),
        ("def f():\n    import os\no = os\no.sep", "os.sep"),
        ("import os\na = b = os\nb.sep", "os.sep"),
        ("import os\n(o := os).sep", "os.sep"),
        ("import os\na, (b, c) = os, (1, 2)\na.sep", "os.sep"),
        ("import os\nf = os.system\nf", "os.system"),
        ("eval", "builtins.eval"),
        ("g = getattr\ng", "builtins.getattr"),
        ("__import__('os').sep", "os.sep"),
        ("import sys\nm = sys.modules\nm['os'].sep", "os.sep"),
        ("x.sep", ""),
        ("f('os').sep", ""),
        ("x = 1\nx.real", ""),
        ("def eval(): ...\neval", ""),
        ("import os\n[os][0].sep", ""),
    ],
)
def test_a_name_is_resolved_through_imports_and_aliases(program: str, stands_for: str) -> None:
    """Imports, aliases and one indirect step resolve; other names resolve to nothing."""
    assert meaning(program) == stands_for


def test_a_module_is_known_under_any_name() -> None:
    """A module is known if any name means it or something in it."""
    names = NameResolver(Nodes(ast.parse("from pathlib import Path as P")))

    assert names.knows("pathlib")
    assert not names.knows("path")


@pytest.mark.parametrize(
    "program",
    [
        "import os as a\n" + "a=a.b\n" * 16_000,
        "import sys\na = sys.modules['" + "x" * 50_000 + "']\n" + "a.b\n" * 12_000,
        "import sys\nsys" + ".modules['os']" * 300,
    ],
)
@pytest.mark.timeout(20)  # quadratic work takes minutes
def test_hostile_names_are_resolved_in_bounded_work(program: str) -> None:
    """A name assigned to itself does not grow, and long chains are cut."""
    tree = ast.parse(program)
    nodes = Nodes(tree)
    names = NameResolver(nodes)
    for node in nodes.of(ast.Attribute):
        assert len(names.of(node)) < 200
