"""The replies of SandboxFusion, as its clients read them."""

import json

import pytest

from nova_code_verifier.handlers.http_service.routes.sandbox_fusion.messages import (
    RunCodeRequest,
    RunCodeResponse,
)
from nova_code_verifier.handlers.http_service.routes.sandbox_fusion.plan import plan_of
from nova_code_verifier.handlers.http_service.routes.sandbox_fusion.reply import reply_to
from nova_code_verifier.sandbox.types import Ending, Execution, Limits, RaisedError

REQUEST = RunCodeRequest(code="1", language="python", fetch_files=["out.txt", "other"])
PLAN = plan_of(REQUEST, Limits())


def reply(execution: Execution) -> RunCodeResponse:
    """Return the reply for an execution."""
    return reply_to(REQUEST, PLAN, execution)


@pytest.mark.parametrize(
    ("execution", "status", "run_status", "return_code"),
    [
        (Execution(ending=Ending.FINISHED, exit_status=0), "Success", "Finished", 0),
        (Execution(ending=Ending.FINISHED, exit_status=7), "Failed", "Finished", 7),
        (Execution(ending=Ending.OUT_OF_TIME), "Failed", "TimeLimitExceeded", None),
        (Execution(ending=Ending.CRASHED, signal=11), "Failed", "Finished", -11),
        (Execution(ending=Ending.OUT_OF_MEMORY), "Failed", "Finished", -9),
        (Execution(ending=Ending.TOO_MUCH_OUTPUT), "Failed", "Finished", -25),
        (Execution(ending=Ending.FORBIDDEN, detail="fork"), "Failed", "Finished", -31),
        (Execution(ending=Ending.UNREADABLE), "Failed", "Finished", -9),
    ],
)
def test_endings_are_those_of_a_process(
    execution: Execution, status: str, run_status: str, return_code: int | None
) -> None:
    """A program that did not end well never has a status of success."""
    found = reply(execution)

    assert found.run_result is not None
    assert (found.status, found.run_result.status) == (status, run_status)
    assert found.run_result.return_code == return_code


def test_a_syntax_error_is_that_of_python() -> None:
    """Clients of Python know no compilation: it is an error at run time."""
    error = RaisedError(type_name="SyntaxError", message="invalid syntax")

    found = reply(Execution(ending=Ending.NOT_COMPILED, error=error)).run_result

    assert found is not None
    assert (found.return_code, found.stderr) == (1, "SyntaxError: invalid syntax\n")


def test_output_is_text_whatever_it_is() -> None:
    """Invalid UTF-8 is replaced, and a long stderr keeps its end."""
    output = b"\xff\x00</script>"
    execution = Execution(
        ending=Ending.FINISHED, exit_status=0, stdout=output, stderr=b"a" * 10**6 + b"end"
    )

    found = reply(execution).run_result

    assert found is not None
    assert found.stdout == "\ufffd\x00</script>"
    assert found.stderr is not None
    assert found.stderr.endswith("end")
    assert len(found.stderr) < 110_000


def test_files_come_back_apart_from_stderr() -> None:
    """What the guest sent of them is cut off from stderr."""
    sent = PLAN.mark + json.dumps({"out.txt": "aGk=", "not asked for": "aGk="})
    execution = Execution(ending=Ending.FINISHED, exit_status=0, stderr=b"x" + sent.encode())

    found = reply(execution)

    assert found.files == {"out.txt": "aGk="}
    assert found.run_result is not None
    assert found.run_result.stderr == "x"


@pytest.mark.parametrize(
    "sent",
    ["", "{", "[" * 5000, "[1]", '{"out.txt": 5}', '{"out.txt": "\\ud800"}', "1" * 5000],
)
def test_a_guest_may_send_anything_for_files(sent: str) -> None:
    """What is no file is left out, and nothing breaks."""
    execution = Execution(ending=Ending.FINISHED, exit_status=0, stderr=(PLAN.mark + sent).encode())

    assert reply(execution).files == {}
