"""Turn scored samples into the results that open-instruct reads."""

import math
from collections.abc import Sequence

from pydantic import BaseModel, Field

from nova_code_verifier.handlers.http_service.errors import ErrorCode, ServiceError
from nova_code_verifier.handlers.http_service.routes.open_instruct.plan import Part, Plan, refusal
from nova_code_verifier.handlers.scored.sample import ScoredSample
from nova_code_verifier.verifier.types import Verdict


class ProgramResults(BaseModel):
    """The results of a program, in the order of the tests."""

    results: list[int] = Field(description="1: passed; 0: failed.")
    runtimes: list[float] = Field(
        description="CPU time in seconds; -1 for a test that failed. The time of an assert is not "
        "measured: 0."
    )
    notes: list[str] = Field(default=[], description="What was changed of the request.")


def results_of(plan: Plan, scored: Sequence[ScoredSample]) -> ProgramResults:
    """Return the result of each test. Raises ServiceError for an outage or broken tests."""
    runtimes = [
        runtime
        for part, sample in zip(plan.parts, scored, strict=True)
        for runtime in _runtimes_of(part, sample)
    ]
    return ProgramResults(
        results=[int(runtime is not None) for runtime in runtimes],
        runtimes=[-1.0 if runtime is None else runtime for runtime in runtimes],
        notes=list(plan.notes),
    )


def _runtimes_of(part: Part, scored: ScoredSample) -> list[float | None]:
    """Return how long each test of *part* ran; None for one that failed.

    If the part is a single test, all cases of its sample must have passed.
    """
    if scored.is_outage:
        raise ServiceError(ErrorCode.OUTAGE, str(scored.details["problem"]), retry_seconds=1)
    if scored.verdict is Verdict.UNGRADED:
        last = part.first + part.count - 1
        raise refusal(f"tests {part.first} to {last}: {scored.details['problem']}")
    cases = scored.details["cases"]
    if scored.verdict is Verdict.SECURITY_VIOLATION or not isinstance(cases, list) or not cases:
        return [None] * part.count
    runtimes = [
        float(case["cpu_seconds"]) if case["verdict"] == Verdict.ACCEPTED else None
        for case in cases
    ]
    if part.count == 1:
        return [None if None in runtimes else math.fsum(filter(None, runtimes))]
    if len(runtimes) != part.count:
        raise AssertionError(f"{len(runtimes)} cases for {part.count} tests")
    return runtimes
