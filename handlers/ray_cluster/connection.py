"""Connect this process to a Ray cluster, as quietly as that goes."""

import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from io import TextIOBase

import ray
from ray.util.client import ray as ray_client

from nova_code_verifier.sandbox.errors import SandboxError

_LISTENER_SECONDS = 10.0


_NO_CLIENT = (
    "Ray's client (ray://) does not carry this; start it on a machine of the cluster, with the "
    "address HOST:PORT of the head node, or as a job (ray job submit)"
)


def refuse_client() -> None:
    """Raise SandboxError if this process is no member of a cluster, but Ray's client."""
    if ray_client.is_connected():
        raise SandboxError(_NO_CLIENT)


@contextmanager
def connected(address: str) -> Iterator[None]:
    """Connect to the cluster at *address* for the length of a block.

    Without one: to the cluster that Ray finds (`RAY_ADDRESS`, or one that runs on this machine), or
    else to one that is started here, and ends with the block. A connection that this process has
    already is used, and stays. Raises SandboxError.
    """
    if ray.is_initialized():
        refuse_client()
        yield
        return
    with redirect_stdout(_Messages()):
        _connect(address)
        try:
            yield
        finally:
            ray.shutdown()


def _connect(address: str) -> None:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # of a cluster that is started here
    address = address or os.environ.get("RAY_ADDRESS", "")
    if address.startswith("ray://"):
        raise SandboxError(_NO_CLIENT)
    handler = signal.getsignal(signal.SIGTERM)
    quiet = {"log_to_driver": False, "logging_level": "ERROR"}
    try:
        _require_listener(address)
        try:
            ray.init(address=address or "auto", **quiet)
        except ConnectionError:
            if address:
                raise
            ray.init(address="local", include_dashboard=False, **quiet)
    except (ConnectionError, RuntimeError, ValueError, OSError, ImportError) as error:
        text = " ".join(str(error).split())
        where = address or "this machine"
        raise SandboxError(f"cannot use the Ray cluster at {where}: {text}") from error
    finally:
        if handler is not None:
            signal.signal(signal.SIGTERM, handler)  # Ray sets its own, which would skip ours


def _require_listener(address: str) -> None:
    """Raise OSError if nobody listens at HOST:PORT: Ray would try for a quarter of an hour."""
    host, _, port = address.rpartition(":")
    if host and "/" not in host and port.isdecimal():
        socket.create_connection((host.strip("[]"), int(port)), _LISTENER_SECONDS).close()


class _Messages(TextIOBase):
    """What Ray prints, such as the last words of a node: standard output is for rows."""

    def write(self, text: str) -> int:
        """Write to standard error."""
        return sys.stderr.write(text)

    def flush(self) -> None:
        """Flush standard error."""
        sys.stderr.flush()

    def fileno(self) -> int:
        """Return the descriptor of standard output, for rows."""
        return (sys.__stdout__ or sys.stderr).fileno()

    def isatty(self) -> bool:
        """Return whether standard output is a terminal."""
        return sys.__stdout__ is not None and sys.__stdout__.isatty()
