"""Compute what larger machines do, from what a sample costs on this one.

In: processor seconds per sample, and prices. Out: rates, times and costs. The model: processors are
as fast as here; what one process does, it does on one processor; nothing waits for anything else.
"""

from dataclasses import dataclass

WORKERS_EACH = 4
_VCPU_MB = 1769  # the memory at which a Lambda function has one vCPU, by AWS's documentation


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleCost:
    """The processor seconds of one sample: in the command, in a keeper, in zygotes and guests.

    `busy_command` is that of a command which never waits for its shards.
    """

    command: float
    busy_command: float
    keeper: float
    guest: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LambdaPrices:
    """US dollars: for a GB-second by architecture, and for a request.

    The defaults are those of https://aws.amazon.com/lambda/pricing/ for us-east-1, first tier,
    without the free tier, as public pages quoted them from 2024 to May 2026.
    """

    x86: float = 0.0000166667
    arm: float = 0.0000133334
    request: float = 0.0000002


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Samples per second of a machine, and what limits them."""

    rate: float
    limit: str


def machine(cost: SampleCost, processors: int) -> Machine:
    """Return what one command does on so many processors, with a keeper for each four."""
    keepers = max(1, processors // WORKERS_EACH)
    rates = {
        "processors": processors / (cost.busy_command + cost.keeper + cost.guest),
        "keepers": keepers / cost.keeper,
        "command": 1 / cost.busy_command,
    }
    limit = min(rates, key=lambda name: rates[name])
    return Machine(rate=rates[limit], limit=limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class LambdaSettings:
    """How functions are called.

    `overhead_seconds` of each invocation are billed beside the samples; `start_seconds` once for
    each environment. Processors are `speed` times as fast as here.
    """

    memory_mb: int = 2048
    batch: int = 64
    overhead_seconds: float = 0.02
    start_seconds: float = 2.0
    speed: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """Time and cost of functions for a number of samples.

    `handler_seconds` is the time of one sample in a function, `seconds` that of all samples in all
    functions if nothing keeps them waiting, `busy` how many functions one command can keep busy.
    """

    handler_seconds: float
    seconds: float
    gb_seconds: float
    requests: float
    busy: float

    def dollars(self, price: float, prices: LambdaPrices) -> float:
        """Return the cost at this *price* of a GB-second."""
        return self.gb_seconds * price + self.requests * prices.request


def fleet(cost: SampleCost, settings: LambdaSettings, *, samples: int, functions: int) -> Fleet:
    """Return what so many *functions* do with so many *samples*."""
    processors = settings.memory_mb / _VCPU_MB
    handler = (cost.keeper + cost.guest) / processors / settings.speed
    requests = samples / settings.batch
    each = handler + settings.overhead_seconds / settings.batch
    billed = samples * each + functions * settings.start_seconds
    return Fleet(
        handler_seconds=handler,
        seconds=billed / functions,
        gb_seconds=billed * settings.memory_mb / 1024,
        requests=requests,
        busy=each / cost.command,
    )
