"""Score by the reward function in AWS: `--on lambda:NAME`."""

from collections.abc import Generator
from typing import TYPE_CHECKING

from nova_code_verifier.handlers.cli.score.places.place import Chunks, ScoredAt
from nova_code_verifier.handlers.cli.score.places.registry import PlaceOptions
from nova_code_verifier.handlers.reward_function.dispatcher import (
    BATCH_SAMPLES,
    Dispatcher,
    Totals,
    checked,
)
from nova_code_verifier.handlers.reward_function.function import RewardFunction
from nova_code_verifier.handlers.reward_function.pace import Patience
from nova_code_verifier.handlers.wire import Details, Entry
from nova_code_verifier.sandbox.types import IsolationLevel

if TYPE_CHECKING:
    from nova_code_verifier.handlers.reward_function.answer import DetailedRow

_CONCURRENCY = 10  # a new account has no more


class AwsLambda:
    """The place where a Lambda function scores chunks, several at a time."""

    chunk_samples = BATCH_SAMPLES
    chunk_bytes = 4 * 2**20  # of the 6 MiB of an event: some characters take more room there
    bug = ""  # the function's log has it

    def __init__(self, name: str, *, concurrency: int) -> None:
        """Prepare to call the function *name*. Raises SandboxError, as without a region."""
        self.chunks_at_once = concurrency
        self._function = RewardFunction(name, connections=concurrency)
        self._patience = Patience()
        self._totals = Totals()
        self._ungraded: DetailedRow | None = None

    def __enter__(self) -> "AwsLambda":
        """Start nothing: the function runs already."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop nothing: nobody waits for calls that are still open, and the process may end."""

    def wait_ready(self) -> None:
        """Check the function, so that one that does not fit is refused before anything is sent."""
        self._ungraded = checked(self._function, self._patience, self._totals)

    @property
    def level(self) -> IsolationLevel | None:
        """The weakest level that an answer has named."""
        return self._totals.level

    @property
    def status(self) -> str:
        """How many calls there are and were."""
        totals = self._totals
        parts = {"in flight": totals.in_flight, "throttled": totals.throttled}
        parts["failed"] = totals.failed
        return ", ".join(f"{count} {name}" for name, count in parts.items() if count)

    @property
    def facts(self) -> tuple[tuple[str, str, str], ...]:
        """The invocations, and what they cost."""
        totals = self._totals
        repeated = f"{totals.throttled} throttled, {totals.failed} failed"
        is_smooth = totals.throttled + totals.failed == 0
        facts = [("invocations", str(totals.calls), "" if is_smooth else repeated)]
        if totals.reported:
            known = "" if totals.reported == totals.calls else f", of {totals.reported} invocations"
            note = f"{totals.billed_gb_seconds:.1f} GB-seconds{known}"
            facts.append(("billed seconds", f"{totals.billed_seconds:.1f}", note))
        return tuple(facts)

    def score(self, chunks: Chunks, *, full: bool) -> Generator[ScoredAt, None, None]:
        """Score the chunks. Raises SandboxError if the function answers no more, or wrongly."""
        assert self._ungraded is not None  # noqa: S101  (it is ready)
        dispatcher = Dispatcher(
            self._function,
            self._ungraded,
            Details.FULL if full else Details.SUMMARY,
            concurrency=self.chunks_at_once,
            patience=self._patience,
            totals=self._totals,
        )

        def take() -> tuple[int, tuple[Entry, ...]] | None:
            chunk = chunks.take()
            return None if chunk is None else (chunk.number, chunk.entries)

        yield from dispatcher.run(take)


def open_place(target: str, options: PlaceOptions) -> AwsLambda:
    """Return the place for the function of the name or ARN *target*. Raises SandboxError."""
    return AwsLambda(target, concurrency=options.concurrency or _CONCURRENCY)
