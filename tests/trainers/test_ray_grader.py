"""`adapters.ray` on a real cluster: a handle that every process of a trainer can use."""

import asyncio
import os
import re
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from nova_code_verifier.adapters import core
from nova_code_verifier.adapters.core import Rollout
from nova_code_verifier.adapters.grade import Grade
from nova_code_verifier.sandbox.errors import SandboxError
from nova_code_verifier.verifier.types import Verdict
from tests.processes import wait_until

if find_spec("ray") is None:
    pytest.skip("ray is not installed: make test-trainers", allow_module_level=True)

from nova_code_verifier.adapters.ray import RayGrader
from nova_code_verifier.handlers.ray_cluster import dispatch

pytestmark = [
    pytest.mark.trainers,
    pytest.mark.filterwarnings("default"),
    pytest.mark.timeout(300),
]

REFERENCE = {"inputs": ["4"], "outputs": ["8"]}
PROGRAMS = {
    "print(2 * int(input()))": 1.0,
    "print(7)": 0.2,
    "raise ValueError": 0.18,
}
NAME = "test-graders"


def rollout(program: str, reference: object = REFERENCE) -> Rollout:
    """Return the rollout of a program."""
    return Rollout(f"```python\n{program}\n```", reference)


ROLLOUTS = [*map(rollout, PROGRAMS), rollout("print(8)", {"inputs": ["4"], "outputs": []})]


@pytest.fixture
def grader(ray_cluster: Any) -> Iterator[RayGrader]:
    """Return a grader, whose actors end with the test."""
    del ray_cluster
    made = RayGrader.create(name=NAME, cpus=1)
    yield made
    made.close()


def timeless(grades: list[Grade]) -> list[tuple[object, ...]]:
    """Return all of *grades* but the durations."""
    return [
        (replace(grade, metrics={}), dict(grade.metrics) | {"duration_ms": 0.0}) for grade in grades
    ]


def test_grades_are_those_of_the_core(grader: RayGrader) -> None:
    """A broken reference has no reward, and is no outage."""
    grades = grader.grade_many(ROLLOUTS)

    assert [grade.reward for grade in grades] == pytest.approx([*PROGRAMS.values(), None])
    assert (grades[3].verdict, grades[3].is_outage) == (Verdict.UNGRADED, False)
    assert timeless(grades) == timeless(core.grade_many(ROLLOUTS))


def test_a_handle_works_in_other_processes(grader: RayGrader) -> None:
    """Several at once, each with many calls at once; all share the actors of the name."""
    import ray

    @ray.remote(num_cpus=0)
    def rewards(handle: RayGrader, caller: int) -> list[float | None]:
        async def all_at_once() -> list[float | None]:
            calls = [
                handle.grade_many_async([rollout(f"{program}  # {caller} {number}")])
                for number in range(10)
                for program in PROGRAMS
            ]
            return [grades[0].reward for grades in await asyncio.gather(*calls)]

        return asyncio.run(all_at_once())

    found = ray.get([rewards.remote(grader, caller) for caller in range(2)])

    assert found == [pytest.approx(list(PROGRAMS.values()) * 10)] * 2
    named = [one["name"] for one in ray.util.list_named_actors(all_namespaces=True)]
    assert sorted(name.rpartition(":")[2] for name in named) == ["0"] * len(named)


def test_a_killed_actor_costs_no_reward(grader: RayGrader) -> None:
    """All rollouts of a call have their rewards."""
    import ray

    handles = [
        ray.get_actor(one["name"], one["namespace"])
        for one in ray.util.list_named_actors(all_namespaces=True)
    ]
    [pid] = {int(ray.get(handle.hello.remote())["pid"]) for handle in handles[:1]}
    slow = [rollout(f"import time; time.sleep(0.1); print(8)  # {number}") for number in range(40)]

    async def grade_and_kill() -> list[Grade]:
        grading = asyncio.ensure_future(grader.grade_many_async(slow))
        await asyncio.sleep(0.5)
        os.kill(pid, signal.SIGKILL)
        return await grading

    grades = asyncio.run(grade_and_kill())

    assert [grade.is_outage for grade in grades] == [False] * 40
    assert [grade.verdict for grade in grades] == [Verdict.ACCEPTED] * 40


def test_one_name_has_one_configuration(grader: RayGrader, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second grader with other settings is refused, and grades nothing by those of the first."""
    monkeypatch.setenv("VERIFIER_CPU_SECONDS", "3")

    with pytest.raises(SandboxError, match=f"{NAME} has other settings"):
        RayGrader.create(name=NAME, cpus=1)

    assert grader.grade_many(ROLLOUTS[:1])[0].reward == 1.0


def test_closing_ends_the_actors_and_a_later_call_starts_them(
    grader: RayGrader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For all who use the name, and until the next call, also where a process notices the end."""
    import ray

    def actors() -> list[object]:
        return list(ray.util.list_named_actors(all_namespaces=True))

    monkeypatch.setattr(dispatch, "_PING_SECONDS", 0.1)
    assert grader.grade_many(ROLLOUTS[:1])[0].reward == 1.0

    grader.close()

    wait_until(lambda: not actors())
    time.sleep(3)  # it notices at its next ping, and would start others a second later
    assert not actors()
    assert grader.grade_many(ROLLOUTS[:1])[0].reward == 1.0


def test_snippets_of_the_page_run(
    grader: RayGrader, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """They print what the page says, and verl's function returns numbers."""
    import ray

    monkeypatch.setattr(ray, "init", lambda: None)
    text = (
        Path("docs/scale-ray.md")
        .read_text()
        .replace('name="code", cpus=4', f'name="{NAME}", cpus=1')
    )
    snippets = re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    names: dict[str, Any] = {"__name__": "__main__"}
    for snippet in snippets:
        exec(snippet, names)

    row = asyncio.run(names["compute_score"]("taco", ROLLOUTS[0].completion, REFERENCE))

    assert capsys.readouterr().out == "[1.0]\n"
    assert (row["score"], row["ungraded"]) == (1.0, 0.0)
    assert grader.grade_many(ROLLOUTS[:1])[0].reward == row["score"]
