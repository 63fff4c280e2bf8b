"""The settings of the service: those of the verifier, and what is about HTTP."""

import ipaddress
import os
from dataclasses import dataclass, field
from functools import lru_cache

from nova_code_verifier.handlers.settings import Settings
from nova_code_verifier.sandbox.host.memory import (
    RESERVED_BYTES,
    bytes_for_guests,
    fitting_workers,
)

_MIB = 2**20
BACKLOG = 2048
"""How many connections wait in each listening socket, for a process that is busy or restarted."""

REFUSED_STATUS = 3
"""The exit status of a process that can never serve. It has said why on standard error."""

PROCESSORS_PER_PROCESS = 4
"""One process watches the guests of about so many processors (docs/architecture.md)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSettings:
    """Options of `verifier serve`.

    - `verifier`: the settings of all entry points.
    - `token`: what a caller must send as `Authorization: Bearer …`; "" lets everybody in.
    - `is_loopback`: whether only this machine can connect.
    - `workers`: programs that run at once in each process; None is as `verifier.workers`.
    - `guests_bytes`: the memory for all guests of a process; None is all that there is.
    - `body_bytes_max`: the size of the body of one request.
    - `all_bytes_max`: the bodies of all requests of a process, from their first byte to the answer.
    - `queue_samples_max`: the samples that a process has accepted and not answered.
    - `seconds_max`: how long a request may take, and how long it does where it does not say.
    - `read_seconds_max`: how long a client may take to send its headers, and then to send its body
      (slower for a large one), and to read the next part of the answer.
    """

    verifier: Settings = field(default_factory=Settings)
    token: str = ""
    is_loopback: bool = True
    workers: int | None = None
    guests_bytes: float | None = None
    body_bytes_max: int = 32 * _MIB
    all_bytes_max: int = 256 * _MIB
    queue_samples_max: int = 8192
    seconds_max: float = 900.0
    read_seconds_max: float = 30.0

    @property
    def checks_host(self) -> bool:
        """Whether a browser could be made to ask in the name of its user: nothing else stops it."""
        return self.is_loopback and not self.token


@lru_cache(64)
def is_loopback(host: str) -> bool:
    """Return whether only this machine can connect to *host*, a name or an address."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def default_processes() -> int:
    """Return how many processes keep all usable processors busy."""
    return max(1, round(len(os.sched_getaffinity(0)) / PROCESSORS_PER_PROCESS))


def workers_per_process(processes: int, *, guest_bytes: int) -> int:
    """Return how many programs run at once in each of several processes.

    So many that every processor is busy while some guests wait for the process that watches them,
    or fewer, if guests of up to *guest_bytes* do not fit. Raises SandboxError if not one does.
    """
    processors = len(os.sched_getaffinity(0))
    return fitting_workers(
        None,
        default=-(-processors // processes) + (1 if processors > 1 else 0),
        guest_bytes=guest_bytes,
        guests_bytes=guests_bytes_per_process(processes),
    )


def guests_bytes_per_process(processes: int) -> float:
    """Return the memory for all guests of one of several processes."""
    return (bytes_for_guests() - (processes - 1) * RESERVED_BYTES) / processes
