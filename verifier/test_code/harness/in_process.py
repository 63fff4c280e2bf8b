"""Run tests and candidate in one process, for tests that patch what the candidate uses.

In: compiled tests that ask for it, and a candidate's program. Out: the state of each test item. A
candidate can cheat here, because it shares the process with the tests. One thing still holds: an
item passes only if the candidate lets the tests run to their end.
"""

import sys
import types

from nova_code_verifier.verifier.test_code.harness.compile import TestCodeError
from nova_code_verifier.verifier.test_code.harness.runner import TestRun
from nova_code_verifier.verifier.test_code.harness.script import CANDIDATE
from nova_code_verifier.verifier.test_code.harness.transcript import Transcript
from nova_code_verifier.verifier.test_code.protocol import InProcessReport, unpack_tests

_TEXT_MAX = 200


def run_in_process(packed: bytes, program: str) -> InProcessReport:
    """Run *packed* tests once, with the candidate."""
    test_code, compiled, _ = unpack_tests(packed)
    assert compiled is not None  # noqa: S101  (compiled in a run without candidate)
    try:
        test_run = _InProcessRun(test_code, compiled, Transcript())
        test_run.load(program)
    except SyntaxError as error:
        return _failure("not_compiled", f"SyntaxError: {error}")
    except BaseException as error:  # noqa: BLE001  (the candidate may raise anything)
        return _failure("not_loaded", f"{type(error).__name__}: {error}")
    try:
        test_run.run()
        return InProcessReport(items=test_run.report().items)
    except TestCodeError as error:
        return _failure("not_loaded", str(error))


def _failure(failure: str, error: str) -> InProcessReport:
    return InProcessReport(failure=failure, error=error[:_TEXT_MAX])


class _InProcessRun(TestRun):
    def load(self, program: str) -> None:
        """Load the candidate as `__main__`, and as the module that the tests import it from."""
        module = types.ModuleType("__main__")
        module.__dict__.update(self.globals)
        self.globals = module.__dict__
        for name in ("__main__", *self.compiled.modules):
            sys.modules[name] = module
        exec(compile(program, "solution.py", "exec"), self.globals)  # noqa: S102  (this is a guest)

    def provide_names(self) -> None:
        """Give second names to what the tests may replace. The candidate itself is there."""
        for name in self.compiled.names:
            if name in self.globals:
                self.globals[CANDIDATE.format(name)] = self.globals[name]
