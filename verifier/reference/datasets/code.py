"""Read test code as datasets write it.

In: a row's test code: a source, or a list of asserts, and the dicts around it. Out: a
`TestCode`. Must not know: in which shapes test cases come, and what the code does.

| written by | shape |
|---|---|
| HumanEval, LeetCodeDataset | `{"test": "def check(candidate): ...", "entry_point", "prompt"}` |
| BigCodeBench, ClassEval | `{"test": "class TestCases(unittest.TestCase): ..."}`, `*_prompt` |
| KodCode | `{"test": "from solution import f ..."}`, as pytest runs it |
| MBPP | `{"test_list": ["assert ..."], "challenge_test_list", "test_setup_code"}` |
| MBPP, sanitized | `{"test_list": ["assert ..."], "test_imports": ["import math"]}` |
| verl | `{"assert_case": ["assert ..."]}` |
| Code-R1 | `{"functional": "..."}` or `{"pytest": "..."}` |
| AceCode, open-instruct | a list of asserts, where others have a list of test cases |
| anyone | source, where others have a list of test cases |

The last two go by what they hold: Python that asserts, or defines tests. Beside all of them,
`entry_point` and `shared_process` mean what they mean in `verifier.reference.test_code`;
`code_prompt`,
`complete_prompt`, `prompt` or `import_statement` is the prompt, if it is Python: the candidate
is put behind it, and to most datasets a prompt is a text in English.
"""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nova_code_verifier.verifier.errors import VerifierError
from nova_code_verifier.verifier.reference.fields import Scope, read_list, read_text
from nova_code_verifier.verifier.syntax import read_python
from nova_code_verifier.verifier.types import TestCode

CODE_SOURCES = (
    ("test",),
    ("test_list", "challenge_test_list"),
    ("assert_case",),
    ("functional",),
    ("pytest",),
)
"""The keys that hold test code and nothing else, grouped as they belong together."""

_PROMPTS = ("code_prompt", "complete_prompt", "prompt", "import_statement")
_PREPARATIONS = ("test_imports", "test_setup_code")
_LISTS = ("test_list", "challenge_test_list", "test_imports", "assert_case")
_PROVIDES = (
    ast.Import,
    ast.ImportFrom,
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.Assign,
    ast.AnnAssign,
)
_SOURCE = "the source of tests"


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeTests:
    """Test code, its lines put together. `style` is as in `TestCode`."""

    source: str
    style: str = ""


def read_code(scope: Scope, source: tuple[str, ...]) -> CodeTests:
    """Read what one of `CODE_SOURCES` holds, and what prepares it."""
    keys = [key for key in source if scope.values.get(key)]
    if source == ("test_list", "challenge_test_list"):
        # The setup may use the candidate's names: it belongs behind the candidate.
        keys = [key for key in _PREPARATIONS if scope.values.get(key)] + keys
    text = "\n".join(_text(scope, key) for key in keys)
    if not text.strip():
        raise VerifierError(scope.at(keys[-1]), f"found nothing, expected {_SOURCE}")
    return CodeTests(source=text, style="pytest" if source == ("pytest",) else "")


def _text(scope: Scope, key: str) -> str:
    field, value = scope.at(key), scope.values[key]
    if isinstance(value, str) and key not in _LISTS:
        return value
    return "\n".join(_lines(field, read_list(field, value)))


def _lines(field: str, lines: Sequence[object]) -> Iterator[str]:
    for number, line in enumerate(lines):
        yield read_text(f"{field}[{number}]", line, "a line of test code")


def code_in_text(text: str) -> CodeTests | None:
    """Tell whether *text* is test code, and nothing that only looks like it."""
    tree = read_python(text)
    is_code = tree is not None and any(_is_of_tests(node) for node in ast.walk(tree))
    return CodeTests(source=text) if is_code else None


def code_in_list(field: str, items: Sequence[object]) -> CodeTests | None:
    """Read a list of asserts; None if it is no list of strings. Raises VerifierError."""
    if not items or not isinstance(items[0], str):
        return None
    code = code_in_text("\n".join(_lines(field, items)))
    if code is None:
        problem = f"found {len(items)} strings that are no Python code that asserts"
        raise VerifierError(field, f"{problem}, expected asserts, or dicts with input and output")
    return code


def code_of(
    code: CodeTests, scopes: Sequence[Scope], *, entry_point: str, shared_process: bool
) -> TestCode:
    """Turn a row's test code into a test code; the innermost of *scopes* with a prompt counts."""
    prompts = (prompt for scope in reversed(scopes) for prompt in _prompts_in(scope))
    return TestCode(
        source=code.source,
        prompt=next(prompts, ""),
        entry_point=entry_point,
        style=code.style,
        shared_process=shared_process,
    )


def _prompts_in(scope: Scope) -> Iterator[str]:
    for key in _PROMPTS:
        value = scope.values.get(key)
        lines = value if isinstance(value, list) else [value]
        text = "\n".join(line for line in lines if isinstance(line, str))
        if _is_prompt(text):
            yield text


def _is_prompt(text: str) -> bool:
    """Tell code from English: it parses, at the latest when its last function has a body."""
    tree = read_python(text) or read_python(f"{text.rstrip()}\n    pass\n")
    # "Sort" alone is Python, too.
    return tree is not None and any(isinstance(node, _PROVIDES) for node in tree.body)


def _is_of_tests(node: ast.AST) -> bool:
    match node:
        case ast.Assert() | ast.Name(id="TestCase") | ast.Attribute(attr="TestCase"):
            return True
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            return name.startswith("test")
    return False
