"""The executor function on a kernel without Landlock: a handler for the emulator."""

from tests.other_kernels import hide_landlock

hide_landlock()  # before the sandbox starts

from nova_code_verifier.handlers.executor import lambda_handler  # noqa: E402

__all__ = ["lambda_handler"]
