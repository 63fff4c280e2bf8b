"""Tests that patch what a candidate uses: they must run in the candidate's process.

In: test code. Out: the first object that it patches and that a candidate may use.
"""

import ast

_STREAMS = ("sys.stdout", "sys.stderr")
_OF_MONKEYPATCH = frozenset(
    {"setattr", "delattr", "setitem", "delitem", "setenv", "delenv", "chdir", "syspath_prepend"}
)


def find_patch(tree: ast.Module) -> str:
    """Return what is patched, with its line; "" if nothing is, apart from captured streams."""
    # A candidate does not use the classes and functions that the tests define.
    kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    own = {node.name for node in ast.walk(tree) if isinstance(node, kinds)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            target = _target(ast.unparse(node.func), node, own)
            if target:
                return f"{target} (line {node.lineno})"
    return ""


def _target(function: str, node: ast.Call, own: set[str]) -> str:
    """Return what a call patches; "" if that is nothing that a candidate may use."""
    owner, _, name = function.rpartition(".")
    is_patch = name == "patch" and owner in ("", "mock", "unittest.mock")
    is_of_patch = owner in ("patch", "mock.patch", "unittest.mock.patch")
    is_monkeypatch = owner == "monkeypatch" and name in _OF_MONKEYPATCH
    if not (is_patch or is_of_patch or is_monkeypatch) or not node.args:
        return ""
    first = node.args[0]
    target = str(first.value) if isinstance(first, ast.Constant) else ast.unparse(first)
    if target in _STREAMS or target.partition(".")[0] in own:
        return ""
    is_of_sys = name == "object" and len(node.args) > 1 and target == "sys"
    return "" if is_of_sys and ast.unparse(node.args[1]) in ("'stdout'", "'stderr'") else target
