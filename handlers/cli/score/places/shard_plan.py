"""How many processes share the work on this machine, and what each gets of it."""

from dataclasses import dataclass
from math import ceil

from nova_code_verifier.handlers.settings import Settings
from nova_code_verifier.sandbox.host.local import default_worker_count
from nova_code_verifier.sandbox.host.memory import (
    RESERVED_BYTES,
    bytes_for_guests,
    fitting_workers,
)

WORKERS_EACH = 4
"""How many workers one process serves: it uses about a quarter of the time of its guests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardPlan:
    """How many workers each shard has, and the memory for the guests of all of them."""

    workers: tuple[int, ...]
    guests_bytes: float

    def bytes_for(self, workers: int) -> float:
        """Return the memory for the guests of a shard with so many workers."""
        return self.guests_bytes * workers / sum(self.workers)


def plan_shards(settings: Settings, workers: int | None) -> ShardPlan | None:
    """Return a plan for more workers than one process serves; None if one process serves them.

    *workers* overrides the setting. By default there are shards where the machine has more
    processors than one process serves. Raises SandboxError if the memory is too small.
    """
    workers = workers or settings.workers
    count = ceil((workers or default_worker_count() - 1) / WORKERS_EACH)
    if count <= 1 or settings.executor_function:  # another machine runs the programs
        return None
    guests_bytes = bytes_for_guests() - (count - 1) * RESERVED_BYTES
    fitting = fitting_workers(
        workers,
        default=default_worker_count(),
        guest_bytes=settings.limits.memory_bytes,
        guests_bytes=guests_bytes,
    )
    count = min(count, ceil(fitting / WORKERS_EACH))
    if count == 1:
        return None
    shares = (fitting // count + (number < fitting % count) for number in range(count))
    return ShardPlan(workers=tuple(shares), guests_bytes=guests_bytes)
