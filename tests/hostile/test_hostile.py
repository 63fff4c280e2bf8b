"""Hostile programs end as they must, leak and leave nothing, and harm no sample beside them.

Each program is an ordinary sample of a batch, between honest samples. A checker outside of the
sandbox compares the machine before and after it (`watch.py`). `programs.py` says how a program
states what must happen.
"""

import itertools
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from nova_code_verifier import Sample, judge
from nova_code_verifier.sandbox.errors import IsolationRefusedError
from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.sandbox.types import IsolationLevel, Job, Run
from nova_code_verifier.verifier.types import Score, Verdict
from tests.hostile.programs import KINDS, HostileProgram, parameters, read_program, sample_of
from tests.hostile.watch import State, Target, new_secret, secrets_in, state_of, target

_CREDENTIAL = "AWS_SECRET_ACCESS_KEY"
_REST_SECONDS = 20.0
# What a guest finds: it must be the same after each hostile program.
_FINDINGS = """
import gc, os, random, resource, signal, sys, threading, time
print(sorted(os.environ.items()), os.listdir(), os.listdir('/tmp'), oct(os.umask(0o22)))
print([resource.getrlimit(n) for n in range(16)], os.getpriority(0, 0), os.sched_getscheduler(0))
print(len(os.sched_getaffinity(0)), signal.pthread_sigmask(0, []), signal.getitimer(0))
print([signal.getsignal(n) for n in signal.valid_signals()], threading.active_count())
print(sys.path, sys.flags, sorted(sys.modules), gc.isenabled(), sys.getrecursionlimit())
print(sys.meta_path, sys.stdout.encoding, time.tzname, random.random(), os.getuid())
"""


@dataclass(slots=True, kw_only=True)
class Ground:
    """An executor, what its guests attack, and what they found before any attack.

    `state` is that after the latest program, so that each program answers for itself.
    """

    executor: LocalExecutor
    attacked: Target
    state: State
    findings: bytes
    honest_cpu_seconds: float


@pytest.fixture(
    scope="module",
    params=[
        IsolationLevel.KERNEL,
        pytest.param(IsolationLevel.INTERPRETER, marks=pytest.mark.slow),
    ],
    ids=str,
)
def ground(request: pytest.FixtureRequest) -> Iterator[Ground]:
    """Keep two workers warm, in a process whose environment holds a credential."""
    with pytest.MonkeyPatch.context() as patch, target() as attacked:
        patch.setenv(_CREDENTIAL, new_secret())
        try:
            with LocalExecutor(workers=2, level=request.param) as executor:
                findings, cpu_seconds = _honest_runs(executor)
                state = state_of(executor, attacked)
                yield Ground(
                    executor=executor,
                    attacked=attacked,
                    state=state,
                    findings=findings,
                    honest_cpu_seconds=cpu_seconds,
                )
        except IsolationRefusedError as refusal:
            pytest.skip(str(refusal))


@pytest.mark.parametrize("path", parameters())
def test_a_hostile_program_ends_as_it_must(path: Path, ground: Ground) -> None:
    """It has one of its verdicts, and neither leaks, nor leaves, nor changes anything."""
    program = read_program(path)

    before, score, after = _judge_between_honest_samples(program, ground)

    endings = [(case.execution.ending, case.execution.detail) for case in score.cases]
    errors = [case.execution.stderr[-500:] for case in score.cases]
    assert score.verdict in program.verdicts[ground.executor.level], (endings, errors)
    assert score.correctness == 0
    answers = [(case.execution.stdout, case.execution.value) for case in score.cases]
    assert "BREACH" not in repr(answers)
    assert secrets_in(repr(score.cases)) == []
    assert [before.verdict, after.verdict] == [Verdict.ACCEPTED] * 2
    findings, cpu_seconds = _honest_runs(ground.executor)
    assert findings == ground.findings
    assert cpu_seconds < 10 * ground.honest_cpu_seconds + 0.05
    state_before, ground.state = ground.state, _state_at_rest(ground)
    assert ground.state == state_before


def test_every_kind_has_its_programs() -> None:
    """There are at least a hundred, and none was lost with a folder."""
    found = {kind: len(list(Path(__file__).parent.joinpath(kind).glob("*.py"))) for kind in KINDS}

    assert all(count >= 15 for count in found.values()), found
    assert sum(found.values()) >= 100


_numbers = itertools.count()


def _judge_between_honest_samples(
    program: HostileProgram, ground: Ground
) -> tuple[Score, Score, Score]:
    hostile = sample_of(program, ground.attacked.facts(ground.executor), new_secret())
    first, second, third = judge([_honest_sample(), hostile, _honest_sample()], ground.executor)
    return first, second, third


def _honest_sample() -> Sample:
    """Return a right program with a secret in it. No two are equal."""
    secret = new_secret()
    program = f"import time\ntime.sleep(0.02)\nprint({secret!r}, int(input()) * 2)"
    number = next(_numbers)
    reference = {"inputs": [f"{number}\n"], "outputs": [f"{secret} {number * 2}\n"]}
    return Sample(completion=f"```python\n{program}\n```", reference=reference)


def _honest_runs(executor: LocalExecutor) -> tuple[bytes, float]:
    """Return what guests find, on all workers alike, and the CPU time of the fastest."""
    jobs = [Job(program=_FINDINGS, questions=(Run(),))] * 4
    executions = [execution for _, (execution,) in executor.run(jobs)]
    outputs = {re.sub(rb"0x\w+", b"", execution.stdout) for execution in executions}
    assert len(outputs) == 1, outputs
    return outputs.pop(), min(execution.cpu_seconds for execution in executions)


def _state_at_rest(ground: Ground) -> State:
    """Return the state when it is as before, or what it still is after a while."""
    deadline = time.monotonic() + _REST_SECONDS
    while True:
        state = state_of(ground.executor, ground.attacked)
        if state == ground.state or state["called"] or time.monotonic() > deadline:
            return state
        time.sleep(0.02)
