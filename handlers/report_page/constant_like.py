"""Find answers that solve nothing: a constant, the input itself, or a list of known answers.

In: a program, or the metrics of its row. Out: whether it is such an answer, or None if that is not
known. During training, a growing share of these shows that the model has found tests that a guess
passes. A sample is constant-like if

- its program only returns, assigns or prints literals, its arguments, parts of them or its input,
  and its only conditions compare with a literal (`if n == 127: return 7`); or
- its program is not known, its correctness is 0, and it passed exactly the cases that the best
  constant answer passes, and at least one.

A right program of the first kind counts, too: its tests are too weak, or its problem is trivial.
"""

import ast
from collections.abc import Container, Mapping

from nova_code_verifier.verifier.syntax import read_python

_TOLERANCE = 1e-6
_PLAIN = (
    ast.Module, ast.FunctionDef, ast.ClassDef, ast.arguments, ast.arg, ast.Return, ast.Expr,
    ast.Pass, ast.Import, ast.ImportFrom, ast.alias, ast.Name, ast.Load, ast.Store, ast.Constant,
    ast.List, ast.Tuple, ast.Dict, ast.Set, ast.Starred, ast.Attribute, ast.keyword, ast.Assign,
    ast.AnnAssign, ast.USub, ast.Subscript,
    ast.If, ast.IfExp, ast.Eq,
)  # fmt: skip
_READS = ("input", "sys.stdin.read", "sys.stdin.readline")
_CALLS = frozenset({
    "print", "sys.stdout.write", *_READS, *(f"{name}().strip" for name in _READS),
})  # fmt: skip


def is_constant_like(program: str | None, metrics: Mapping[str, float | None]) -> bool | None:
    """Return whether an answer is constant-like; *metrics* are those of its row."""
    tree = read_python(program) if program else None
    if tree is not None:
        nodes = list(ast.walk(tree))
        tests = {id(node.test) for node in nodes if isinstance(node, ast.If | ast.IfExp)}
        return bool(tree.body) and all(_is_plain(node, tests) for node in nodes)
    passed, total = metrics.get("tests_passed"), metrics.get("tests_total")
    guessed, correctness = metrics.get("guess_baseline"), metrics.get("correctness")
    if passed is None or not total or guessed is None or correctness is None:
        return None
    return correctness == 0 and passed >= 1 and abs(passed - guessed * total) < _TOLERANCE


def _is_plain(node: ast.AST, tests: Container[int]) -> bool:
    match node:
        case ast.Call(func=function):
            return ast.unparse(function) in _CALLS
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant()):
            return True
        case ast.Compare(ops=[ast.Eq()], comparators=[ast.Constant()]):
            return id(node) in tests
        case ast.Compare():
            return False
    return isinstance(node, _PLAIN)
