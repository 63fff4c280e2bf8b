"""A reward function for these tests: real rows, with a scripted sandbox, and faults.

boto3's client calls it over HTTP. Its programs print the number on stdin, plus one.
"""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from nova_code_verifier.handlers.reward_function.answer import DetailedRow
from nova_code_verifier.handlers.reward_function.dispatcher import Dispatcher, Totals, checked
from nova_code_verifier.handlers.reward_function.function import RewardFunction
from nova_code_verifier.handlers.reward_function.pace import Patience
from nova_code_verifier.handlers.scored.sample import ScoredSample, score_entries
from nova_code_verifier.handlers.service import Service
from nova_code_verifier.handlers.settings import Settings
from nova_code_verifier.handlers.wire import Details, Entry, read_event
from nova_code_verifier.sandbox.types import Ending, Execution, Question, Run
from nova_code_verifier.verifier.rubric import Rubric
from nova_code_verifier.verifier.types import Sample
from tests.fakes import CREDENTIALS, HttpReply, LambdaCall, ScriptedExecutor, serving_lambda

Row = dict[str, Any]
QUICK = Patience(pause_seconds=0.001, pause_seconds_max=0.01, silence_seconds=0.2)
BROKEN_REWARD = -0.5
FAILED = {"X-Amz-Function-Error": "Unhandled"}
CHECK = (0, 1)
"""The ids of the function's check: those of a batch are tested with others."""


def failure(kind: str, message: str = "as scripted") -> HttpReply:
    """Return the answer of a function that failed."""
    body = json.dumps({"errorType": kind, "errorMessage": message})
    return HttpReply(headers=FAILED, body=body.encode())


def add_one(question: Question) -> Execution:
    """Run a program of these tests. One whose input is odd never gets to run."""
    assert isinstance(question, Run)
    number = int(question.stdin)
    return Execution(ending=Ending.FINISHED, exit_status=0, stdout=b"%d\n" % (number + 1))


def entry(number: int, *, text: str = "", **fields: object) -> Entry:
    """Return an entry whose program is right. Its completion ends with *text*."""
    reference = {"inputs": [f"{number}\n"], "outputs": [f"{number + 1}\n"]} | fields
    completion = f"```python\nprint(int(input()) + 1)  # {number}\n```\n{text}"
    return Entry(
        id=f"real-{number}", sample=Sample(completion=completion, reference=reference), group=number
    )


@dataclass(slots=True, kw_only=True)
class Script:
    """The function. `fault` gets the number of the call and the event, and may replace the answer.

    `change` changes the rows of an answer. `batches` are the numbers of samples of each call.
    """

    fault: Callable[[int, str], HttpReply | None] = lambda _call, _event: None
    change: Callable[[list[Row]], object] = lambda rows: rows
    executor: ScriptedExecutor = field(default_factory=lambda: ScriptedExecutor(add_one))
    batches: list[int] = field(default_factory=list)
    at_once: int = 0
    at_once_max: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, call: LambdaCall) -> HttpReply:
        """Answer one call."""
        with self.lock:
            self.at_once += 1
            self.at_once_max = max(self.at_once_max, self.at_once)
            number = len(self.batches)
            self.batches.append(len(json.loads(call.payload)["batch"]))
        try:
            return self.fault(number, call.payload.decode()) or self._rows(call.payload)
        finally:
            with self.lock:
                self.at_once -= 1

    def _rows(self, payload: bytes) -> HttpReply:
        request = read_event(json.loads(payload))
        rubric = Rubric(ungraded_reward=BROKEN_REWARD)
        service = Service(self.executor, Settings(rubric=rubric, control_samples=0))
        with self.lock:
            scored = dict(
                score_entries(service, request.entries, full=request.details is Details.FULL)
            )
        rows = [scored[n].row | {"details": scored[n].details} for n in sorted(scored)]
        return HttpReply(body=json.dumps(self.change(rows)).encode())


@contextmanager
def calling(script: Script, monkeypatch: pytest.MonkeyPatch) -> Iterator[RewardFunction]:
    """Return the client of a function that *script* plays."""
    with serving_lambda(script.answer) as url:
        for name, value in (CREDENTIALS | {"AWS_ENDPOINT_URL_LAMBDA": url}).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        yield RewardFunction("reward", connections=4)


@dataclass(slots=True, kw_only=True)
class Scoring:
    """The results of a run, by chunk and index, and the sums of its calls."""

    samples: dict[tuple[int, int], ScoredSample]
    totals: Totals

    def verdicts(self) -> list[str]:
        """Return the verdicts, in order."""
        return [str(self.samples[key].verdict) for key in sorted(self.samples)]


def score(
    script: Script,
    monkeypatch: pytest.MonkeyPatch,
    *chunks: Sequence[Entry],
    concurrency: int = 4,
    details: Details = Details.SUMMARY,
    patience: Patience = QUICK,
) -> Scoring:
    """Score *chunks*. Fails if a sample has two results."""
    totals = Totals()
    with calling(script, monkeypatch) as function:
        ungraded = checked(function, patience, totals)
        dispatcher = dispatcher_of(
            function, ungraded, totals, concurrency=concurrency, details=details, patience=patience
        )
        left = iter(enumerate(chunks))
        samples: dict[tuple[int, int], ScoredSample] = {}
        for chunk, index, sample in dispatcher.run(lambda: next(left, None)):
            assert (chunk, index) not in samples
            samples[chunk, index] = sample
    assert len(samples) == sum(map(len, chunks))
    return Scoring(samples=samples, totals=totals)


def dispatcher_of(
    function: RewardFunction,
    ungraded: DetailedRow,
    totals: Totals,
    *,
    concurrency: int = 4,
    details: Details = Details.SUMMARY,
    patience: Patience = QUICK,
) -> Dispatcher:
    """Return a dispatcher."""
    return Dispatcher(
        function, ungraded, details, concurrency=concurrency, patience=patience, totals=totals
    )
