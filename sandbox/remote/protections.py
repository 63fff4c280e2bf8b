"""What must stand between a candidate and its tests before tests travel to an executor function.

In: what the kernel granted to the executor there. Out: the protections that count, and the missing.
The name of an isolation level is not enough: level `kernel` exists without Landlock, too.

Separate users are not listed: the sandbox takes a user for each worker wherever the platform has
them. The two guests of a session share theirs, so processes must be hidden from their own user.
"""

from collections.abc import Collection, Mapping
from enum import StrEnum


class Protection(StrEnum):
    """A protection of tests from a candidate on the same machine, by its name in `granted`.

    All are needed.
    """

    SECCOMP = "seccomp"  # no tracing, no other process's memory, no sockets, no new processes
    LANDLOCK = "landlock"  # no files of others, `/proc` included
    HIDDEN_FROM_PEERS = "hidden_from_peers"  # no memory and no descriptors by way of `/proc`


def granted_protections(granted: Mapping[str, object]) -> frozenset[Protection]:
    """Return the protections in *granted*, which is `LocalExecutor.granted`."""
    return frozenset(protection for protection in Protection if granted.get(protection))


def missing_protections(found: Collection[Protection]) -> str:
    """Return the names of the protections that are not in *found*; "" if there are all."""
    return ", ".join(protection for protection in Protection if protection not in found)
