"""With which status `/run_code` answers whom."""

from typing import Any

import pytest

from nova_code_verifier.handlers.http_service.routes.sandbox_fusion import route
from nova_code_verifier.sandbox.types import Cause, Ending, Execution
from tests.fakes import ScriptedExecutor, ScriptedGrading
from tests.unit.handlers.http_service.routes.asking import answer_of


def run(grading: ScriptedGrading, **fields: Any) -> tuple[int, dict[str, Any]]:
    """Return the status and the body of the answer."""
    body = {"code": "1", "language": "python", **fields}
    return answer_of(route.router(grading), "/run_code", body)


def test_a_program_is_run() -> None:
    """The reply has what it wrote."""
    executor = ScriptedExecutor(
        lambda _: Execution(ending=Ending.FINISHED, exit_status=0, stdout=b"1\n")
    )

    status, reply = run(ScriptedGrading(executor=executor))

    assert (status, reply["status"], reply["run_result"]["stdout"]) == (200, "Success", "1\n")


def test_a_full_queue_is_waited_for() -> None:
    """Verl's client takes a 429 for a failed test."""
    grading = ScriptedGrading(busy=1)

    assert run(grading)[0] == 200
    assert grading.asked == 2


def test_a_queue_that_stays_full_is_a_504(monkeypatch: pytest.MonkeyPatch) -> None:
    """After it, verl's client tries again; it comes before that client stops waiting."""
    monkeypatch.setattr(route, "_CLIENT_SECONDS", 0.0)

    status, reply = run(ScriptedGrading(busy=10**6), compile_timeout=0, run_timeout=0.1)

    assert (status, reply["status"], reply["message"]) == (
        504, "SandboxError", "the queue is full",
    )  # fmt: skip


def test_an_outage_is_a_504() -> None:
    """It is no result of the program."""
    status, reply = run(ScriptedGrading(problem="a worker was lost"))

    assert (status, reply["status"], reply["run_result"]) == (504, "SandboxError", None)
    assert reply["message"] == "a worker was lost"


def test_memory_that_the_machine_lacks_is_refused_by_name() -> None:
    """Another try would end in the same way, so it is no 504."""
    grading = ScriptedGrading(problem="do not fit", cause=Cause.NO_ROOM)

    status, reply = run(grading, memory_limit_MB=4096)

    assert (status, reply["status"]) == (200, "SandboxError")
    assert reply["message"].startswith("memory_limit_MB: ")


def test_a_refusal_has_sandbox_fusions_form() -> None:
    """No place in the queue is taken for it."""
    grading = ScriptedGrading()

    status, reply = run(grading, language="cpp")

    assert (status, reply["status"], grading.asked) == (200, "SandboxError", 0)
