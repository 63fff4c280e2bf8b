"""Run tests and candidate in one process, for tests that no session can carry.

In: compiled tests that ask for it, and a candidate's program. Out: the state of each test item. A
candidate can cheat here, because it shares the process with the tests. One thing still holds: an
item passes only if the candidate lets the tests run to their end.
"""

import sys
import types

from nova_code_verifier.verifier.test_code.harness.candidates import Candidate
from nova_code_verifier.verifier.test_code.harness.compile import TestCodeError
from nova_code_verifier.verifier.test_code.harness.run import TestRun
from nova_code_verifier.verifier.test_code.harness.script import CANDIDATE
from nova_code_verifier.verifier.test_code.protocol import InProcessReport, unpack_tests

_TEXT_MAX = 200


def run_in_process(packed: bytes, program: str, prelude: str) -> InProcessReport:
    """Run *packed* tests once, with the candidate. The *prelude* runs before its program."""
    test_code, compiled = unpack_tests(packed)
    assert compiled is not None  # noqa: S101  (compiled in the run of discovery)
    try:
        test_run = _InProcessRun(test_code, compiled, Candidate())
        test_run.load(program, prelude)
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
    def load(self, program: str, prelude: str) -> None:
        """Load the candidate as `__main__`, and as the module that the tests import it from."""
        module = types.ModuleType("__main__")
        module.__dict__.update(self.globals)
        self.globals = module.__dict__
        for name in ("__main__", *self.compiled.modules):
            sys.modules[name] = module
        # Apart, so that no line of the program has another number.
        for text, path in ((prelude, "<prelude>"), (program, "solution.py")):
            exec(compile(text, path, "exec"), self.globals)  # noqa: S102  (this is a guest)

    def provide_names(self) -> None:
        """Give second names to what the tests may replace. The candidate itself is there."""
        for name in self.compiled.names:
            if name in self.globals:
                self.globals[CANDIDATE.format(name)] = self.globals[name]
