"""Tests of parsing untrusted source."""

import ast
import warnings

import pytest

from nova_code_verifier.verifier.syntax import Nodes, parse, read_python, read_scopes


def test_odd_escapes_raise_no_warning() -> None:
    """Parsing neither shows nor raises the warning about an invalid escape."""
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("always")
        parse(r"'\d'")

    assert shown == []


def test_the_filters_of_warnings_are_restored() -> None:
    """Parsing leaves the warning filters of the process as they were."""
    before = list(warnings.filters)

    parse("1 is 1")

    assert warnings.filters == before


@pytest.mark.parametrize(
    "text",
    ["def f(", "x = '", "\0", "\ud800", pytest.param("(" * 100_000, id="deep")],
)
def test_text_that_is_not_python_has_no_tree(text: str) -> None:
    """For text that cannot be parsed, the result is None, also if it is nested too deeply."""
    assert read_python(text) is None


@pytest.mark.parametrize(
    "text",
    ["def f(", "\0", "\ud800", pytest.param("(" * 100_000, id="deep"),
     pytest.param("a" + ".b" * 100_000, id="chain")],
)  # fmt: skip
def test_text_that_is_not_python_has_no_scopes(text: str) -> None:
    """For text that cannot be compiled, the result is None, also if it is nested too deeply."""
    assert read_scopes(text) is None


def test_python_has_scopes() -> None:
    """For valid source, the result is the scope of the module, without warnings."""
    scopes = read_scopes(r"x = '\d'")

    assert scopes is not None
    assert scopes.lookup("x").is_local()


def test_python_has_a_tree() -> None:
    """For valid source, the result is its syntax tree."""
    tree = read_python("x = 1")

    assert tree is not None
    assert ast.unparse(tree) == "x = 1"


def test_nodes_are_listed_by_type_and_depth() -> None:
    """The nodes of a type are returned, and outer nodes come first."""
    nodes = Nodes(parse("def f():\n    def g(): pass\nclass A: pass\ndef h(): pass"))

    assert [node.name for node in nodes.of(ast.ClassDef)] == ["A"]
    assert [node.name for node in nodes.of(ast.FunctionDef)] == ["f", "h", "g"]
    assert nodes.of(ast.While) == []
