"""Fast paths change no row. `python -m benchmarks.differential` judges many more programs."""

from collections.abc import Iterator

import pytest

from benchmarks.differential.__main__ import WRITERS, write_problems
from benchmarks.differential.rows import Judges
from benchmarks.differential.traces import HELPERS, TRACES
from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.sandbox.types import Job, Run


@pytest.fixture(scope="module")
def judges() -> Iterator[Judges]:
    """Keep two executors warm: with fast paths, and without."""
    judges = Judges()
    yield judges
    judges.close()


def test_no_trace_is_there_in_a_fresh_process(executor: LocalExecutor) -> None:
    """A program finds a trace only after it has left one, so the traces show what is shared."""
    jobs = []
    for trace in TRACES:
        helpers = [text for name, text in HELPERS.items() if name in str(trace)]
        look = f"print(bool({trace.found}))"
        program = "\n".join([trace.imports, *helpers, look, trace.leave])
        jobs.append(Job(program=program, questions=(Run(),)))

    outputs = {TRACES[index].leave: runs[0].stdout for index, runs in executor.run(jobs)}

    assert [leave for leave, output in outputs.items() if output == b"True\n"] == []


@pytest.mark.parametrize("kind", WRITERS)
def test_fast_paths_change_no_row(kind: str, judges: Judges) -> None:
    """Generated programs get the same row with fast paths and without."""
    found = judges.differences(write_problems(1, 60, [kind]))

    assert [str(difference) for difference in found if not difference.is_unsteady] == []
