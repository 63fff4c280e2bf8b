"""Notice a shard that hangs: it neither ends nor answers.

In: the processor time of the shard's own process, without its guests. Out: why it hangs.

A shard looks at its guests fifty times a second, so its processor time grows, whatever the limits
of samples are and however busy the machine is. One whose processor time stands still is stopped, or
its threads wait for each other. One that uses a lot of it and scores nothing is in a loop.
"""

from dataclasses import dataclass

from nova_code_verifier.sandbox.host.usage import cpu_seconds
from nova_code_verifier.sandbox.types import Limits

# The longest pause is that of the LLM judge: the service asks for 120 s, then does not answer.
_QUIET_SECONDS = 300.0
# Times what one sample may take: a shard uses a few hundredths of the time of its guests.
_BUSY_TIMES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a shard that works may use no processor time, and how much without an answer."""

    quiet_seconds: float
    busy_seconds: float


def patience_for(limits: Limits) -> Patience:
    """Return the patience with shards whose samples have these *limits*, or similar ones.

    However short these are: a shard also needs time to start, and to read long answers.
    """
    busy_seconds = _BUSY_TIMES * (limits.total_cpu_seconds + limits.total_wall_seconds)
    return Patience(quiet_seconds=_QUIET_SECONDS, busy_seconds=max(_QUIET_SECONDS, busy_seconds))


class ShardWatch:
    """Watches the shard *pid*. Times are those of a clock that stops while our process does."""

    def __init__(self, pid: int, patience: Patience, now: float) -> None:
        """Start to watch."""
        self._pid, self._patience = pid, patience
        self.restart(now)

    def restart(self, now: float) -> None:
        """Note that the shard has answered, or that it has nothing to do."""
        self._quiet_since = now
        self._last_seconds = self._answered_seconds = cpu_seconds(self._pid) or 0.0

    def problem(self, now: float) -> str:
        """Return why the shard hangs; "" if it works, or if it has ended."""
        seconds = cpu_seconds(self._pid)
        if seconds is None:
            return ""
        if seconds != self._last_seconds:
            self._last_seconds, self._quiet_since = seconds, now
        if now - self._quiet_since > self._patience.quiet_seconds:
            return f"it used no processor time for {self._patience.quiet_seconds:g} s"
        if seconds - self._answered_seconds > self._patience.busy_seconds:
            return f"it used {self._patience.busy_seconds:g} s of processor time without an answer"
        return ""
