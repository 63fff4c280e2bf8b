"""Refuse tests that are written for pytest, where it is not on board.

In the single file this takes the place of `verifier.test_code.harness.pytest_suite`.
"""

import types
from typing import Any

from nova_code_verifier.verifier.test_code.harness.compile import TestCodeError


def run(exam: Any, module: types.ModuleType) -> None:  # noqa: ARG001  (as every suite's)
    """Raise TestCodeError: to guess at how pytest would run them could reward what is wrong."""
    raise TestCodeError("are written for pytest, which this single file does not hold")
