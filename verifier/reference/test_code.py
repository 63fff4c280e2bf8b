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
    bad_value,
    mismatch,
    read_dict,
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
    tests = read_dict(field, tests)
    source = read_text(f"{field}.code", tests.get("code"), "source code of tests")
    if not source.strip():
        raise VerifierError(f"{field}.code", "found nothing, expected source code of tests")
    style = read_text(f"{field}.style", tests.get("style", ""))
    if style not in ("", *STYLES):
        raise bad_value(f"{field}.style", style, f"one of {', '.join(STYLES)}")
    name = tests.get("entry_point", "")
    modules = read_list(f"{field}.modules", tests.get("modules", ["solution"]))
    return TestCode(
        source=source,
        prompt=read_text(f"{field}.prompt", tests.get("prompt", "")),
        entry_point="" if name == "" else read_entry_point(f"{field}.entry_point", name),
        style=style,
        modules=tuple(
            read_text(f"{field}.modules[{index}]", module) for index, module in enumerate(modules)
        ),
        shared_process=read_flag(f"{field}.shared_process", tests.get("shared_process", False)),
    )


def read_flag(field: str, value: object) -> bool:
    """Read true or false."""
    if not isinstance(value, bool):
        raise mismatch(field, value, "true or false")
    return value
