"""Request and reply of `/run_code`: sandbox/server/sandbox_api.py of SandboxFusion @469de08."""

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, Field

RUN_SECONDS_MAX = 300.0
MEMORY_MB_MIN, MEMORY_MB_MAX = 16, 4096

Language = Literal[
    "python", "pytest",
    "python2", "cpp", "nodejs", "go", "go_test", "java", "php", "csharp", "bash", "typescript",
    "sql", "rust", "cuda", "lua", "R", "perl", "D_ut", "ruby", "scala", "julia", "junit",
    "kotlin_script", "jest", "verilog", "python_gpu", "lean", "swift", "racket", "gtest", "react",
]  # fmt: skip
"""SandboxFusion's languages. We run the first two."""


class RunCodeRequest(BaseModel):
    """A program to run, with the fields of SandboxFusion. Others are ignored, as there."""

    code: str = Field(description="The program.")
    language: Language = Field(description="`python`, or `pytest`; the others are refused.")
    stdin: str | None = Field(default=None, description="What the program reads.")
    run_timeout: float = Field(
        default=10,
        gt=0,
        allow_inf_nan=False,
        description=f"Wall time in seconds, without that in which the program waits for a "
        f"processor; {RUN_SECONDS_MAX:g} at most.",
    )
    compile_timeout: float = Field(
        default=10,
        ge=0,
        allow_inf_nan=False,
        description="Python is not compiled on its own: this only says how long the client waits.",
    )
    memory_limit_MB: int = Field(  # noqa: N815  (SandboxFusion's name)
        default=-1,
        description=f"Resident memory in MiB, {MEMORY_MB_MIN} to {MEMORY_MB_MAX}; 0 or less: that "
        "of the settings.",
    )
    files: dict[str, str | None] = Field(
        default={}, description="Files to make before, by their relative paths; contents in base64."
    )
    fetch_files: list[str] = Field(
        default=[], description="Relative paths of files to return, if the program exits by itself."
    )


class CommandRunStatus(StrEnum):
    """How a command ended."""

    FINISHED = "Finished"
    ERROR = "Error"
    TIME_LIMIT_EXCEEDED = "TimeLimitExceeded"


class CommandRunResult(BaseModel):
    """How the program ended, and what it wrote. The text is the program's: do not trust it."""

    status: CommandRunStatus
    execution_time: float | None = Field(default=None, description="Wall time in seconds.")
    cpu_time: float | None = Field(default=None, description="CPU time in seconds.")
    return_code: int | None = Field(
        default=None,
        description="The exit status, or minus the signal; null: out of time.",
    )
    stdout: str | None = None
    stderr: str | None = None


class RunStatus(StrEnum):
    """Whether the program succeeded. `SandboxError`: it was not run."""

    SUCCESS = "Success"
    FAILED = "Failed"
    SANDBOX_ERROR = "SandboxError"


class RunCodeResponse(BaseModel):
    """SandboxFusion's reply."""

    status: RunStatus
    message: str = Field(default="", description="Why it was not run, or what was changed.")
    compile_result: None = Field(default=None, description="Python has no such step.")
    run_result: CommandRunResult | None = None
    executor_pod_name: str | None = None
    files: dict[str, str] = {}
