"""One call of the reward function: its rows, its cost, and the check of a function."""

from base64 import b64encode
from dataclasses import replace

import pytest

from nova_code_verifier.handlers.reward_function.answer import UnfitFunctionError
from nova_code_verifier.handlers.reward_function.function import Scored
from nova_code_verifier.sandbox.errors import FunctionCrashedError, InvocationError
from nova_code_verifier.sandbox.types import Ending, Execution
from tests.fakes import HttpReply, LambdaCall, ScriptedExecutor, fails
from tests.unit.handlers.reward_function.functions import Row, Script, calling

TEXT_REPORT = (
    "END RequestId: 7\nREPORT RequestId: 7\tDuration: 1499.50 ms\tBilled Duration: 1500 ms\t"
    "Memory Size: 2048 MB\tMax Memory Used: 400 MB\t\n"
)
JSON_REPORT = (
    '{"time":"2026-01-01T00:00:00Z","type":"platform.report","record":{"requestId":"7","metrics":'
    '{"durationMs":1499.5,"billedDurationMs":1500,"memorySizeMB":2048,"maxMemoryUsedMB":400}}}\n'
)


def check(script: Script, monkeypatch: pytest.MonkeyPatch, *, log: str = "") -> Scored:
    """Check the function; *log* is the end of its log."""

    class Logging(Script):
        def answer(self, call: LambdaCall) -> HttpReply:
            reply = script.answer(call)
            return replace(reply, headers={"X-Amz-Log-Result": b64encode(log.encode()).decode()})

    with calling(Logging() if log else script, monkeypatch) as function:
        return function.check()


@pytest.mark.parametrize("report", [TEXT_REPORT, JSON_REPORT], ids=["text", "json"])
def test_the_end_of_the_log_says_what_a_call_costs(
    monkeypatch: pytest.MonkeyPatch, report: str
) -> None:
    """Both formats of Lambda's logs are read; what a candidate logged before does not count."""
    forged = '{"message": "REPORT Billed Duration: 9 ms Memory Size: 9 MB"}\n'
    scored = check(Script(), monkeypatch, log=forged + report)

    assert (scored.billed_seconds, scored.billed_gb_seconds) == (1.5, 3.0)


@pytest.mark.parametrize("log", ["", "REPORT\n", '{"message": "Billed Duration: 9 ms"}'])
def test_a_cost_that_is_not_logged_is_unknown(monkeypatch: pytest.MonkeyPatch, log: str) -> None:
    """A function without a report in its log, as with a log level above it, has no cost."""
    assert check(Script(), monkeypatch, log=log).billed_seconds is None


def test_a_check_returns_the_row_of_a_broken_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    """A function that grades its check passes it, and the last row is ungraded."""
    scored = check(Script(), monkeypatch)

    assert [row.details["verdict"] for row in scored.rows] == ["accepted", "ungraded"]


def test_a_function_that_accepts_nothing_is_unfit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A function that rejects a right program must not judge others."""
    wrong = ScriptedExecutor(lambda _: Execution(ending=Ending.FINISHED, stdout=b"0\n"))

    with pytest.raises(UnfitFunctionError, match="reward does not accept a right program"):
        check(Script(executor=wrong), monkeypatch)


def test_a_function_that_grades_nothing_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """A function whose sandbox does not run fails its check, which may be repeated."""
    down = ScriptedExecutor(lambda _: Execution(ending=Ending.NOT_RUN, detail="no room"))

    with pytest.raises(FunctionCrashedError, match=r"it cannot grade: .*no room"):
        check(Script(executor=down), monkeypatch)


def test_an_older_function_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """A deployment that does not know `details` returns rows without them."""

    def without_details(rows: list[Row]) -> list[Row]:
        return [{key: row[key] for key in row if key != "details"} for row in rows]

    with pytest.raises(UnfitFunctionError, match=r"the function reward: found a row without det"):
        check(Script(change=without_details), monkeypatch)


@pytest.mark.parametrize(
    ("code", "status"), [("AccessDeniedException", 403), ("ResourceNotFoundException", 404)]
)
def test_a_function_that_cannot_be_called_is_named(
    monkeypatch: pytest.MonkeyPatch, code: str, status: int
) -> None:
    """The error has the function's name and AWS's own words."""
    with pytest.raises(InvocationError, match=f"the function reward: .*{code}.*as scripted"):
        check(Script(fault=lambda _call, _event: fails(code, status)), monkeypatch)
