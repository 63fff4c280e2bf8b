"""Tests that reach into the candidate's process: they cannot be judged from another one.

In: test code. Out: the first thing that it patches where a candidate would notice. Must not
know: what for.
"""

import ast

_STREAMS = ("sys.stdout", "sys.stderr")
_OF_MONKEYPATCH = frozenset(
    {"setattr", "delattr", "setitem", "delitem", "setenv", "delenv", "chdir", "syspath_prepend"}
)


def find_patch(tree: ast.Module) -> str:
    """Name what is patched; "" if nothing is, but the streams that tests capture."""
    own = _names_of_own(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            target = _target(ast.unparse(node.func), node, own)
            if target:
                return f"{target} (line {node.lineno})"
    return ""


def _names_of_own(tree: ast.Module) -> frozenset[str]:
    """Find the classes and functions that the tests themselves define: theirs to patch."""
    kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, kinds))


def _target(function: str, node: ast.Call, own: frozenset[str]) -> str:
    """Say what a call patches, if it patches anything of the candidate's."""
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
    if name == "object" and len(node.args) > 1 and target == "sys":
        attribute = node.args[1]
        if ast.unparse(attribute) in ("'stdout'", "'stderr'"):
            return ""
    return target
