"""Large answers: the limits of a sample bound them, and no hidden limit does."""

from collections.abc import Callable
from itertools import pairwise

import pytest

from nova_code_verifier.sandbox.host import event_loop
from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.sandbox.types import Ending, Job, Limits, Run
from nova_code_verifier.verifier.pipeline import judge
from nova_code_verifier.verifier.types import Sample, Score, Verdict

PROGRAM = "```python\ndef f(n, start):\n    return list(range(start, start + n))\n```"


def call_tests(count: int, length: int) -> dict[str, object]:
    """Return a reference with calls that return so many lists."""
    return {
        "fn_name": "f",
        "inputs": [[length, start] for start in range(count)],
        "outputs": [list(range(start, start + length)) for start in range(count)],
    }


def code_tests(count: int, length: int) -> dict[str, object]:
    """Return a reference with asserts about so many lists."""
    lines = (
        f"    assert candidate({length}, {start}) == list(range({start}, {start} + {length}))\n"
        for start in range(count)
    )
    return {"test": "def check(candidate):\n" + "".join(lines), "entry_point": "f"}


def scored(executor: LocalExecutor, reference: dict[str, object], output_bytes: int) -> Score:
    """Score a right program with this limit."""
    limits = {"limits": {"output_bytes": output_bytes}}
    (score,) = judge([Sample(completion=PROGRAM, reference=reference | limits)], executor)
    return score


@pytest.mark.timeout(120)
@pytest.mark.parametrize("tests", [call_tests, code_tests], ids=["calls", "test code"])
@pytest.mark.parametrize(
    ("count", "length"), [(20, 100_000), (1, 1_500_000)], ids=["many", "a single one"]
)
def test_answers_may_be_as_long_as_the_limit(
    executor: LocalExecutor,
    tests: Callable[[int, int], dict[str, object]],
    count: int,
    length: int,
) -> None:
    """More than eight megabytes of answers are accepted, if the limit of the sample allows it."""
    assert scored(executor, tests(count, length), 2**26).correctness == 1.0


@pytest.mark.parametrize("tests", [call_tests(5, 1000), code_tests(1, 3000)], ids=["calls", "code"])
def test_answers_beyond_the_limit_are_too_long(
    executor: LocalExecutor, tests: dict[str, object]
) -> None:
    """All answers to calls, or one answer to test code: the detail names the limit."""
    score = scored(executor, tests, 10_000)

    assert score.verdict is Verdict.OUTPUT_LIMIT_EXCEEDED
    details = [case.execution.detail for case in score.cases if case.verdict is score.verdict]
    assert all("limits.output_bytes" in detail for detail in details)


def test_a_guest_waits_for_room_in_memory(
    executor: LocalExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guests with large limits run one after the other, and get the same results."""
    monkeypatch.setattr(event_loop, "_RUNNING_BYTES_MAX", 2**20)
    limits = Limits(output_bytes=2**30)
    program = "import time\nprint(time.monotonic())\ntime.sleep(0.05)\nprint(time.monotonic())"
    job = Job(program=program, questions=(Run(),) * 4, limits=limits)

    [(_, executions)] = executor.run([job])

    assert {execution.ending for execution in executions} == {Ending.FINISHED}
    spans = sorted(tuple(map(float, execution.stdout.split())) for execution in executions)
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))
