"""Find the names that tests ask for, which help to find the program in a completion.

In: a test plan. Out: names, such as `f` or `Solution().f`, and nothing else of the tests.
"""

import ast
import builtins
import sys
from collections.abc import Iterator

from nova_code_verifier.verifier.syntax import free_names, read_python
from nova_code_verifier.verifier.types import CallCase, CodePlan, TestCode, TestPlan

_READ_CHARS_MAX = 200_000
_BUILTINS = frozenset(vars(builtins))


def entry_points(plan: TestPlan | CodePlan) -> frozenset[str]:
    """Return the functions and classes that the tests call; none for programs with an output."""
    if isinstance(plan, TestPlan):
        return frozenset(case.entry_point for case in plan.cases if isinstance(case, CallCase))
    test_code = plan.test_code
    if test_code.entry_point:
        return frozenset([test_code.entry_point])
    tree = read_python(test_code.source) if len(test_code.source) <= _READ_CHARS_MAX else None
    return (tree and frozenset(_imported(tree, test_code))) or _free(test_code)


def _imported(tree: ast.Module, test_code: TestCode) -> Iterator[str]:
    """Yield the names that tests import from the candidate's modules, or use of these."""
    nodes = list(ast.walk(tree))
    modules = set()
    for node in nodes:
        match node:
            case ast.ImportFrom(module=str(module), names=aliases) if module in test_code.modules:
                yield from (alias.name for alias in aliases if alias.name != "*")
            case ast.Import(names=aliases):
                known = (alias for alias in aliases if alias.name in test_code.modules)
                modules |= {alias.asname or alias.name for alias in known}
    for node in nodes:
        match node:
            case ast.Attribute(value=ast.Name(id=name), attr=attribute) if name in modules:
                yield attribute


def _free(test_code: TestCode) -> frozenset[str]:
    """Return the names that the tests use, and neither they nor the prompt define."""
    if len(test_code.source) > _READ_CHARS_MAX:
        return frozenset()
    given = read_python(test_code.prompt)
    known = {node.name for node in (given.body if given else ()) if isinstance(node, ast.ClassDef)}
    used = free_names(test_code.source) - {"__name__", "__file__"} - known
    free = used - _BUILTINS or used  # MBPP asks for a function `sum`
    return free - sys.stdlib_module_names or free
