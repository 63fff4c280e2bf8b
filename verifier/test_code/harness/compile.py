"""Compile test code once, so that it can be run against many candidates.

In: test code. Out: `CompiledTests`: the names that the tests use of a candidate, the test items,
and the code, in which each item is wrapped (`harness/script.py`).
"""

import ast
import builtins
import marshal
import sys
from collections.abc import Callable, Sequence
from typing import NamedTuple

from nova_code_verifier.verifier.test_code.harness import (
    expectations,
    imports,
    script,
)
from nova_code_verifier.verifier.test_code.harness.evaluation import find_evaluation
from nova_code_verifier.verifier.test_code.protocol import CompiledTests, TestCodeFields

_BOUND = frozenset(vars(builtins)) | {
    "__name__", "__file__", "__doc__", "__builtins__", "__annotations__",
}  # fmt: skip
NEEDS_ONE_PROCESS = "do what needs one process: "
"""The problem with tests that no session can carry begins so."""
_PARSE_ERRORS = (SyntaxError, ValueError, RecursionError, MemoryError)


class TestCodeError(Exception):
    """The tests cannot be used as they stand. The dataset is at fault."""


def compile_twice(
    test_code: TestCodeFields, rewrite: Callable[[ast.Module], None]
) -> tuple[CompiledTests, CompiledTests]:
    """Compile test code as it is, and as *rewrite* changes it. Raises TestCodeError."""
    tests, tree = _compile(test_code)
    rewrite(tree)
    return tests, tests._replace(code=_compiled(tree, script.FILE_NAME))


def _compile(test_code: TestCodeFields) -> tuple[CompiledTests, ast.Module]:
    """Compile test code; also return its tree, divided into items."""
    try:
        tree = ast.parse(test_code["source"], script.FILE_NAME)
    except _PARSE_ERRORS as error:
        raise TestCodeError(f"do not parse: {error}") from None
    prompt = _parse_prompt(test_code.get("prompt", ""))
    style = test_code.get("style") or _style_of(tree)
    modules = _modules_of_candidate(test_code, tree, style)
    _refuse_missing_modules(test_code, tree, prompt, frozenset(modules))
    line = 0 if test_code.get("shared_process") else find_evaluation(tree)
    if line:
        raise TestCodeError(
            f"{NEEDS_ONE_PROCESS}evaluate a text that may be the candidate's (line {line})"
        )
    entry_point = test_code.get("entry_point", "")
    names, libraries = _names_of_candidate(
        test_code["source"], tree, prompt, frozenset(modules), entry_point.partition("(")[0]
    )
    answers = expectations.read_answers(tree)
    exceptions = expectations.read_exceptions(tree)
    methods = expectations.called_methods(tree)
    shared_imports = _shared_imports(tree, style, frozenset(modules))
    if style == "script":
        items = divide_script(tree, entry_point, names)
        if not items:
            raise TestCodeError("contain no assert")
    else:
        items = script.listed_tests(tree, style)
    compiled = CompiledTests(
        style=style,
        names=names,
        classes=sorted(script.names_of_classes(tree, frozenset(names))),
        libraries=libraries,
        modules=modules,
        items=items,
        methods=methods,
        code=_compiled(tree, script.FILE_NAME),
        prompt_code=_compiled(prompt, "<prompt>"),
        imports=shared_imports,
        may_patch=script.may_patch(tree, test_code["source"] + test_code.get("prompt", ""))
        or script.may_patch(prompt, ""),
        expected_answers=answers,
        expected_exceptions=exceptions,
    )
    return compiled, tree


class Script(NamedTuple):
    """A script: the names that it uses of the candidate, its tree, and that of its prompt."""

    names: list[str]
    tree: ast.Module
    prompt: ast.Module


def names_in_script(test_code: TestCodeFields) -> Script | None:
    """Find the names that a script uses of the candidate.

    None for tests that are no script, or that import anything. Raises what `ast.parse` does.
    """
    tree = ast.parse(test_code["source"], script.FILE_NAME)
    style = test_code.get("style") or _style_of(tree)
    if style != "script" or script.imported_modules(tree):
        return None
    prompt = _parse_prompt(test_code.get("prompt", ""))
    entry_point = test_code.get("entry_point", "").partition("(")[0]
    modules = frozenset(test_code.get("modules") or ["solution"])
    names, libraries = _names_of_candidate(test_code["source"], tree, prompt, modules, entry_point)
    return None if libraries else Script(names, tree, prompt)


