"""The judge: a language model that says how similar a response and a reference are.

In: comparisons. Out: futures of similarities; an outage is told apart from an answer that
is none, and neither is ever 0.0. Any thread may ask. Must not know: samples, rewards.
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
from nova_code_verifier.handlers.settings import Settings
from nova_code_verifier.verifier.types import Comparison, Similarity

_LATE = Failure(kind=JudgeFailure.OUT_OF_TIME, detail="no answer before the deadline").similarity
_LOTS = random.SystemRandom()  # not a copy of what a frozen Lambda's siblings draw


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often the judge is asked again, and after how long.

    Exponential with full jitter: before the n-th repetition a time between 0 and
    min(longest, first * 2^(n-1)), each as likely as the other. Source:
    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/

    On top of it comes what the service asks for; not if that is more than `asked_seconds_max`.
    """

    tries: int = 10
    first_seconds: float = 0.5
    longest_seconds: float = 10.0
    asked_seconds_max: float = 120.0

    def seconds(self, tried: int, *, at_least: float = 0.0) -> float:
        """Draw how long to wait after *tried* tries, and *at_least* what was asked for."""
        # Not 2 ** tried as it stands: whoever sets many tries would get a number too large.
        doublings = min(tried - 1, 30)
        most = min(self.longest_seconds, self.first_seconds * 2**doublings)
        return at_least + _LOTS.uniform(0.0, most)


_Key = tuple[Comparison, float]


class LlmJudge:
    """Asks one model, under one prompt, up to *concurrency* times at once."""

    def __init__(
        self,
        *,
        model: str,
        prompt: str = DEFAULT_PROMPT,
        concurrency: int = 8,
        mode: Extraction = Extraction.STRICT,
        client: Client | None = None,
        patience: RetryPolicy = RetryPolicy(),
    ) -> None:
        """Ask *model*, by *client* if one is given. Raises ValueError for an unusable *prompt*."""
        self._model = model
        self._prompt = check_prompt(prompt)
        self._mode = mode
        self._patience = patience
        self._bedrock = Bedrock(connections=concurrency, client=client)
        self._errands: DeadlinePool[Similarity] = DeadlinePool(threads=concurrency, late=_LATE)
        self._lock = threading.Lock()
        self._asked: dict[_Key, Future[Similarity]] = {}
        self._is_closed = threading.Event()

    @classmethod
    def of(cls, settings: Settings) -> "LlmJudge":
        """Be the judge that is set."""
        return cls(
            model=settings.judge_model,
            prompt=settings.judge_prompt,
            concurrency=settings.judge_concurrency,
            mode=settings.judge_extraction,
        )

    def submit(
        self, comparison: Comparison, *, deadline: float = float("inf")
    ) -> Future[Similarity]:
        """Have *comparison* judged by *deadline*, in seconds of `time.monotonic`.

        The same comparison, with the same deadline, is asked once while it is under way.
        The future holds an outage where the judge could not be asked, and is done at the
        deadline in any case. Raises RuntimeError after `close`.
        """
        key = (comparison, deadline)
        with self._lock:
            if key in self._asked:
                return self._asked[key]
            future = self._errands.send(
                partial(self._judge, comparison, deadline), deadline=deadline
            )
            self._asked[key] = future
        future.add_done_callback(lambda _: self._forget(key))
        return future

    def close(self) -> None:
        """Give up what is under way, and close the connections."""
        self._is_closed.set()
        self._errands.close()
        self._bedrock.close()

    def _forget(self, key: _Key) -> None:
        with self._lock:
            self._asked.pop(key, None)

    def _judge(self, comparison: Comparison, deadline: float) -> Similarity:
        request = write_request(model=self._model, prompt=self._prompt, comparison=comparison)
        tried = 0
        while True:
            outcome = self._ask(request)
            tried += 1
            if not isinstance(outcome, Failure):
                return Similarity(value=outcome)
            if not self._wait(outcome, tried, deadline):
                detail = f"{outcome.detail}, tried {tried} times" if tried > 1 else outcome.detail
                return replace(outcome, detail=detail).similarity

    def _wait(self, failure: Failure, tried: int, deadline: float) -> bool:
        """Wait until it is worth another try. False if it never is."""
        asked_seconds = failure.retry_after_seconds
        if not failure.kind.may_pass or tried >= self._patience.tries:
            return False
        if asked_seconds > self._patience.asked_seconds_max:
            return False
        seconds = self._patience.seconds(tried, at_least=asked_seconds)
        return time.monotonic() + seconds < deadline and not self._is_closed.wait(seconds)

    def _ask(self, request: Mapping[str, object]) -> float | Failure:
        reply = self._bedrock.converse(request)
        text = reply if isinstance(reply, Failure) else text_of(reply)
        return text if isinstance(text, Failure) else read_similarity(text, self._mode)
