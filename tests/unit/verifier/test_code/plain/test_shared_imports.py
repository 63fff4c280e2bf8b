"""Programs that may need what their tests import for them."""

import pytest

from nova_code_verifier.verifier.test_code.plain.shared_imports import (
    import_statements,
    may_need_imports,
)

IMPORTS = [["np", "numpy"], ["inf", "math:inf"], ["os.path", "os.path"]]
NEEDING = [
    "def f(): return np.zeros(1)",
    "x = inf",
    "def f(): return globals()['n' + 'p'] if input else 0",
    "if f:\n    import numpy as np\ndef g(): return np",
    "import numpy as np\ndel np\ndef g(): return np",
    "def f(): return os.path.sep",
]
NOT_NEEDING = [
    "def f(): return input()",
    "def f(x): return float('inf')",
    "from math import inf\ndef f(): return inf",
    "import numpy as np\ndef f(): return np.zeros(1)",
    "def f(np): return np",
    "def f(: inf",
]


@pytest.mark.parametrize("program", NEEDING)
def test_a_program_may_need_an_import(program: str) -> None:
    """It may read a name that only its tests bind."""
    assert may_need_imports(program, IMPORTS)


@pytest.mark.parametrize("program", NOT_NEEDING)
def test_other_programs_need_none(program: str) -> None:
    """They mention no such name, or bind it themselves, or do not compile."""
    assert not may_need_imports(program, IMPORTS)


def test_imports_are_written_as_the_tests_mean_them() -> None:
    """One that fails binds nothing."""
    names: dict[str, object] = {}
    exec(import_statements([["inf", "math:inf"], ["j", "json"], ["x", "no_such:x"]]), names)

    assert names.pop("inf") == float("inf")
    assert names.keys() - {"__builtins__"} == {"j"}
