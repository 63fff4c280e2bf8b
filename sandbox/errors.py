"""What the sandbox says when it is at fault.

A candidate's misdeeds are never exceptions: they are endings (see `sandbox.types`).
"""


class SandboxError(Exception):
    """The sandbox could not do its work. The candidate is not to blame."""


class IsolationRefusedError(SandboxError):
    """The kernel grants less than the configuration demands, so nothing was run."""


class InvocationError(SandboxError):
    """A call of the executor function that brought no reply. Its kinds say what to do."""


class ThrottledError(InvocationError):
    """Too many calls at a time, or a second, or too early: to be tried again, later."""


class UnreachableError(InvocationError):
    """The service, or the way to it, is out of order: to be tried again, a few times."""


class FunctionCrashedError(InvocationError):
    """The function failed within: its process ended, it raised, or what it said is no reply.

    A candidate may have done it, or the function may be broken: who calls has to find out.
    """


class FunctionOutOfTimeError(FunctionCrashedError):
    """The function was ended by its own timeout."""


class PayloadTooLargeError(InvocationError):
    """What was sent is larger than an invocation can carry."""
