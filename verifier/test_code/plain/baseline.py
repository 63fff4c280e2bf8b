"""Discover plain tests in our process: their items, and what the best guess passes.

In: test code. Out: its plain asserts, and the number of items that the best guess passes; or None
if the run without a candidate (`discovery.py`) has to find out.

The guesses are those of that run: the recorder notes what the conditions compare its answers with.
Nothing of the tests is executed but the conditions, and of the prompt, which has to be harmless,
nothing but the annotations.
"""

import ast
import builtins
import json
import re
import sys
from collections.abc import Sequence
from dataclasses import asdict
from fractions import Fraction
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

from nova_code_verifier.sandbox.protocol.encoding import from_tree
from nova_code_verifier.sandbox.types import ExactCall
from nova_code_verifier.verifier.test_code.harness import expectations
from nova_code_verifier.verifier.test_code.harness.compile import names_in_script
from nova_code_verifier.verifier.test_code.harness.guess_baseline import baseline_answers
from nova_code_verifier.verifier.test_code.harness.recorder import Recorder, RecordingEndedError
from nova_code_verifier.verifier.test_code.jobs import GUESSES_MAX
from nova_code_verifier.verifier.test_code.plain.asserts import PlainAssert
from nova_code_verifier.verifier.test_code.plain.conditions import answer_name
from nova_code_verifier.verifier.test_code.plain.reader import plain_tests
from nova_code_verifier.verifier.types import TestCode

_ASSERTS_MAX = 200
_CHARACTERS_MAX = 100_000
_IMPORT = re.compile(r"\bimport\b")
_PARSE_ERRORS = (SyntaxError, ValueError, RecursionError, MemoryError)
_ALWAYS_THERE = frozenset({
    "bisect", "collections", "copy", "datetime", "decimal", "fractions", "functools", "hashlib",
    "heapq", "itertools", "json", "math", "operator", "os", "random", "re", "statistics", "string",
    "sys", "typing",
})  # fmt: skip
_ANNOTATIONS = (
    ast.Name, ast.Subscript, ast.Constant, ast.Tuple, ast.List, ast.Load, ast.BinOp, ast.BitOr,
)  # fmt: skip
_GENERIC = frozenset({"dict", "frozenset", "list", "set", "tuple", "type"})


class PlainTests(NamedTuple):
    """Plain asserts, and how many of their items the best guess passes: of a loop, a share."""

    asserts: Sequence[PlainAssert]
    guessed: Fraction


def read_plain_tests(test_code: TestCode) -> PlainTests | None:
    """Discover plain tests; return None for all others."""
    source = test_code.source
    if test_code.shared_process or len(source) > _CHARACTERS_MAX or _IMPORT.search(source):
        return None
    try:
        found = names_in_script(asdict(test_code))  # type: ignore[arg-type]
        if found is None or not _is_harmless(found.prompt):
            return None
        asserts = plain_tests(test_code, found.names, tree=found.tree) or ()
        if any(part.is_of_order for part in asserts):
            return None  # sets have another order in a guest
        recorded = plain_tests(test_code, found.names, tree=found.tree, is_recorded=True)
        has_calls = any(part.calls for part in asserts)
        if recorded is None or not has_calls or len(asserts) > _ASSERTS_MAX:
            return None
        guesses = _guesses(test_code, found.tree, recorded)
    except (*_PARSE_ERRORS, RecordingEndedError):
        return None
    return PlainTests(
        asserts, max((_passed(asserts, guess) for guess in guesses), default=Fraction(0))
    )


