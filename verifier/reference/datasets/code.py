"""Read test code in the shapes of public datasets.

In: the test code of a row (a source, or a list of asserts), and the dicts around it. Out: a
`TestCode`.

| dataset | shape |
|---|---|
| HumanEval, LeetCodeDataset | `{"test": "def check(candidate): ...", "entry_point", "prompt"}` |
| BigCodeBench | `{"test": "class TestCases(unittest.TestCase): ...", "code_prompt", "libs"}` |
| ClassEval | `{"test": "class A(unittest.TestCase): ...", "import_statement": ["import math"]}` |
| KodCode | `{"test": "from solution import f ..."}`, for pytest |
| MBPP | `{"test_list": ["assert ..."], "challenge_test_list", "test_setup_code"}` |
| MBPP, sanitized | `{"test_list": ["assert ..."], "test_imports": ["import math"]}` |
| verl | `{"assert_case": ["assert ..."]}` |
| Code-R1 | `{"functional": "..."}` or `{"pytest": "..."}` |
| Skywork | `{"test_code": "def check(candidate): ...", "entry_point"}` |
| AutoCodeBench | `{"full_test_func": "def test(): ..."}` |
| SandboxFusion | `{"test": {"code": "assert ..."}}` |
| AceCode, open-instruct | a list of asserts in place of a list of test cases |
| any | a source in place of a list of test cases |

The last two are recognized by their content: Python that has an assert or defines tests. Next to
every shape, `entry_point` and `shared_process` mean the same as in `reference/plan.py`. The
prompt is the first of `code_prompt`, `complete_prompt`, `prompt` and `import_statement` that is
Python, because the candidate is appended to it. In most datasets `prompt` is a text in English.
"""

import ast
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache

from nova_code_verifier.verifier.errors import VerifierError
from nova_code_verifier.verifier.reference.fields import Scope, read_list, read_text
from nova_code_verifier.verifier.syntax import DEFINITIONS, read_python
from nova_code_verifier.verifier.types import TestCode

CODE_KEY_GROUPS = (
    ("test",),
    ("test_list", "challenge_test_list"),
    ("assert_case",),
    ("functional",),
    ("pytest",),
    ("test_code",),
    ("full_test_func",),
)
"""The keys that hold test code only. The keys of one group belong together."""

_PROMPT_KEYS = ("code_prompt", "complete_prompt", "prompt", "import_statement")
_SETUP_KEYS = ("test_imports", "test_setup_code")
_LIST_KEYS = ("test_list", "challenge_test_list", "test_imports", "assert_case")
_DEFINITIONS = (*DEFINITIONS, ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign)


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeTests:
    """Test code as one source. `style` is that of `TestCode`."""

    source: str
    style: str = ""


def read_code(scope: Scope, group: tuple[str, ...]) -> CodeTests:
    """Read the test code in the keys of *group*, one of `CODE_KEY_GROUPS`, and its setup code.

    Raise VerifierError if it is empty or has a line that is not a string.
    """
    keys = [key for key in group if scope.values.get(key)]
    if group == ("test_list", "challenge_test_list"):
        # The setup may use the candidate's names, so it must run after the candidate.
        keys = [key for key in _SETUP_KEYS if scope.values.get(key)] + keys
    source = "\n".join(_text(scope, key) for key in keys)
    if not source.strip():
        raise VerifierError(scope.at(keys[-1]), "found nothing, expected source code of tests")
    if not _is_python(source):
        raise VerifierError(scope.at(keys[-1]), "found text that is not Python, expected test code")
    return CodeTests(source=source, style="pytest" if group == ("pytest",) else "")


@lru_cache(maxsize=16)  # the completions of a prompt follow each other
def _is_python(source: str) -> bool:
    return read_python(source) is not None


def _text(scope: Scope, key: str) -> str:
    field, value = scope.at(key), scope.values[key]
    if isinstance(value, str) and key not in _LIST_KEYS:
        return value
    return "\n".join(_lines(field, read_list(field, value)))


def _lines(field: str, lines: Sequence[object]) -> Iterator[str]:
    for index, line in enumerate(lines):
        yield read_text(f"{field}[{index}]", line, "a line of test code")


def code_in_text(text: str) -> CodeTests | None:
    """Return *text* as test code, or None if it is not Python that asserts or defines tests."""
    tree = read_python(text)
    is_code = tree is not None and any(map(_is_test_node, ast.walk(tree)))
    return CodeTests(source=text) if is_code else None


def code_in_list(field: str, items: Sequence[object]) -> CodeTests | None:
    """Return a list of asserts as test code, or None if it is not a list of strings.

    Raise VerifierError for strings that are not asserts.
    """
    if not items or not isinstance(items[0], str):
        return None
    code = code_in_text("\n".join(_lines(field, items)))
    if code is None:
        problem = f"found {len(items)} strings that are not Python asserts"
        raise VerifierError(field, f"{problem}, expected asserts, or dicts with input and output")
    return code


def build_test_code(
    code: CodeTests, scopes: Sequence[Scope], *, entry_point: str, shared_process: bool
) -> TestCode:
    """Combine the test code of a row with the prompt of the innermost of *scopes* that has one."""
    prompts = (prompt for scope in reversed(scopes) for prompt in _prompts_in(scope))
    prompt = next(prompts, "")
    return TestCode(
        source=code.source,
        prompt=prompt,
        entry_point=entry_point or _unfinished_function(prompt),
        style=code.style,
        shared_process=shared_process,
        libraries=next(filter(None, map(_libraries_in, reversed(scopes))), ()),
    )


def _libraries_in(scope: Scope) -> tuple[str, ...]:
    """Read the modules in BigCodeBench's `libs`: a list, or a list as Python writes it.

    Anything else is another dataset's key with the same name.
    """
    value = scope.values.get("libs")
    with suppress(ValueError, SyntaxError, MemoryError, RecursionError):
        value = ast.literal_eval(value) if isinstance(value, str) else value
    if not isinstance(value, list):
        return ()
    return tuple(name for name in value if isinstance(name, str) and name.isidentifier())


def _prompts_in(scope: Scope) -> Iterator[str]:
    for key in _PROMPT_KEYS:
        value = scope.values.get(key)
        lines = value if isinstance(value, list) else [value]
        text = "\n".join(line for line in lines if isinstance(line, str))
        if _is_prompt(text):
            yield text


def _is_prompt(text: str) -> bool:
    """Return whether *text* is Python that defines or imports something, and not English.

    It may end with the head of a function, so it is also parsed with a body added.
    """
    tree = read_python(text) or read_python(f"{text.rstrip()}\n    pass\n")
    # The English text "Sort" is valid Python, too.
    return tree is not None and any(isinstance(node, _DEFINITIONS) for node in tree.body)


def _unfinished_function(prompt: str) -> str:
    """Return the function whose head ends *prompt*, or "": MultiPL-E does not name it otherwise."""
    tree = read_python(prompt) or read_python(f"{prompt.rstrip()}\n    pass\n")
    last = tree.body[-1] if tree is not None and tree.body else None
    if not isinstance(last, ast.FunctionDef | ast.AsyncFunctionDef):
        return ""
    is_empty = all(isinstance(node, ast.Expr | ast.Pass) for node in last.body)
    return last.name if is_empty else ""


def _is_test_node(node: ast.AST) -> bool:
    match node:
        case ast.Assert() | ast.Name(id="TestCase") | ast.Attribute(attr="TestCase"):
            return True
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            return name.startswith("test")
    return False
