"""A walk through a syntax tree: tests may hold data of megabytes, and many questions are asked."""

import ast
from collections.abc import Iterable

_LEAVES = (ast.Constant, ast.Name)
_LEFT_OUT = (ast.expr_context, ast.operator, ast.unaryop, ast.boolop, ast.cmpop)


def walk(*roots: ast.AST) -> Iterable[ast.AST]:
    """Return the nodes below *roots*, and these, in the order of `ast.walk`, but much faster.

    Leave out nodes that have no place in the source: contexts and operators.
    """
    nodes = list(roots)
    for node in nodes:  # which grows
        if isinstance(node, _LEAVES):
            continue
        for name in node._fields:
            value = getattr(node, name, None)
            if type(value) is list:
                nodes += [part for part in value if isinstance(part, ast.AST)]
            elif isinstance(value, ast.AST) and not isinstance(value, _LEFT_OUT):
                nodes.append(value)
    return nodes
