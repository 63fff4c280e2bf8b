"""Read what a row puts before and around the program of a candidate.

In: the dicts around the tests, and the tests. Out: a `ProgramSetup`.

| key | value |
|---|---|
| `prelude`, also `import_prefix` | Python that runs before the program; `none`: nothing does |
| `starter_code` | the head of the class or function that the program completes |

A row without a prelude of its own has the imports of judge sites as its prelude if its tests call a
function of the program, or are test code that was made from such tests. A program that is run as
`__main__` has only what its row states.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from nova_code_verifier.verifier.reference.fields import (
    Scope,
    bad_value,
    contradiction,
    read_setting,
    read_text,
)
from nova_code_verifier.verifier.syntax import read_python
from nova_code_verifier.verifier.types import ProgramSetup, StdioCase, TestCase, TestCode

_KEYS = ("prelude", "import_prefix")
_NOTHING = "none"
_MAX_CHARS = 100_000
_METHOD = re.compile(r"\bSolution\(\)\.")


def read_program_setup(scopes: Sequence[Scope]) -> ProgramSetup:
    """Read prelude (None if the row has none of its own) and starter code.

    Raise VerifierError for a prelude that is not Python, and for two that differ.
    """
    found = [setting for key in _KEYS if (setting := read_setting(scopes, key, _read_prelude))]
    if len({setting.value for setting in found}) > 1:
        raise contradiction(found[1].field, found[0].field)
    # Keys of other types, and starter code of other languages, belong to the dataset.
    texts = (scope.values.get("starter_code") for scope in reversed(scopes))
    starter_code = next((text for text in texts if isinstance(text, str) and text.strip()), "")
    return ProgramSetup(prelude=found[0].value if found else None, starter_code=starter_code)


def setup_for_cases(setup: ProgramSetup, cases: Sequence[TestCase]) -> ProgramSetup:
    """Return the setup of a candidate that answers *cases*, all of one kind."""
    is_run = isinstance(cases[0], StdioCase)
    return replace(setup, prelude="") if is_run and setup.prelude is None else setup


def setup_for_test_code(setup: ProgramSetup, test_code: TestCode) -> tuple[ProgramSetup, TestCode]:
    """Return the setup of a candidate that *test_code* judges, and the test code with its prompt.

    A row's own prelude becomes part of the prompt, which the harness runs, too. So a prelude that
    raises is found out without a candidate.
    """
    if setup.prelude is not None:
        prompt = f"{setup.prelude}\n{test_code.prompt}" if setup.prelude else test_code.prompt
        return replace(setup, prelude=""), replace(test_code, prompt=prompt)
    is_of_site = bool(setup.starter_code) or any(
        _METHOD.search(text) for text in (test_code.entry_point, test_code.source)
    )
    # Tests that patch what the candidate uses are not made for a site.
    has_imports = is_of_site and not test_code.shared_process
    return setup if has_imports else replace(setup, prelude=""), test_code


def _read_prelude(field: str, value: object) -> str:
    text = read_text(field, value, "Python code, or none")
    if text.strip() == _NOTHING:
        return ""
    if len(text) > _MAX_CHARS or read_python(text) is None:
        raise bad_value(field, text, f"Python code of at most {_MAX_CHARS} characters, or none")
    return text
