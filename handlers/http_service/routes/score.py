"""`POST /score`: the samples of a trainer in, their rows out, as the reward function does it.

In: what the Lambda takes, or one sample a line (NDJSON). Out: a list of rows in the order of the
samples; or one row a line, as soon as it is known, each with the index of its sample.

An outage of ours is never a reward. Where the rubric's `on_outage` is `raise`, a list with such a
sample is no answer: 503 or 504, so that the caller sends the request again. In a stream, the line
of that sample has an error and no reward.
"""

import re
from collections.abc import AsyncIterator, Sequence

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from nova_code_verifier.handlers.http_service.errors import ErrorCode, ServiceError
from nova_code_verifier.handlers.http_service.grading import Grading, ScoredStream
from nova_code_verifier.handlers.http_service.json_body import (
    UnreadableBodyError,
    away_if_large,
    parse_json,
    write_json,
)
from nova_code_verifier.handlers.http_service.routes.score_schema import OPERATION
from nova_code_verifier.handlers.scored.sample import ScoredSample
from nova_code_verifier.handlers.wire import Details, Entry, read_event
from nova_code_verifier.verifier.rubric import OutagePolicy
from nova_code_verifier.verifier.types import FailureClass

_NDJSON = "application/x-ndjson"
_NDJSON_TYPES = frozenset({_NDJSON, "application/ndjson", "application/jsonl"})
_LINE = re.compile(rb"\S.*")  # a loop over millions of empty lines would take seconds
_LISTED_MAX = 20
_NAME_MAX = 100
_ROW_BYTES = 2000  # of a row without details, as JSON


def router(grading: Grading) -> APIRouter:
    """Return the route."""
    routes = APIRouter(tags=["score"])

    @routes.post("/score", summary="Score samples", openapi_extra=OPERATION)
    async def score(request: Request) -> Response:
        """Run the program in each sample against its tests, and return one row with its reward."""
        details = _details_of(request)
        body = await request.body()
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind in _NDJSON_TYPES:
            entries = await away_if_large(len(body), lambda: _read_lines(body, grading))
            stream = grading.stream(entries, full=details is Details.FULL)
            lines = _lines(stream, entries, details, grading.outage_policy)
            return StreamingResponse(lines, media_type=_NDJSON)
        entries, own = await away_if_large(len(body), lambda: _read_body(body, grading))
        details = details or own
        samples = await grading.score(entries, full=details is Details.FULL)
        if grading.outage_policy is OutagePolicy.RAISE:
            _require_no_outage(entries, samples)
        rows = [_row(sample, details) for sample in samples]
        answer = await away_if_large(len(rows) * _ROW_BYTES, lambda: write_json(rows))
        return Response(answer, media_type="application/json")

    return routes


def _details_of(request: Request) -> Details | None:
    """Return what the query asks for. Raises ServiceError."""
    for name in request.query_params.keys() - {"details"}:
        message = f"query.{name[:_NAME_MAX]}: unknown; this path takes `details` only"
        raise ServiceError(ErrorCode.INVALID, message)
    asked = request.query_params.get("details")
    try:
        return None if asked is None else Details(asked)
    except ValueError:
        expected = " or ".join(map(repr, map(str, Details)))
        raise ServiceError(ErrorCode.INVALID, f"query.details: expected {expected}") from None


def _read_body(body: bytes, grading: Grading) -> tuple[list[Entry], Details | None]:
    event = read_event(parse_json(body), name="body", check_count=grading.check_count)
    return list(event.entries), event.details


def _read_lines(body: bytes, grading: Grading) -> list[Entry]:
    entries: list[Entry] = []
    number, end = 1, 0
    for line in _LINE.finditer(body):
        grading.check_count(len(entries) + 1)
        number += body.count(b"\n", end, end := line.start())
        entries.append(_read_line(number, line[0]))
    return entries


def _read_line(number: int, line: bytes) -> Entry:
    try:
        [entry] = read_event([parse_json(line)]).entries
    except UnreadableBodyError as error:
        return Entry(id=None, problem=f"line {number}: {error}")
    return entry


async def _lines(
    stream: ScoredStream,
    entries: Sequence[Entry],
    details: Details | None,
    policy: OutagePolicy,
) -> AsyncIterator[bytes]:
    try:
        async for index, sample in stream:
            line: dict[str, object] = {"index": index}
            if sample.is_outage and policy is OutagePolicy.RAISE:
                line |= {"id": entries[index].id, "error": _error_of(sample)}
            else:
                line |= _row(sample, details)
            yield write_json(line) + b"\n"
    finally:
        stream.close()


def _row(sample: ScoredSample, details: Details | None) -> dict[str, object]:
    return sample.row | {"details": sample.details} if details else sample.row


def _error_of(sample: ScoredSample) -> dict[str, object]:
    is_late = sample.details["failure"] == FailureClass.TIME
    code = ErrorCode.DEADLINE if is_late else ErrorCode.OUTAGE
    return {"code": code.value, "message": sample.details["problem"]}


def _require_no_outage(entries: Sequence[Entry], samples: Sequence[ScoredSample]) -> None:
    """Raise ServiceError if a sample was not graded through our own fault."""
    lost = [index for index, sample in enumerate(samples) if sample.is_outage]
    if not lost:
        return
    problems = [
        {"index": index, "id": entries[index].id} | _error_of(samples[index])
        for index in lost[:_LISTED_MAX]
    ]
    are_late = all(samples[index].details["failure"] == FailureClass.TIME for index in lost)
    raise ServiceError(
        ErrorCode.DEADLINE if are_late else ErrorCode.OUTAGE,
        f"{len(lost)} of {len(samples)} samples could not be graded; send the request again: what "
        f"was graded is known by then. The first because: {samples[lost[0]].details['problem']}",
        retry_seconds=1,
        problems=problems,
    )
