"""Write SandboxFusion's reply for an execution.

Everything that a guest wrote may be hostile: it is bounded, and stays a text.
"""

import json
import signal
from collections.abc import Sequence

from nova_code_verifier.handlers.http_service.routes.sandbox_fusion.messages import (
    CommandRunResult,
    CommandRunStatus,
    RunCodeRequest,
    RunCodeResponse,
    RunStatus,
)
from nova_code_verifier.handlers.http_service.routes.sandbox_fusion.plan import (
    MEBIBYTE,
    OUTPUT_BYTES_MAX,
    Plan,
)
from nova_code_verifier.sandbox.types import Ending, Execution, Limits

STDERR_CHARACTERS = 100_000
_SIGNALS = {Ending.TOO_MUCH_OUTPUT: signal.SIGXFSZ, Ending.FORBIDDEN: signal.SIGSYS}


def reply_to(request: RunCodeRequest, plan: Plan, execution: Execution) -> RunCodeResponse:
    """Return the reply for an execution of the plan's job."""
    stderr = execution.stderr.decode("utf-8", "replace")
    stderr, _, found = stderr.rpartition(plan.mark) if plan.mark in stderr else (stderr, "", "")
    return_code = _return_code(execution)
    is_late = execution.ending is Ending.OUT_OF_TIME
    result = CommandRunResult(
        status=CommandRunStatus.TIME_LIMIT_EXCEEDED if is_late else CommandRunStatus.FINISHED,
        execution_time=execution.wall_seconds,
        cpu_time=execution.cpu_seconds,
        return_code=return_code,
        stdout=execution.stdout[:OUTPUT_BYTES_MAX].decode("utf-8", "replace"),
        stderr=_end_of(stderr) + _remark(execution, plan.job.limits),
    )
    return RunCodeResponse(
        status=RunStatus.SUCCESS if return_code == 0 else RunStatus.FAILED,
        message="; ".join(plan.notes),
        run_result=result,
        files=_fetched(found, request.fetch_files),
    )


def _return_code(execution: Execution) -> int | None:
    """Return the exit status; for a program that was killed, the negative number of the signal."""
    match execution.ending:
        case Ending.FINISHED if execution.exit_status is not None:
            return execution.exit_status
        case Ending.OUT_OF_TIME:
            return None
        case Ending.NOT_COMPILED:
            return 1
    return -(execution.signal or _SIGNALS.get(execution.ending, signal.SIGKILL))


def _remark(execution: Execution, limits: Limits) -> str:
    """Return what a user of the program needs to know, and the program did not write itself."""
    match execution.ending:
        case Ending.NOT_COMPILED if execution.error:
            return f"{execution.error.type_name}: {_end_of(execution.error.message)}\n"
        case Ending.OUT_OF_MEMORY:
            return f"sandbox: killed: more memory than {limits.memory_bytes // MEBIBYTE} MB\n"
        case Ending.TOO_MUCH_OUTPUT:
            return f"sandbox: killed: more output than {limits.output_bytes} bytes\n"
        case Ending.FORBIDDEN:
            return f"sandbox: killed: {_end_of(execution.detail)} is forbidden\n"
    return ""


def _end_of(text: str) -> str:
    """Return the end of a text, where a traceback names its error."""
    return text if len(text) <= STDERR_CHARACTERS else f"…{text[-STDERR_CHARACTERS:]}"


def _fetched(text: str, names: Sequence[str]) -> dict[str, str]:
    """Read the files that the guest sent. It may have sent anything."""
    try:
        found = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {
        name: found[name]
        for name in names
        if isinstance(found.get(name), str) and found[name].isascii()
    }
