"""The errors of the sandbox: it is at fault, not the candidate.

What a candidate does wrong never raises. It is an `Ending` (`sandbox/types.py`).
"""

import errno

SHORTAGES = frozenset(
    {errno.EAGAIN, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOSPC}
)
"""Errors of a machine that has too little of something now. They do not say what it permits."""


class SandboxError(Exception):
    """The sandbox could not do its work. The candidate is not to blame."""


class IsolationRefusedError(SandboxError):
    """The kernel grants less than the configuration demands. No program was run."""


class SessionsRefusedError(SandboxError):
    """The executor must not get tests. The message says why, and what to do."""


class InvocationError(SandboxError):
    """A call of the executor function returned no response. The subclasses say what to do."""


class ThrottledError(InvocationError):
    """Too many calls at a time, or per second, or the function is not ready: retry later."""


class UnreachableError(InvocationError):
    """The service, or the network to it, is out of order: retry a few times."""


class DeadlineError(UnreachableError):
    """The deadline came first; the message adds the last problem before it, if there was one."""


class FunctionCrashedError(InvocationError):
    """The function failed: its process ended, it raised, or it returned no valid response.

    A candidate may have caused it, or the function may be broken: the caller has to find out.
    """


class FunctionOutOfTimeError(FunctionCrashedError):
    """The function's own time-out ended it."""


class AnswerTooLargeError(FunctionCrashedError):
    """The function's answer is larger than an invocation can carry."""


class PayloadTooLargeError(InvocationError):
    """The request is larger than an invocation can carry."""


class PayloadRefusedError(InvocationError):
    """The service refuses the content of the request."""
