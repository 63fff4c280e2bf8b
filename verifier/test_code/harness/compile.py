"""Make a test code ready to be sat: once, however many candidates sit it.

In: test code. Out: plain data: the names that it wants of a candidate, its units, and its code
in which every unit and every statement can be told. Must not know: candidates, answers.
"""

import ast
import builtins
import marshal
import sys
from typing import Any

from nova_code_verifier.verifier.test_code.harness import script
from nova_code_verifier.verifier.test_code.harness.expectations import (
    called_methods,
    read_expectations,
)
from nova_code_verifier.verifier.test_code.harness.patching import find_patch

FILE_NAME = "<tests>"
_BOUND = frozenset(vars(builtins)) | {
    "__name__", "__file__", "__doc__", "__builtins__", "__annotations__",
}  # fmt: skip


class TestCodeError(Exception):
    """The tests cannot be used as they stand."""


def compile_tests(test_code: dict[str, Any]) -> dict[str, Any]:
    """Prepare a test code. Raises TestCodeError."""
    tree = parse(test_code["source"])
    prompt = _parse_prompt(test_code.get("prompt", ""))
    style = test_code.get("style") or _style_of(tree)
    patched = "" if test_code.get("shared_process") else find_patch(tree)
    if patched:
        raise TestCodeError(
            f"patches {patched}, which a candidate uses: that takes tests and candidate in one "
            "process; set shared_process to have it so"
        )
    entry_point = str(test_code.get("entry_point") or "")
    names, libraries = _names_of_candidate(test_code, tree, prompt, entry_point.partition("(")[0])
    wanted, methods = read_expectations(tree), called_methods(tree)
    units: list[str] = []
    if style == "script":
        units = divide_script(tree, entry_point)
        if not units:
            raise TestCodeError("found nothing in it that asserts")
    script.divide_into_steps(tree)
    return {
        "style": style,
        "names": names,
        "classes": sorted(script.names_of_classes(tree, frozenset(names))),
        "libraries": libraries,
        "units": units,
        "methods": methods,
        "wanted": wanted,
        "code": _compiled(tree, FILE_NAME),
        "prompt_code": _compiled(prompt, "<prompt>"),
        "is_seeding": "seed(" in test_code["source"] or "setstate(" in test_code["source"],
        "leaves_no_trace": style == "script" and script.leaves_no_trace(tree, prompt),
    }


def parse(source: str) -> ast.Module:
    """Parse the tests. Raises TestCodeError."""
    try:
        return ast.parse(source, FILE_NAME)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise TestCodeError(f"does not parse: {error}") from None


def _compiled(tree: ast.Module, name: str) -> bytes:
    try:
        return marshal.dumps(compile(tree, name, "exec", dont_inherit=True))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise TestCodeError(f"does not compile: {error}") from None


def _parse_prompt(prompt: str) -> ast.Module:
    """Parse what comes before the candidate; a function without a body does nothing."""
    for text in (prompt, f"{prompt.rstrip()}\n    pass\n"):
        try:
            return ast.parse(text, "<prompt>")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
    return ast.parse("")


def _names_of_candidate(
    test_code: dict[str, Any], tree: ast.Module, prompt: ast.Module, entry_point: str
) -> tuple[list[str], list[str]]:
    """Find the names that tests want of a candidate, and the libraries that they take as given."""
    # What the prompt begins, the candidate completes.
    given = script.defined_names(prompt) - {entry_point}
    free = script.free_names(test_code["source"], _BOUND | given)
    modules = frozenset(test_code.get("modules") or ["solution"])
    free |= script.names_imported_from(tree, modules)
    free |= {entry_point} if entry_point else set()
    if not free and not modules & script.imported_modules(tree):
        free = script.only_builtin_called(tree)
    # A library that tests do not import: the candidate's imports used to provide it.
    libraries = (free - script.called_names(tree)) & sys.stdlib_module_names
    return sorted(free - libraries), sorted(libraries)


def _style_of(tree: ast.Module) -> str:
    """Tell how tests are meant to be run."""
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    cases = [node for node in classes if any("TestCase" in ast.unparse(one) for one in node.bases)]
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


def divide_script(tree: ast.Module, entry_point: str) -> list[str]:
    """Divide a script's tree into units, and return their names. A `check` is called at last."""
    if entry_point and _has_uncalled_check(tree):
        tree.body += ast.parse(f"check({entry_point})").body
    return script.divide_into_units(tree)


def _has_uncalled_check(tree: ast.Module) -> bool:
    defined = any(isinstance(one, ast.FunctionDef) and one.name == "check" for one in tree.body)
    outside = ast.Module([one for one in tree.body if not isinstance(one, ast.FunctionDef)], [])
    return defined and "check" not in script.called_names(outside)
