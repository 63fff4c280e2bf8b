"""Read the checker program that a dataset brings.

In: the scopes of a reference, or the value of its `checker`. Out: a `CheckerProgram`, or none.

| key | dataset | contract (`checking/program.py`) |
|---|---|---|
| `generated_checker` | open-r1/codeforces | `argv` |
| `output_judging_function`, also in `test_cases_kit` | HardTests | `function` |
| `checker: {"kind": "program", "source": ..., "contract": ...}` | canonical | either |

Only Python is run; C++ is refused by name. So is a checker that uses `eval` or `exec`: a
candidate's output could then decide what the checker prints.
"""

import ast
import re
from collections.abc import Iterator, Sequence
from functools import partial

from nova_code_verifier.verifier.errors import VerifierError
from nova_code_verifier.verifier.reference.fields import (
    Scope,
    Setting,
    bad_value,
    contradiction,
    read_dict,
    read_setting,
    read_text,
    refuse_unknown_keys,
)
from nova_code_verifier.verifier.syntax import Nodes, parse
from nova_code_verifier.verifier.types import CheckerContract, CheckerProgram

PROGRAM_KIND = "program"
"""The kind of a canonical `checker` that is a program."""

_KIT = "test_cases_kit"
_CONTRACTS = {
    "generated_checker": CheckerContract.ARGV,
    "output_judging_function": CheckerContract.FUNCTION,
}
_FUNCTION = "output_judging_function"
_INCLUDE = re.compile(r"^[ \t]*#[ \t]*include\b", re.MULTILINE)
_RUNS_TEXT = ("eval", "exec")


def find_checker_program(scopes: Sequence[Scope]) -> CheckerProgram | None:
    """Return the program under a key of a dataset. Raise VerifierError for one we cannot run."""
    found = None
    for key, contract in _CONTRACTS.items():
        with_kits = [*scopes, *_kits(scopes)] if key == _FUNCTION else scopes
        setting: Setting[CheckerProgram | None] | None
        setting = read_setting(with_kits, key, partial(_read_source, contract=contract))
        if setting is None or setting.value is None:
            continue
        if found is not None:
            raise contradiction(setting.field, found.path)
        found = setting.value
    return found


def read_checker_program(field: str, values: dict[str, object]) -> CheckerProgram:
    """Read a canonical `checker` of kind `program`. Raise VerifierError."""
    refuse_unknown_keys(field, values, ("kind", "source", "contract"))
    contract = values.get("contract")
    if contract not in list(CheckerContract):
        raise bad_value(f"{field}.contract", contract, f"one of {', '.join(CheckerContract)}")
    source = values.get("source")
    program = _read_source(f"{field}.source", source, contract=CheckerContract(str(contract)))
    if program is None:
        raise VerifierError(f"{field}.source", "found nothing, expected a Python program")
    return program


def refuse_bare_source(field: str, text: str) -> None:
    """Raise VerifierError if the *text* of a `checker` is a program and not the name of a kind."""
    _refuse_cpp(field, text)
    if "\n" in text.strip():
        form = '{"kind": "program", "source": ..., "contract": "argv" or "function"}'
        raise VerifierError(field, f"found a text of several lines, expected a kind, or {form}")


def _kits(scopes: Sequence[Scope]) -> Iterator[Scope]:
    for scope in scopes:
        kit = scope.values.get(_KIT)
        if kit is not None and kit != "":
            yield Scope(field=scope.at(_KIT), values=read_dict(scope.at(_KIT), kit))


def _read_source(field: str, value: object, *, contract: CheckerContract) -> CheckerProgram | None:
    source = read_text(field, value, "the source of a Python program")
    if not source.strip():
        return None
    _refuse_cpp(field, source)
    try:
        nodes = Nodes(parse(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise VerifierError(field, f"found no Python program ({error})") from error
    defined = {function.name for function in nodes.of(ast.FunctionDef)}
    used = {name.id for name in nodes.of(ast.Name)} - defined
    if runner := next((name for name in _RUNS_TEXT if name in used), ""):
        problem = f"found a checker that uses {runner}, so that an output could forge its verdict"
        raise VerifierError(field, f"{problem}; expected int, float or ast.literal_eval")
    if contract is CheckerContract.FUNCTION and _FUNCTION not in defined:
        raise VerifierError(field, f"found a program without a function {_FUNCTION}")
    return CheckerProgram(source=source, contract=contract, path=field)


def _refuse_cpp(field: str, text: str) -> None:
    if _INCLUDE.search(text):
        library = " (testlib)" if "testlib.h" in text else ""
        problem = f"found a C++ checker{library}, only Python checkers are run"
        raise VerifierError(field, problem)
