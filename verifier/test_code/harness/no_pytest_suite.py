"""Refuse tests that are written for pytest.

The single file has no pytest, and contains this module in place of `harness/pytest_suite.py`.
"""

import types

from nova_code_verifier.verifier.test_code.harness.compile import TestCodeError
from nova_code_verifier.verifier.test_code.harness.run import TestRun


def run(_test_run: TestRun, _module: types.ModuleType) -> None:
    """Raise TestCodeError: to run them in another way could reward wrong programs."""
    raise TestCodeError("are written for pytest, which this single file does not contain")
