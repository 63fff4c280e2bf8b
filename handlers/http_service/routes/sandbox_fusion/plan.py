"""Decide what to run for a request of SandboxFusion.

In: the request, and the limits of the settings. Out: a job, and notes on what was changed of the
request. What we cannot do is refused, and the text names the field.

The sandbox knows no files but those that a guest makes itself. So a few lines of Python make the
files before the program starts, and write those that are to be fetched to its stderr when it exits.
"""

import base64
import binascii
import secrets
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

from nova_code_verifier.handlers.http_service.routes.sandbox_fusion.messages import (
    MEMORY_MB_MAX,
    MEMORY_MB_MIN,
    RUN_SECONDS_MAX,
    RunCodeRequest,
)
from nova_code_verifier.sandbox.types import Job, Limits, Run

OUTPUT_BYTES_MAX = 4 * 2**20
"""The most that a program may write to stdout; SandboxFusion cuts off what is beyond 1 MiB."""
MEBIBYTE = 2**20
_LANGUAGES = ("python", "pytest")
_NO_LIMIT_SECONDS = 1e9
_SHOWN_CHARACTERS = 100

_TEST_FILE = "test_program.py"
_PYTEST = f"""\
import os, sys
os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
import pytest
sys.exit(pytest.main(["-p", "no:cacheprovider", {_TEST_FILE!r}]))
"""

# Runs in the guest before the program, in its namespace. What it writes is as little to be trusted
# as what the program writes.
_FILES = """\
def __files__(files, fetched, mark):
    import atexit, base64, json, os
    for name, content in files.items():
        os.makedirs(os.path.dirname(name) or ".", exist_ok=True)
        with open(name, "wb") as file:
            file.write(base64.b64decode(content))
    if fetched:
        paths = {name: os.path.abspath(name) for name in fetched}
        stderr = os.dup(2)
        def send():
            found = {}
            for name, path in paths.items():
                if os.path.isfile(path):
                    with open(path, "rb") as file:
                        found[name] = base64.b64encode(file.read()).decode()
            left = (mark + json.dumps(found)).encode()
            while left:
                left = left[os.write(stderr, left):]
        atexit.register(send)
"""


class RefusedError(Exception):
    """A request that cannot be run. The text names the field."""


class Plan(NamedTuple):
    """What to run for a request, what was changed of it, and what marks the files in its stderr."""

    job: Job
    notes: tuple[str, ...]
    mark: str


def plan_of(request: RunCodeRequest, default: Limits) -> Plan:
    """Return what to run for *request*. Raises RefusedError.

    The memory is that of *default* if the client names none.
    """
    if request.language not in _LANGUAGES:
        raise RefusedError(
            f"language: found {request.language}, expected one of {', '.join(_LANGUAGES)}; "
            "this server runs Python only"
        )
    program = request.code
    files = {
        _path("files", name): _base64("files", name, content)
        for name, content in request.files.items()
        if content is not None
    }
    fetched = [_path("fetch_files", name) for name in request.fetch_files]
    if request.language == "pytest":
        files[_TEST_FILE] = base64.b64encode(program.encode("utf-8", "replace")).decode()
        program = _PYTEST
    notes: list[str] = []
    mark = f"\n{secrets.token_hex(16)} "
    job = Job(
        program=program,
        questions=(Run(stdin=(request.stdin or "").encode("utf-8", "replace")),),
        limits=_limits(request, default, notes),
        prelude=_prelude(files, fetched, mark),
    )
    return Plan(job, tuple(notes), mark)


def _prelude(files: Mapping[str, str], fetched: Sequence[str], mark: str) -> str:
    if not files and not fetched:
        return ""
    return f"{_FILES}__files__({files!r}, {fetched!r}, {mark!r})\ndel __files__\n"


def _path(field: str, name: str) -> str:
    """Return the path of a file in the work directory. Raises RefusedError for one outside."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts or "\0" in name:
        raise RefusedError(f"{field}: expected relative paths without `..`, found another")
    return name


def _base64(field: str, name: str, content: str) -> str:
    """Return *content*. Raises RefusedError if it is not base64."""
    try:
        base64.b64decode(content)
    except (binascii.Error, ValueError):
        shown = ascii(name)[:_SHOWN_CHARACTERS]
        raise RefusedError(f"{field}: the content of {shown} is not base64") from None
    return content


def _limits(request: RunCodeRequest, default: Limits, notes: list[str]) -> Limits:
    seconds = request.run_timeout
    if seconds > RUN_SECONDS_MAX:
        notes.append(f"run_timeout: found {seconds:g} s, used {RUN_SECONDS_MAX:g} s")
        seconds = RUN_SECONDS_MAX
    memory_bytes = default.memory_bytes
    if request.memory_limit_MB > 0:
        memory_mb = min(max(request.memory_limit_MB, MEMORY_MB_MIN), MEMORY_MB_MAX)
        if memory_mb != request.memory_limit_MB:
            notes.append(f"memory_limit_MB: used {memory_mb}, the nearest that is allowed")
        memory_bytes = memory_mb * MEBIBYTE
    return Limits(
        # Running out of wall time is never tried again, so that a client need not wait twice.
        wall_seconds=seconds,
        cpu_seconds=2 * seconds,
        total_cpu_seconds=_NO_LIMIT_SECONDS,
        total_wall_seconds=_NO_LIMIT_SECONDS,
        memory_bytes=memory_bytes,
        output_bytes=min(default.output_bytes, OUTPUT_BYTES_MAX),
    )
