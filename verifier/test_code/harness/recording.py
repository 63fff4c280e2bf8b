"""Rewrite tests so that a run of them with a recorder goes on, whatever they do with an answer.

In: the tree of tests, divided into items. Out: the same tests, in which every statement is a step
that may fail, and every use of an answer that Python hides from it (`x is None`, `not x`,
`len(x)`) is a call of the recorder's. `harness/recorder.py` defines these calls.
"""

import ast

STEP, SEEN, TRUTH, NOT, IS, IN = (
    f"__{name}__" for name in ("step", "seen", "truth", "not", "is", "in")
)
"""The names in rewritten tests: a step, a function that is called, and operators."""
_NEVER_WRAPPED = (
    ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal, ast.Pass, ast.Break, ast.Continue,
)  # fmt: skip
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_OPERATORS = {
    ast.Is: (IS, True),
    ast.IsNot: (IS, False),
    ast.In: (IN, True),
    ast.NotIn: (IN, False),
}


def rewrite(tree: ast.Module) -> None:
    """Rewrite the tests of *tree* in place."""
    first = 1 if ast.get_docstring(tree) is not None else 0
    rest = [_Uses().visit(node) for node in tree.body[first:]]
    tree.body[first:] = map(_as_step, rest)
    ast.fix_missing_locations(tree)


class _Uses(ast.NodeTransformer):
    """Replaces uses of a value that Python does not let the value see."""

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        is_internal = isinstance(node.func, ast.Name) and node.func.id.startswith("__")
        if isinstance(node.func, ast.Name | ast.Attribute) and not is_internal:
            node.func = _call(SEEN, node.func)
        return node

    def visit_Assert(self, node: ast.Assert) -> ast.stmt:
        self.generic_visit(node)
        node.test = _call(TRUTH, node.test)
        return node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        self.generic_visit(node)
        return _call(NOT, node.operand) if isinstance(node.op, ast.Not) else node

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        self.generic_visit(node)
        match node.ops:
            case [ast.Is() | ast.IsNot() | ast.In() | ast.NotIn() as operator]:
                name, is_affirmed = _OPERATORS[type(operator)]
                return _call(name, node.left, node.comparators[0], ast.Constant(is_affirmed))
        return node


def _call(function: str, *arguments: ast.expr) -> ast.Call:
    call = ast.Call(ast.Name(function, ast.Load()), list(arguments), [])
    return ast.copy_location(call, arguments[0])


def _as_step(node: ast.stmt) -> ast.stmt:
    """Make a step of a statement, and of each statement in it."""
    for name in ("body", "orelse", "finalbody"):
        statements = getattr(node, name, None)
        if isinstance(statements, list) and statements:
            # A class that lacks a part is no class of the tests: it goes on, or fails, as a whole.
            parts = (ast.ClassDef, *_FUNCTIONS) if isinstance(node, ast.ClassDef) else ast.stmt
            steps = [_as_step(part) if isinstance(part, parts) else part for part in statements]
            setattr(node, name, steps)
    for branch in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
        branch.body = [*map(_as_step, branch.body)]
    if isinstance(node, _NEVER_WRAPPED):
        return node
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return node  # a docstring
    step = ast.With([ast.withitem(ast.Name(STEP, ast.Load()))], [node])
    return ast.copy_location(step, node)
