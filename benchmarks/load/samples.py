"""The samples: completions of the workloads, known solutions, and programs close to a limit.

In: how many steps of a loop take a second. Out: named samples, always the same ones.
"""

from collections.abc import Iterator
from itertools import chain

from benchmarks.differential.problems import indented
from benchmarks.workloads import WORKLOADS, fenced
from nova_code_verifier import Sample
from nova_code_verifier.handlers.wire import read_event
from tests.known.datasets import read_dataset
from tests.known.published import BUGGY, read_solutions
from tests.paths import REPOSITORY

OF_EACH_WORKLOAD = 36
# The same completions as in others, or such whose choice depends on a measurement.
_LEFT_OUT = (
    "HumanEval, first sight",
    "HumanEval, wrong, later",
    "HumanEval, groups of 8, half of each equal",
    "MBPP, first sight",
)
CPU_SECONDS, WALL_SECONDS, MEMORY_MB = 0.5, 2.0, 128
_LIMITS = {"cpu_seconds": CPU_SECONDS, "wall_seconds": WALL_SECONDS, "memory_mb": MEMORY_MB}
_CASES = 4


def write_samples(steps_per_second: int) -> dict[str, Sample]:
    """Return all samples by name."""
    return dict(chain(workload_samples(), known_solutions(), _near_limits(steps_per_second)))


def workload_samples() -> Iterator[tuple[str, Sample]]:
    """Yield completions of the other benchmarks, by name."""
    for workload in WORKLOADS:
        if workload.name in _LEFT_OUT:
            continue
        for number, work in enumerate(workload.write(0, OF_EACH_WORKLOAD)):
            yield f"{workload.name} #{number}", work.sample


def known_solutions() -> Iterator[tuple[str, Sample]]:
    """Yield right and wrong solutions; some of the wrong ones never end."""
    for buggy in read_solutions(BUGGY):
        reference = buggy.row | {"limits": _LIMITS}
        yield buggy.task, Sample(completion=buggy.sample.completion, reference=reference)
    path = REPOSITORY / "tests" / "known" / "data" / "quixbugs.jsonl"
    for solution in read_dataset(path):
        [entry] = read_event([solution.sample]).entries
        assert entry.sample is not None
        yield solution.name, entry.sample


# -- close to a limit ------------------------------------------------------------------


def _slow_statements(steps_per_second: int) -> dict[str, str]:
    """Return statements that use a share of a limit, or more than all of it."""
    return {
        # These measure their own CPU time, so no noise should matter.
        **{
            f"CPU time x {share:g}": f"import time\nwhile time.process_time() < start + "
            f"{share * CPU_SECONDS}: pass"
            for share in (0.3, 0.6, 0.9, 1.1, 1.5)
        },
        # The CPU time of these depends on what else the machine does.
        **{
            f"loop x {share:g}": f"for _ in range({int(share * CPU_SECONDS * steps_per_second)}): "
            "pass"
            for share in (0.5, 2.0)
        },
        "endless": "while True: pass",
        **{
            f"sleep x {share:g}": f"import time\ntime.sleep({share * WALL_SECONDS})"
            for share in (0.3, 1.5)
        },
        **{
            f"memory x {share:g}": f"kept = b'x' * {int(share * MEMORY_MB * 2**20)}"
            for share in (0.6, 1.5)
        },
    }


def _near_limits(steps_per_second: int) -> Iterator[tuple[str, Sample]]:
    for name, statement in _slow_statements(steps_per_second).items():
        for cases, condition in (("one case", "n == 2"), ("all cases", "True")):
            use = f"import time\nstart = time.process_time()\nif {condition}:\n" + indented(
                statement
            )
            for kind, (program, reference) in _kinds(use).items():
                completion = fenced(program)
                sample = Sample(completion=completion, reference=reference | {"limits": _LIMITS})
                yield f"{name}, {cases}, {kind}", sample


def _kinds(use: str) -> dict[str, tuple[str, dict[str, object]]]:
    """Return a program and its reference for each kind of tests; *use* reads `n`."""
    numbers = range(_CASES)
    function = f"def f(n):\n{indented(use)}\n    return n * n"
    asserts = [f"assert f({n}) == {n * n}" for n in numbers]
    functions = [f"def test_{n}():\n    {text}" for n, text in enumerate(asserts)]
    return {
        "stdio": (
            f"n = int(input())\n{use}\nprint(n * n)",
            {"inputs": [f"{n}\n" for n in numbers], "outputs": [f"{n * n}\n" for n in numbers]},
        ),
        "call": (
            function,
            {
                "tests": {
                    "kind": "call",
                    "entry_point": "f",
                    "cases": [{"args": [n], "expected": n * n} for n in numbers],
                }
            },
        ),
        "asserts": (function, {"test_list": asserts}),
        "pytest": (
            function,
            {
                "tests": {
                    "kind": "code",
                    "style": "pytest",
                    "code": "\n".join(["from solution import f", *functions]),
                }
            },
        ),
    }
