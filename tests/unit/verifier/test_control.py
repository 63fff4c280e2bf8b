"""Control samples notice a verifier that misjudges."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

import pytest

from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.sandbox.types import (
    Company,
    EncodedValue,
    Ending,
    Execution,
    Executor,
    IsolationLevel,
    Job,
)
from nova_code_verifier.verifier.checking import verdict
from nova_code_verifier.verifier.control import CONTROLLED, Control, control_samples
from nova_code_verifier.verifier.pipeline import judge
from nova_code_verifier.verifier.types import Sample, Score, Source, Verdict
from tests.fakes import ScriptedExecutor

TESTS: dict[Source, dict[str, object]] = {
    Source.STDIO: {"kind": "stdio", "cases": [{"stdin": "2\n", "stdout": "4\n"}]},
    Source.CALL: {"kind": "call", "entry_point": "f", "cases": [{"args": [2], "expected": 4}]},
    Source.CODE: {"kind": "code", "code": "assert f(2) == 4"},
}
PROGRAM = "def f(x): return 2 * x\nif __name__ == '__main__': print(f(int(input())))"


def sample(source: Source = Source.STDIO) -> Sample:
    """Return a right sample of a source."""
    return Sample(completion=f"```python\n{PROGRAM}\n```", reference={"tests": TESTS[source]})


def silent(execution: Execution) -> Execution:
    """Lose what a program prints."""
    return replace(execution, stdout=b"")


def answers_zero(execution: Execution) -> Execution:
    """Return 0 for each value."""
    return replace(execution, value=EncodedValue(b"0"), value_bytes=1)


def crashes(execution: Execution) -> Execution:
    """End every guest by a signal, before it answers."""
    crash = Ending.CRASHED
    return replace(execution, ending=crash, harness_ending=crash, signal=9, value=None)


@dataclass
class FaultyExecutor:
    """A real executor with a machine at fault: *fault* changes what happened to the guests."""

    executor: Executor
    fault: Callable[[Execution], Execution] | None = None
    isolates_trusted_code: bool = False
    fast_paths: bool = False
    environment: str = ""
    programs: list[str] = field(default_factory=list)

    @property
    def level(self) -> IsolationLevel:
        """Return the level of the executor."""
        return self.executor.level

    def run(
        self, jobs: Iterable[Job], *, company: Company | None = None
    ) -> Iterator[tuple[int, tuple[Execution, ...]]]:
        """Run *jobs*, and change what happened to them."""
        listed = list(jobs)
        self.programs += [job.program for job in listed]
        for index, executions in self.executor.run(listed, company=company):
            yield index, tuple(map(self.fault, executions)) if self.fault else executions

    def with_preloaded(self, modules: tuple[str, ...]) -> Executor:
        """Return the executor for trusted programs, without a fault."""
        return self.executor.with_preloaded(modules)

    def with_sessions(self, modules: tuple[str, ...]) -> "FaultyExecutor":
        """Return the executor for sessions, with the same fault."""
        return replace(self, executor=self.executor.with_preloaded(modules))


@pytest.fixture(scope="module")
def local() -> Iterator[LocalExecutor]:
    """Keep a worker of each kind warm."""
    with LocalExecutor(workers=1) as executor:
        yield executor


@pytest.fixture
def machine(local: LocalExecutor) -> FaultyExecutor:
    """Return an executor without a fault yet."""
    return FaultyExecutor(local)


def judged(control: Control, executor: Executor, source: Source = Source.STDIO) -> Score:
    """Judge one right sample."""
    (score,) = judge([sample(source)], executor, control=control)
    return score


@pytest.mark.parametrize("source", CONTROLLED)
def test_a_healthy_verifier_judges_its_control_samples(
    machine: FaultyExecutor, source: Source
) -> None:
    """The right ones are accepted, the wrong ones are not, and the sample gets its reward."""
    control = Control(100)

    score = judged(control, machine, source)

    assert (score.verdict, control.problem) == (Verdict.ACCEPTED, "")


FAULTS = [
    (Source.STDIO, silent),
    (Source.STDIO, crashes),
    (Source.CALL, answers_zero),
    (Source.CALL, crashes),
    (Source.CODE, crashes),
]


@pytest.mark.parametrize(
    ("source", "fault"), FAULTS, ids=lambda value: getattr(value, "__name__", value)
)
def test_nothing_is_graded_on_a_machine_at_fault_until_it_is_mended(
    machine: FaultyExecutor, source: Source, fault: Callable[[Execution], Execution]
) -> None:
    """The sample is an outage, the reason is told, and the next batch tries again."""
    problems: list[str] = []
    control = Control(100, on_misjudged=problems.append)
    machine.fault = fault

    scores = [judged(control, machine, source) for _ in range(2)]
    machine.fault = None
    mended = judged(control, machine, source)

    assert [(score.verdict, score.is_outage) for score in scores] == [(Verdict.UNGRADED, True)] * 2
    assert scores[0].problem in problems[0]
    assert f"program with {source} tests was judged" in problems[0]
    assert len(problems) == 2
    assert (mended.verdict, control.problem) == (Verdict.ACCEPTED, "")


def test_a_comparison_that_accepts_everything_is_noticed(
    machine: FaultyExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The wrong control sample is there for that."""
    monkeypatch.setattr(verdict, "output_matches", lambda *_: True)

    score = judged(Control(100), machine)

    assert "a wrong program with stdio tests was judged accepted" in score.problem
    assert score.is_outage


def test_a_fault_of_one_source_stops_all(machine: FaultyExecutor) -> None:
    """As long as calls are misjudged, nothing is graded: nobody knows what else is broken."""
    control = Control(100)
    machine.fault = answers_zero  # harmless for stdio
    judged(control, machine, Source.CALL)

    assert judged(control, machine, Source.STDIO).is_outage
    machine.fault = None
    assert judged(control, machine, Source.STDIO).verdict is Verdict.ACCEPTED


def test_control_samples_are_graded_at_the_start_and_after_so_many_samples(
    machine: FaultyExecutor,
) -> None:
    """Between two times, samples cost nothing more."""
    control, counts = Control(3), []
    for _ in range(8):
        before = len(machine.programs)
        judged(control, machine)
        counts.append(len(machine.programs) - before)

    assert counts == [3, 1, 1, 3, 1, 1, 3, 1]


def test_no_two_control_samples_are_equal() -> None:
    """No cache can know their verdicts."""
    for source in CONTROLLED:
        first, second = control_samples(source), control_samples(source)
        completions = {control.sample.completion for control in (*first, *second)}

        assert len(completions) == 4
        assert {control.is_right for control in first} == {True, False}


def test_an_outage_is_not_a_misjudgement() -> None:
    """Without time for the control samples, nothing is graded, and nothing is known to be wrong."""
    problems: list[str] = []
    not_run = Execution(ending=Ending.NOT_RUN, detail="no time")
    control = Control(100, on_misjudged=problems.append)

    score = judged(control, ScriptedExecutor(lambda _: not_run))

    assert (score.problem, score.is_outage, problems) == ("no time", True, [])


def test_samples_that_run_no_program_need_no_control_samples() -> None:
    """A label is graded without a sandbox, so its faults do not matter."""
    executor = ScriptedExecutor(lambda _: Execution(ending=Ending.FINISHED))
    label = Sample(completion="\\boxed{positive}", reference="positive")

    (score,) = judge([label], executor, control=Control(100))

    assert score.verdict is Verdict.ACCEPTED
    assert executor.jobs == []
