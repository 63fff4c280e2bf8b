"""What is run for a request of SandboxFusion."""

import base64
from typing import Any

import pytest

from nova_code_verifier.handlers.http_service.routes.sandbox_fusion.messages import RunCodeRequest
from nova_code_verifier.handlers.http_service.routes.sandbox_fusion.plan import (
    Plan,
    RefusedError,
    plan_of,
)
from nova_code_verifier.sandbox.types import Limits, Run

DEFAULT = Limits(memory_bytes=300 * 2**20, output_bytes=1000)


def plan(**fields: Any) -> Plan:
    """Return the plan for a request with these fields."""
    return plan_of(RunCodeRequest(**{"code": "print(1)", "language": "python", **fields}), DEFAULT)


def test_a_program_is_run_unchanged() -> None:
    """Without files, nothing runs before it."""
    [question] = plan(stdin="é\n").job.questions

    assert question == Run(stdin="é\n".encode())
    assert plan().job.program == "print(1)"
    assert plan().job.prelude == ""


@pytest.mark.parametrize(
    ("fields", "seconds", "memory_mb", "notes"),
    [
        ({}, 10, 300, 0),
        ({"run_timeout": 3, "memory_limit_MB": 1024}, 3, 1024, 0),
        ({"memory_limit_MB": 0}, 10, 300, 0),
        ({"run_timeout": 9999, "memory_limit_MB": 10**30}, 300, 4096, 2),
        ({"memory_limit_MB": 1}, 10, 16, 1),
    ],
)
def test_limits_are_those_of_the_client_within_ours(
    fields: dict[str, Any], seconds: float, memory_mb: int, notes: int
) -> None:
    """What is outside of our range is replaced by its end, and the reply says so."""
    found = plan(**fields)

    limits = found.job.limits
    assert (limits.wall_seconds, limits.memory_bytes) == (seconds, memory_mb * 2**20)
    assert limits.output_bytes == DEFAULT.output_bytes
    assert len(found.notes) == notes


@pytest.mark.parametrize("language", ["cpp", "python2", "bash"])
def test_other_languages_are_refused_by_name(language: str) -> None:
    """The refusal names the language, and those that are run."""
    with pytest.raises(RefusedError, match=rf"language: found {language}, .*python, pytest"):
        plan(language=language)


@pytest.mark.parametrize("path", ["/etc/passwd", "../up", "a/../../up", "", ".", "a\0b"])
@pytest.mark.parametrize("field", ["files", "fetch_files"])
def test_paths_outside_of_the_directory_are_refused(path: str, field: str) -> None:
    """The refusal names the field."""
    with pytest.raises(RefusedError, match=f"^{field}: "):
        plan(**{field: {path: "aGk="} if field == "files" else [path]})


def test_contents_that_are_not_base64_are_refused() -> None:
    """The refusal names the file."""
    with pytest.raises(RefusedError, match=r"^files: the content of 'a\.txt'"):
        plan(files={"a.txt": "aGk"})


def test_a_file_without_content_is_not_made() -> None:
    """Null means absent, as in SandboxFusion; an empty text is an empty file."""
    assert plan(files={"a.txt": None}).job.prelude == ""
    assert "'a.txt': ''" in plan(files={"a.txt": ""}).job.prelude


def test_a_file_for_pytest_is_a_file() -> None:
    """Its text is made a file, and pytest is the program."""
    job = plan(language="pytest", code="def test(): pass").job

    assert "pytest.main" in job.program
    assert base64.b64encode(b"def test(): pass").decode() in job.prelude
