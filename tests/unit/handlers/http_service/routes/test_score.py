"""Lines of samples."""

import pytest

from nova_code_verifier.handlers.http_service.grading import Grading
from nova_code_verifier.handlers.http_service.logs import Log
from nova_code_verifier.handlers.http_service.routes.score import _read_lines
from nova_code_verifier.handlers.http_service.settings import ServiceSettings


@pytest.mark.parametrize(
    ("body", "numbers"),
    [
        (b"", []),
        (b"\n" * 10_000, []),
        (b"{\n{", [1, 2]),
        (b"\n \n\r\n  {  \r\n\n\n{\r{\n", [4, 7]),
        (b"\xff", [1]),
    ],
)
def test_lines_are_counted_with_those_that_are_empty(body: bytes, numbers: list[int]) -> None:
    """The problem of a line names its number; empty lines are no samples."""
    entries = _read_lines(body, Grading(ServiceSettings(), Log()))
    problems = [entry.problem or "" for entry in entries]

    assert [problem.partition(":")[0] for problem in problems] == [f"line {n}" for n in numbers]
