"""The place `--on lambda:NAME`: its chunks become calls, and its facts say what they were."""

from base64 import b64encode
from dataclasses import dataclass, replace

import pytest

from nova_code_verifier.handlers.cli.score.places.aws_lambda import AwsLambda, open_place
from nova_code_verifier.handlers.cli.score.places.place import Chunk
from nova_code_verifier.handlers.cli.score.places.registry import PlaceOptions
from nova_code_verifier.handlers.settings import Settings
from nova_code_verifier.sandbox.types import IsolationLevel
from nova_code_verifier.verifier.types import Verdict
from tests.fakes import THROTTLED, HttpReply, LambdaCall
from tests.unit.handlers.reward_function.functions import Script, calling, entry

REPORT = "REPORT RequestId: 7\tBilled Duration: 500 ms\tMemory Size: 2048 MB\t\n"


@dataclass(slots=True)
class Chunks:
    """Chunks of one right sample each, as `Place.score` takes them."""

    left: int

    def take(self) -> Chunk | None:
        """Return the next chunk."""
        if not self.left:
            return None
        self.left -= 1
        return Chunk(number=self.left, entries=(entry(self.left),))


def place(concurrency: int | None = None) -> AwsLambda:
    """Return the place, as the command opens it."""
    return open_place("reward", PlaceOptions(settings=Settings(), concurrency=concurrency))


def test_a_place_scores_chunks_and_says_what_it_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Invocations, those that were throttled, and billed time, as far as the log has it."""

    class Billed(Script):
        def answer(self, call: LambdaCall) -> HttpReply:
            log = b64encode(REPORT.encode()).decode()
            return replace(super().answer(call), headers={"X-Amz-Log-Result": log})

    script = Billed(fault=lambda call, _event: THROTTLED if call == 1 else None)
    with calling(script, monkeypatch), place(concurrency=1) as scoring:
        scoring.wait_ready()
        assert (scoring.level, scoring.status) == (IsolationLevel.KERNEL, "")
        results = list(scoring.score(Chunks(3), full=True))

    assert sorted((number, index) for number, index, _ in results) == [(0, 0), (1, 0), (2, 0)]
    assert all(sample.verdict is Verdict.ACCEPTED for _, _, sample in results)
    assert all("program" in sample.details for _, _, sample in results)
    assert scoring.facts == (
        ("invocations", "5", "1 throttled, 0 failed"),
        ("billed seconds", "2.0", "4.0 GB-seconds, of 4 invocations"),
    )
    assert scoring.status == "1 throttled"


def test_a_function_that_reports_no_cost_has_no_line_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without reports in the log, only the invocations are known."""
    with calling(Script(), monkeypatch), place() as scoring:
        scoring.wait_ready()
        list(scoring.score(Chunks(1), full=False))

    assert scoring.facts == (("invocations", "2", ""),)