def _compiled(tree: ast.Module, name: str) -> bytes:
    try:
        return marshal.dumps(compile(tree, name, "exec", dont_inherit=True))
    except _PARSE_ERRORS as error:
        raise TestCodeError(f"do not compile: {error}") from None


def _parse_prompt(prompt: str) -> ast.Module:
    """Parse what stands before the candidate; a function without a body gets an empty one."""
    for text in (prompt, f"{prompt.rstrip()}\n    pass\n"):
        try:
            return ast.parse(text, "<prompt>")
        except _PARSE_ERRORS:
            continue
    return ast.parse("")


def _modules_of_candidate(test_code: TestCodeFields, tree: ast.Module, style: str) -> list[str]:
    """Return the names of the modules from which the tests import the candidate."""
    modules = list(test_code.get("modules") or ["solution"])
    if "__main__" not in script.imported_modules(tree) or "__main__" in modules:
        return modules
    if style != "script":
        # A script is one file with the candidate; that of a test tool is not.
        raise TestCodeError(
            f"import __main__, which is not the candidate when {style} runs them; import it from "
            f"{modules[0]}"
        )
    return [*modules, "__main__"]


def _refuse_missing_modules(
    test_code: TestCodeFields, tree: ast.Module, prompt: ast.Module, own: frozenset[str]
) -> None:
    """Raise TestCodeError if the tests or their prompt need a module that is not installed."""
    libraries = (name for name in test_code.get("libraries", ()) if not imports.is_installed(name))
    for user, module in (
        ("import", imports.find_missing(tree, own=own)),
        ("have a prompt that imports", imports.find_missing(prompt, own=own)),
        ("are of a row whose libs name", next(libraries, "")),
    ):
        if module:
            raise TestCodeError(imports.missing_problem(user, module))


def _names_of_candidate(
    source: str,
    tree: ast.Module,
    prompt: ast.Module,
    modules: frozenset[str],
    entry_point: str,
) -> tuple[list[str], list[str]]:
    """Find the names that tests use of a candidate, and the libraries they use without import.

    This changes *tree* where the tests call a name of the candidate's that they gave to a module.
    """
    # The prompt begins the function `entry_point`, and the candidate completes it.
    given = script.defined_names(prompt) - {entry_point}
    free = script.free_names(source, _BOUND | given)
    named = script.names_imported_from(tree, modules) | script.name_called_modules(tree)
    named |= {entry_point} if entry_point else set()
    if not free | named and not modules & script.imported_modules(tree):
        named = script.only_builtin_called(tree)
    # Where tests and candidate are one file, the candidate's imports provide these.
    libraries = (free - named - script.names_of_objects(tree)) & sys.stdlib_module_names
    return sorted((free | named) - libraries), sorted(libraries)


def _shared_imports(tree: ast.Module, style: str, modules: frozenset[str]) -> list[list[str]]:
    """Return the imports that tests in one file with the candidate make for both."""
    if style != "script" and modules & script.imported_modules(tree):
        return []
    checks = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    bodies = [tree.body, *(node.body for node in checks if node.name == "check")]
    return [found for body in bodies for found in imports.names_imported(body, own=modules)]


def _style_of(tree: ast.Module) -> str:
    """Return the style of tests that do not name theirs."""
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    cases = [node for node in classes if "TestCase" in " ".join(map(ast.unparse, node.bases))]
    tests = {
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test")
    }
    if tests - script.called_names(tree) or any(
        node.name.startswith("Test") and node not in cases for node in classes
    ):
        return "pytest"
    return "unittest" if cases else "script"


def divide_script(tree: ast.Module, entry_point: str, names: Sequence[str] = ()) -> list[str]:
    """Divide a script into test items, and return their names. Call its `check` if it does not.

    *names* are the candidate's.
    """
    functions = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    rest = ast.Module([node for node in tree.body if not isinstance(node, ast.FunctionDef)], [])
    if entry_point and "check" in functions and "check" not in script.called_names(rest):
        name = entry_point.partition("(")[0]
        if script.is_defined(name, tree):
            # The tests mean the candidate's all the same: `import numbers` and `check(numbers)`.
            entry_point = script.CANDIDATE.format(name) + entry_point.removeprefix(name)
        tree.body += ast.parse(f"check({entry_point})").body
    return script.divide_into_items(tree, names)
