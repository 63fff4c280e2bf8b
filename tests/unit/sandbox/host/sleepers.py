"""A batch of guests that sleep and wait, in a process of its own, which a test can stop.

It prints a line when it begins, and at its end how each question ended.
"""

import sys

from nova_code_verifier.sandbox.host import event_loop
from nova_code_verifier.sandbox.types import Call, Execution, IsolationLevel, Job, Limits, Run
from tests.unit.sandbox.sessions import messages, session_job, start_executor

LIMITS = Limits(cpu_seconds=0.6, wall_seconds=1.0)
_SLEEP = "import time\ndef f(seconds=0.4):\n    time.sleep(seconds)\n    return seconds\n"
_HARNESS = """
for _ in range(2):
    begin()
    report(ask("import time; time.sleep(0.4); answer = 1"))
    import time; time.sleep(0.4)
"""
JOBS = (
    Job(program=_SLEEP, questions=(Call(entry_point="f", arguments=()),) * 3, limits=LIMITS),
    Job(program=_SLEEP + "print(f())", questions=(Run(),), limits=LIMITS),
    Job(program=_SLEEP + "print(f(0.2))", questions=(Run(), Run()), limits=LIMITS),
    session_job(_HARNESS, limits=LIMITS, harness_limits=LIMITS),
    Job(program="while True: pass", questions=(Run(),), limits=LIMITS),
    Job(program=_SLEEP + "f(1000)", questions=(Run(),), limits=LIMITS),
)


class _Everybody:
    """A company that accepts everything."""

    def may_share_guest(self, _job: int) -> bool:
        """Return True."""
        return True

    def accepts(self, _job: int, _question: int, _execution: Execution) -> bool:
        """Return True."""
        return True


def _facts(execution: Execution) -> tuple[object, ...]:
    told = messages(execution) if isinstance(execution.value, tuple) else execution.stdout
    return execution.ending, execution.cause, execution.harness_ending, told


def _run() -> None:
    event_loop._STUCK_SECONDS = 1.0  # so that nobody has to wait for longer
    with start_executor(IsolationLevel.NONE, workers=len(JOBS)) as executor:
        sys.stdout.write("begin\n")
        sys.stdout.flush()
        found = sorted(executor.run(JOBS, company=_Everybody()))
    for index, executions in found:
        sys.stdout.write(f"{index} {list(map(_facts, executions))}\n")


if __name__ == "__main__":
    _run()
