"""What the sandbox says when it is at fault.

A candidate's misdeeds are never exceptions: they are endings (see `sandbox.types`).
"""


class SandboxError(Exception):
    """The sandbox could not do its work. The candidate is not to blame."""


class IsolationRefusedError(SandboxError):
    """The kernel grants less than the configuration demands, so nothing was run."""
