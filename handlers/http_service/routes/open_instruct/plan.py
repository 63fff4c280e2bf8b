"""Read what open-instruct's `CodeVerifier` sends (open_instruct/ground_truth_utils.py @e6c3044).

In: a program and its tests: asserts, or inputs and outputs. Out: samples, each of which stands for
many tests.

Tests are JSON: a list, or a text that holds one. open-instruct also packs them as a pickle. That is
refused, because to read a pickle is to run it.
"""

import ast
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from nova_code_verifier.handlers.http_service.errors import ErrorCode, ServiceError
from nova_code_verifier.handlers.http_service.routes.body import problem_of
from nova_code_verifier.handlers.wire import Entry
from nova_code_verifier.verifier.syntax import read_python
from nova_code_verifier.verifier.types import Sample

T = TypeVar("T")

EXECUTION_SECONDS_MAX = 60.0
TESTS_MAX = 10_000
_CASES_MAX = 500
"""How many tests go into one sample: its details list no more than 1000 cases."""
_BACKTICKS = re.compile("`+")


class StdioTest(BaseModel):
    """A test: what the program reads, and what it should print."""

    input: str
    output: str


_ASSERTS = TypeAdapter(list[str])
_STDIO_TESTS = TypeAdapter(list[StdioTest])


class ProgramRequest(BaseModel):
    """A program and its tests."""

    program: str = Field(description="Python. It is graded, also if it does not compile.")
    tests: list[object] | str = Field(description="The tests, as a list or as JSON in a text.")
    max_execution_time: float = Field(
        default=1.0,
        gt=0,
        allow_inf_nan=False,
        description=f"CPU time and wall time in seconds for each test, {EXECUTION_SECONDS_MAX:g} "
        "at most.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The tests of a sample: *count* of those of the request, from number *first* on."""

    tests: dict[str, object]
    first: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Samples for the tests of a request, and the part of the tests that each stands for.

    The client waits for *client_seconds*. *notes* say what was changed of the request.
    """

    parts: tuple[Part, ...]
    entries: tuple[Entry, ...]
    client_seconds: float
    notes: tuple[str, ...]


def plan_asserts(request: ProgramRequest) -> Plan:
    """Return the samples for tests that are code. Raises ServiceError."""
    return _plan(request, _parts_of_asserts(_read_tests(_ASSERTS, request.tests)))


def plan_stdio(request: ProgramRequest) -> Plan:
    """Return the samples for tests of stdin and stdout. Raises ServiceError."""
    return _plan(request, _parts_of_stdio(_read_tests(_STDIO_TESTS, request.tests)))


def _read_tests(form: TypeAdapter[list[T]], tests: list[object] | str) -> list[T]:
    """Return the tests of a request. Raises ServiceError."""
    try:
        found = form.validate_python(json.loads(tests) if isinstance(tests, str) else tests)
    except ValidationError as error:
        raise refusal(problem_of(error, "tests")) from None
    except (ValueError, RecursionError):
        raise refusal(
            "tests: found a text that is not JSON, expected a list or JSON of one; tests that "
            "open-instruct packed as a pickle are not read, send them as JSON"
        ) from None
    if not 0 < len(found) <= TESTS_MAX:
        raise refusal(f"tests: found {len(found)}, expected 1 to {TESTS_MAX}")
    return found


def refusal(problem: str) -> ServiceError:
    """Return the error for a request whose tests cannot be used."""
    return ServiceError(ErrorCode.INVALID, problem)


def _parts_of_asserts(tests: Sequence[str]) -> list[Part]:
    """Return the parts of tests that are code: one for each test; of asserts, for many.

    An assert is one case of a sample; other code may be several cases, and all of them must pass.
    """
    size = _CASES_MAX if all(map(_is_one_assert, tests)) else 1
    return [
        Part(
            tests={"kind": "code", "style": "script", "code": "\n".join(part)},
            first=first,
            count=len(part),
        )
        for first, part in _divided(tests, size)
    ]


def _is_one_assert(test: str) -> bool:
    tree = read_python(test)
    return tree is not None and [type(node) for node in tree.body] == [ast.Assert]


def _parts_of_stdio(tests: Sequence[StdioTest]) -> list[Part]:
    """Return the parts of tests of stdin and stdout."""
    return [
        Part(
            tests={
                "kind": "stdio",
                "cases": [{"stdin": test.input, "stdout": test.output} for test in part],
            },
            first=first,
            count=len(part),
        )
        for first, part in _divided(tests, _CASES_MAX)
    ]


def _divided(tests: Sequence[T], size: int) -> Iterator[tuple[int, Sequence[T]]]:
    for first in range(0, len(tests), size):
        yield first, tests[first : first + size]


def _plan(request: ProgramRequest, parts: Sequence[Part]) -> Plan:
    wanted = request.max_execution_time
    seconds = min(wanted, EXECUTION_SECONDS_MAX)
    notes = (f"max_execution_time: found {wanted:g} s, used {seconds:g} s",)
    client_seconds = max(30.0, min(300.0, 10 * wanted))
    limits = {
        "cpu_seconds": seconds,
        "wall_seconds": seconds,
        # A slow program fails before its client stops waiting.
        "total_cpu_seconds": client_seconds / 2,
        "total_wall_seconds": client_seconds / 2,
    }
    completion = fenced(request.program)
    samples = (
        Sample(completion=completion, reference={"tests": part.tests, "limits": limits})
        for part in parts
    )
    return Plan(
        parts=tuple(parts),
        entries=tuple(Entry(id=None, sample=sample) for sample in samples),
        client_seconds=client_seconds,
        notes=notes if seconds < wanted else (),
    )


def fenced(program: str) -> str:
    """Return a completion that is *program* and nothing else."""
    longest = max(map(len, _BACKTICKS.findall(program)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}python\n{program}\n{fence}"
