"""Read and write JSON for a route: bounded, and away from the event loop if it is large.

In: the body of a request. Out: plain values; or an error that says what is wrong with it, and shows
nothing of it. In the other direction: plain values, and an answer.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import Response

_LARGE_BYTES = 2**18
# More at once would not be faster, but take more memory: see docs/serve.md, "Limits".
_THREADS = ThreadPoolExecutor(2, thread_name_prefix="json")
_T = TypeVar("_T")


class UnreadableBodyError(ValueError):
    """The body of a request is not JSON that we read."""


async def read_json(request: Request, read: Callable[[object], _T]) -> _T:
    """Return what *read* makes of the JSON in the body of *request*.

    Raises UnreadableBodyError, and what *read* raises.
    """
    body = await request.body()
    return await away_if_large(len(body), lambda: read(parse_json(body)))


async def away_if_large(size: int, work: Callable[[], _T]) -> _T:
    """Return the result of *work*; from another thread if it is about so many bytes.

    It returns no sooner than the thread, even if it is cancelled: the caller counts those bytes.
    """
    if size < _LARGE_BYTES:
        return work()
    running = asyncio.get_running_loop().run_in_executor(_THREADS, work)
    try:
        return await asyncio.shield(running)
    finally:
        await asyncio.wait({running})
        running.exception()  # nobody else may look at it


def parse_json(text: bytes) -> object:
    """Return the value that *text* holds, in UTF-8. Raises UnreadableBodyError."""
    try:
        return json.loads(text)
    except RecursionError:
        raise UnreadableBodyError("expected JSON, found values that are nested too deep") from None
    except UnicodeDecodeError:
        raise UnreadableBodyError("expected JSON in UTF-8, found bytes that are not") from None
    except json.JSONDecodeError as error:
        if not text.strip():
            raise UnreadableBodyError("expected JSON, found an empty body") from None
        where = f"line {error.lineno}, column {error.colno}"
        raise UnreadableBodyError(f"expected JSON; {where}: {error.msg}") from None
    except ValueError:  # Python reads no integers of thousands of digits
        raise UnreadableBodyError("expected JSON, found a number that is too long") from None


def json_answer(
    value: object, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Return the answer that holds *value* as JSON."""
    return Response(write_json(value), status, headers, media_type="application/json")


def write_json(value: object) -> bytes:
    """Return *value* as JSON, in one line of UTF-8."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8", "backslashreplace")