def _guesses(
    test_code: TestCode, tree: ast.Module, recorded: Sequence[PlainAssert]
) -> list[dict[str, Any]]:
    """Return the guesses that are worth a try. Raises RecordingEndedError."""
    recorder = Recorder()
    item = ""
    for part in recorded:
        if part.item != item:
            item = part.item
            recorder.begin_item(item)
        bound = part.names | recorder.names
        for index, call in enumerate(part.calls):
            bound[answer_name(index)] = recorder.called(call.entry_point, len(_arguments(call)))
        exec(part.condition, bound)  # noqa: S102  (made by `plain.py`, of names and operators)
    texts = baseline_answers(
        test_code.source,
        expectations.read_answers(tree),
        expectations.read_exceptions(tree),
        recorder.expected,
        recorder.calls,
    )
    return [json.loads(text) for text in texts[:GUESSES_MAX]]


def _passed(asserts: Sequence[PlainAssert], guess: dict[str, Any]) -> Fraction:
    """Count the items that a guess passes, and the shares of those that are loops."""
    passed = Fraction(0)
    for _, parts in groupby(asserts, key=attrgetter("item")):
        held = [_holds(part, guess) for part in parts]
        passed += Fraction(sum(held), len(held))
    return passed


def _holds(part: PlainAssert, guess: dict[str, Any]) -> bool:
    names = {"__builtins__": {}} | part.names
    try:
        for index, call in enumerate(part.calls):
            names[answer_name(index)] = _answer(guess, call)
        return bool(eval(part.condition, names))  # noqa: S307  (see above)
    except Exception:  # noqa: BLE001  (a guess of another type than the condition expects)
        return False


def _answer(guess: dict[str, Any], call: ExactCall) -> object:
    """Return the guess for a call. Raises LookupError if the guess is to raise something."""
    if "repeats" in guess:
        arguments = _arguments(call)
        return arguments[guess["repeats"]] if guess["repeats"] < len(arguments) else None
    return from_tree(guess["is"])


def _arguments(call: ExactCall) -> list[object]:
    return [*call.arguments, *(value for _, value in call.keywords)]


def _is_harmless(prompt: ast.Module) -> bool:
    """Return whether a prompt only imports what is always there, and defines functions."""
    names: dict[str, object] = {name: getattr(builtins, name) for name in dir(builtins)}
    for node in prompt.body:
        match node:
            case ast.Expr(value=ast.Constant()) | ast.Pass():
                pass
            case ast.Import(names=aliases) if all(a.name in _ALWAYS_THERE for a in aliases):
                names |= {alias.asname or alias.name: None for alias in aliases}
            case ast.ImportFrom(module=str(module), names=aliases, level=0) if (
                module in _ALWAYS_THERE
            ):
                loaded = sys.modules.get(module)
                if not all(hasattr(loaded, alias.name) for alias in aliases):
                    return False
                names |= {a.asname or a.name: getattr(loaded, a.name) for a in aliases}
            case ast.FunctionDef(decorator_list=[], args=args, returns=returns):
                if not all(isinstance(default, ast.Constant) for default in args.defaults):
                    return False
                if args.kwonlyargs or args.posonlyargs:
                    return False
                annotations = [argument.annotation for argument in args.args] + [returns]
                if not all(_can_evaluate(part, names) for part in annotations if part):
                    return False
                names[node.name] = None
            case _:
                return False
    return True


def _can_evaluate(annotation: ast.expr, names: dict[str, object]) -> bool:
    """Return whether Python can evaluate an annotation, of builtins and `typing` alone."""
    for part in ast.walk(annotation):
        if not isinstance(part, _ANNOTATIONS):
            return False
        if isinstance(part, ast.Name) and names.get(part.id) is None and part.id != "None":
            return False
        if isinstance(part, ast.Subscript) and isinstance(part.value, ast.Name):
            module = getattr(names[part.value.id], "__module__", "")
            if part.value.id not in _GENERIC and module != "typing":
                return False
    try:
        code = compile(ast.Expression(annotation), "<prompt>", "eval", dont_inherit=True)
        eval(code, {"__builtins__": {}}, names)  # noqa: S307  (names, types and their parameters)
    except Exception:  # noqa: BLE001  (it cannot)
        return False
    return True
