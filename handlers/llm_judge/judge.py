"""The LLM judge: rates how similar a response and a reference are.

In: comparisons. Out: futures of similarities. An outage and an unusable answer are different
failures, and neither is ever 0.0. Thread-safe.
"""

import random
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial

from nova_code_verifier.handlers.llm_judge.answer import read_similarity, text_of
from nova_code_verifier.handlers.llm_judge.bedrock import Bedrock, Client
from nova_code_verifier.handlers.llm_judge.deadline_pool import DeadlinePool
from nova_code_verifier.handlers.llm_judge.prompt import DEFAULT_PROMPT, check_prompt, write_request
from nova_code_verifier.handlers.llm_judge.types import Extraction, Failure, JudgeFailure
from nova_code_verifier.verifier.types import Comparison, FailureClass, Similarity

_LATE = replace(
    Failure(kind=JudgeFailure.OUT_OF_TIME, detail="no answer before the deadline").similarity,
    failure=FailureClass.TIME,
)
_RANDOM = random.SystemRandom()  # Lambda copies frozen processes: a seeded one would be shared


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often a call is tried, and how long to wait in between.

    Exponential backoff with full jitter: before the n-th retry, a random time between 0 and
    min(longest, first * 2^(n-1)). Source:
    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/

    A delay that the service asks for is added. One above `asked_seconds_max` ends the retries.
    """

    tries: int = 10
    first_seconds: float = 0.5
    longest_seconds: float = 10.0
    asked_seconds_max: float = 120.0

    def seconds(self, tried: int, *, at_least: float = 0.0) -> float:
        """Return how long to wait after *tried* tries: a random time on top of *at_least*."""
        doublings = min(tried - 1, 30)  # 2 ** tried could be too large for a float
        most = min(self.longest_seconds, self.first_seconds * 2**doublings)
        return at_least + _RANDOM.uniform(0.0, most)


_Key = tuple[Comparison, float]


class LlmJudge:
    """Calls one model with one prompt, up to *concurrency* times at once."""

    def __init__(
        self,
        *,
        model: str,
        prompt: str = DEFAULT_PROMPT,
        concurrency: int = 8,
        extraction: Extraction = Extraction.STRICT,
        client: Client | None = None,
        retry_policy: RetryPolicy = RetryPolicy(),
    ) -> None:
        """Use *client* if it is given. Raises ValueError for a *prompt* without placeholders."""
        self._model = model
        self._prompt = check_prompt(prompt)
        self._extraction = extraction
        self._retry_policy = retry_policy
        self._bedrock = Bedrock(connections=concurrency, client=client)
        self._pool: DeadlinePool[Similarity] = DeadlinePool(threads=concurrency, late=_LATE)
        self._lock = threading.Lock()
        self._pending: dict[_Key, Future[Similarity]] = {}
        self._is_closed = threading.Event()

    def submit(
        self, comparison: Comparison, *, deadline: float = float("inf")
    ) -> Future[Similarity]:
        """Start to judge *comparison*. The future is done by *deadline* (`time.monotonic` seconds).

        An equal comparison with an equal deadline shares the future while that is pending. The
        future holds an outage if the judge could not be reached. Raises RuntimeError after `close`.
        """
        key = (comparison, deadline)
        with self._lock:
            if key in self._pending:
                return self._pending[key]
            call = partial(self._judge, comparison, deadline)
            future = self._pending[key] = self._pool.submit(call, deadline=deadline)
        future.add_done_callback(lambda _: self._forget(key))
        return future

    def close(self) -> None:
        """Give up pending comparisons, and close the connections."""
        self._is_closed.set()
        self._pool.close()
        self._bedrock.close()

    def _forget(self, key: _Key) -> None:
        with self._lock:
            self._pending.pop(key, None)

    def _judge(self, comparison: Comparison, deadline: float) -> Similarity:
        request = write_request(model=self._model, prompt=self._prompt, comparison=comparison)
        tried = 0
        while True:
            outcome = self._call(request)
            tried += 1
            if not isinstance(outcome, Failure):
                return Similarity(value=outcome)
            if not self._wait(outcome, tried, deadline):
                detail = f"{outcome.detail}, tried {tried} times" if tried > 1 else outcome.detail
                return replace(outcome, detail=detail).similarity

    def _wait(self, failure: Failure, tried: int, deadline: float) -> bool:
        """Wait before the next try. Return False at once if there should be none."""
        policy = self._retry_policy
        asked_seconds = failure.retry_after_seconds
        is_hopeless = not failure.kind.is_transient or asked_seconds > policy.asked_seconds_max
        if is_hopeless or tried >= policy.tries:
            return False
        seconds = policy.seconds(tried, at_least=asked_seconds)
        return time.monotonic() + seconds < deadline and not self._is_closed.wait(seconds)

    def _call(self, request: Mapping[str, object]) -> float | Failure:
        answer = self._bedrock.converse(request)
        text = answer if isinstance(answer, Failure) else text_of(answer)
        return text if isinstance(text, Failure) else read_similarity(text, self._extraction)
