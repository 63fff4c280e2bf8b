"""Call the reward function once, with a batch of samples.

In: samples as JSON. Out: their rows, and what the call cost. Several threads may use a function.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from secrets import randbelow

from nova_code_verifier.handlers.lambda_client import content_of, lambda_client
from nova_code_verifier.handlers.reward_function.answer import (
    DetailedRow,
    UnfitFunctionError,
    read_rows,
)
from nova_code_verifier.handlers.reward_function.event import event_text, sample_text
from nova_code_verifier.handlers.wire import Details
from nova_code_verifier.sandbox.errors import FunctionCrashedError
from nova_code_verifier.verifier.types import Sample, Verdict

# The last line of an invocation's log, as text or as JSON. No candidate can write a line there.
_REPORT = re.compile(
    r"^REPORT .*Billed Duration: (\d+) ms.*Memory Size: (\d+) MB"
    r'|^\{.*"platform\.report".*"billedDurationMs":\s*(\d+).*"memorySizeMB":\s*(\d+)',
    re.MULTILINE,
)
_UNREADABLE = b'{"id": 1}'


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """The rows of a batch, and the time for which Lambda bills; None if that is not known."""

    rows: list[DetailedRow]
    billed_seconds: float | None = None
    billed_gb_seconds: float | None = None


class RewardFunction:
    """The reward function, by its name or ARN."""

    def __init__(self, name: str, *, connections: int) -> None:
        """Prepare for up to *connections* calls at a time. Raises InvocationError."""
        self.name = name
        self._client = lambda_client(f"the function {name}", connections=connections)

    def score(self, ids: Sequence[int], samples: Sequence[bytes], details: Details) -> Scored:
        """Score *samples*, which have these *ids*, in one call.

        Raises InvocationError if there is no answer, and UnfitFunctionError for rows that are not
        those of these samples.
        """
        event = event_text(samples, details)
        answer = self._client.call(self.name, event, LogType="Tail")
        content = content_of(answer.body, has_failed=answer.has_failed)
        try:
            rows = read_rows(content, ids)
        except UnfitFunctionError as error:
            raise UnfitFunctionError(f"the function {self.name}: {error}") from None
        if not (reports := list(_REPORT.finditer(answer.log))):
            return Scored(rows=rows)
        text, text_mb, json, json_mb = reports[-1].groups()
        seconds = int(text or json) / 1000
        memory_gb = int(text_mb or json_mb) / 1024
        return Scored(rows=rows, billed_seconds=seconds, billed_gb_seconds=seconds * memory_gb)

    def check(self) -> Scored:
        """Score samples of our own. The last row is that of one that cannot be graded.

        Raises what `score` raises; FunctionCrashedError if the function grades nothing, and
        UnfitFunctionError if it grades a right program wrong.
        """
        number = randbelow(10**9)  # not known to any cache
        reference = {"inputs": [f"{number}\n"], "outputs": [f"{number + 1}\n"]}
        program = "```python\nprint(int(input()) + 1)\n```"
        right = sample_text(0, Sample(completion=program, reference=reference))
        scored = self.score((0, 1), (right, _UNREADABLE), Details.FULL)
        graded, ungraded = scored.rows
        if graded.is_outage:
            raise FunctionCrashedError(f"it cannot grade: {graded.details['problem']}")
        if graded.details["verdict"] != Verdict.ACCEPTED:
            raise UnfitFunctionError(
                f"the function {self.name} does not accept a right program: {graded.details}"
            )
        if ungraded.details["verdict"] != Verdict.UNGRADED or ungraded.is_outage:
            raise UnfitFunctionError(
                f"the function {self.name} grades a sample without messages: {ungraded.details}"
            )
        return scored
