"""Run tests and candidate in one process, for tests that reach into the candidate's.

In: a test code that asks for it, a candidate's program. Out: the state of each unit, as `exam` has
it. Here a candidate can cheat: it shares the process with what judges it. All that is kept
is that it must end the tests properly to pass any. Must not know: why it was asked for.
"""

import sys
import types
from typing import Any

from nova_code_verifier.verifier.test_code.harness.compile import TestCodeError
from nova_code_verifier.verifier.test_code.harness.runner import TestRun
from nova_code_verifier.verifier.test_code.harness.transcript import Transcript

_TEXT_MAX = 200


def run_in_process(
    test_code: dict[str, Any], compiled: dict[str, Any], program: str
) -> dict[str, Any]:
    """Run the tests once, with the candidate."""
    try:
        exam = _InProcessRun(test_code, compiled, Transcript([]), frozenset())
    except TestCodeError as problem:
        return {"problem": str(problem)}
    try:
        exam.load(program)
    except SyntaxError as error:
        return {"failed": "not_compiled", "error": f"SyntaxError: {error}"[:_TEXT_MAX]}
    except BaseException as error:  # noqa: BLE001  (the candidate may raise anything)
        return {"failed": "not_loaded", "error": f"{type(error).__name__}: {error}"[:_TEXT_MAX]}
    try:
        exam.run()
        return exam.report()
    except TestCodeError as problem:
        return {"failed": "not_loaded", "error": str(problem)}


class _InProcessRun(TestRun):
    def load(self, program: str) -> None:
        """Load the candidate where `__main__`, and the tests' name for it, are."""
        module = types.ModuleType("__main__")
        module.__dict__.update(self.globals)
        self.globals = module.__dict__
        for name in ("__main__", *(self.test_code.get("modules") or ["solution"])):
            sys.modules[name] = module
        exec(compile(program, "solution.py", "exec"), self.globals)  # noqa: S102  (a guest's)

    def provide_names(self) -> None:
        """Do nothing: the candidate is there itself."""
