"""Read test code in its canonical form.

In: the `tests` of a reference, with `"kind": "code"`. Out: a `TestCode`.

| key of `tests` | value |
|---|---|
| `code` | source of the tests: asserts, a function `check(candidate)`, pytest or unittest |
| `prompt` | Python that the candidate completes: imports, helpers, the head of a function |
| `entry_point` | the function that `check` receives, `f` or `Solution().f` |
| `style` | `script`, `pytest` or `unittest`; default: detected from the code |
| `modules` | module names under which tests import the candidate; default: `["solution"]` |
| `shared_process` | true: run tests and candidate in one process, which is needed where tests |
| | patch what the candidate uses. Then a candidate can cheat, and its rows say so |
"""

from nova_code_verifier.verifier.errors import VerifierError
from nova_code_verifier.verifier.reference.fields import (
    mismatch,
    quote,
    read_entry_point,
    read_list,
    read_text,
    refuse_unknown_keys,
)
from nova_code_verifier.verifier.types import TestCode

_KEYS = ("kind", "code", "prompt", "entry_point", "style", "modules", "shared_process")
STYLES = ("script", "pytest", "unittest")


def read_test_code(field: str, tests: dict[str, object]) -> TestCode:
    """Read the *tests* at *field*. Raise VerifierError for a key that is missing or wrong."""
    refuse_unknown_keys(field, tests, _KEYS)
    source = read_text(f"{field}.code", tests.get("code"), "source code of tests")
    if not source.strip():
        raise VerifierError(f"{field}.code", "found nothing, expected source code of tests")
    return TestCode(
        source=source,
        prompt=_optional_text(field, tests, "prompt"),
        entry_point=_entry_point(field, tests),
        style=_style(field, tests),
        modules=_modules(field, tests),
        shared_process=read_flag(f"{field}.shared_process", tests.get("shared_process")),
    )


def read_flag(field: str, value: object) -> bool:
    """Read true or false; null means false."""
    if value is None:
        return False
    if not isinstance(value, bool):
        raise mismatch(field, value, "true or false")
    return value


def _optional_text(field: str, tests: dict[str, object], key: str) -> str:
    return "" if tests.get(key) is None else read_text(f"{field}.{key}", tests[key])


def _entry_point(field: str, tests: dict[str, object]) -> str:
    value = tests.get("entry_point")
    return "" if value in (None, "") else read_entry_point(f"{field}.entry_point", value)


def _style(field: str, tests: dict[str, object]) -> str:
    style = _optional_text(field, tests, "style")
    if style and style not in STYLES:
        problem = f"found {quote(style)}, expected one of {', '.join(STYLES)}"
        raise VerifierError(f"{field}.style", problem)
    return style


def _modules(field: str, tests: dict[str, object]) -> tuple[str, ...]:
    if tests.get("modules") is None:
        return ("solution",)
    names = read_list(f"{field}.modules", tests["modules"])
    return tuple(read_text(f"{field}.modules[{index}]", name) for index, name in enumerate(names))
