"""The requests: completions of the other benchmarks, and hostile ones of a client that floods.

In: the library, on an executor. Out: templates of bodies, each with the reward that the library
pays for it. Every request gets an id and a comment of its own, so that no cache can answer it.
"""

import json
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.load.samples import workload_samples
from benchmarks.serve.callers import ID, MARK, Template
from benchmarks.serve.server import cpu_seconds_of
from benchmarks.workloads import fenced
from nova_code_verifier import LocalExecutor, Sample
from nova_code_verifier.handlers.service import Service
from nova_code_verifier.handlers.settings import Settings
from nova_code_verifier.handlers.wire import read_event

# They need whole seconds each, so that few of them would decide about the mean.
_LEFT_OUT = ("BigCodeBench",)
# What one hostile completion may take: it runs into one of these.
_LIMITS = {"cpu_seconds": 1.0, "wall_seconds": 2.0, "memory_mb": 128}
_HOSTILE = (
    "while True:\n    print('x' * 2**16)",
    "import time\ntime.sleep(3600)",
    """\
import os
while True:
    try:
        os.fork()
    except OSError:
        pass
""",
    "kept = []\nwhile True:\n    kept.append(bytearray(2**24))",
    "while True:\n    pass",
    "n = 0\nwhile True:\n    open(str(n), 'w').write('x' * 2**16)\n    n += 1",
)


def honest_bodies() -> list[tuple[str, str]]:
    """Return kinds and templates of bodies, in a mixed order."""
    kinds: dict[str, list[str]] = defaultdict(list)
    for name, sample in workload_samples():
        if not name.startswith(_LEFT_OUT):
            kinds[name.rpartition(" #")[0]].append(_body(sample))
    turns = zip(*kinds.values(), strict=False)  # one of each kind, in turn
    return [(kind, body) for turn in turns for kind, body in zip(kinds, turn, strict=True)]


def hostile_bodies() -> list[tuple[str, str]]:
    """Return templates of bodies whose completions use all that they can, as one kind."""
    reference = {"inputs": ["1\n"], "outputs": ["1\n"], "limits": _LIMITS}
    return [
        ("hostile", _body(Sample(completion=fenced(program), reference=reference)))
        for program in _HOSTILE
    ]


def _body(sample: Sample) -> str:
    completion = (sample.completion or "").replace("```python\n", f"```python\n# {MARK}\n", 1)
    row = {
        "id": ID,
        "messages": [{"role": "assistant", "content": completion}],
        "reference_answer": sample.reference,
    }
    return json.dumps([row])


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Completions in a second, and in a second of processor time."""

    rate: float
    rate_by_cpu: float


class Library:
    """The library on this machine: what it pays, and how fast it is."""

    def __init__(self, executor: LocalExecutor) -> None:
        """Score on *executor*, as `verifier score` does."""
        self._executor = executor
        self._service = Service(executor, Settings())
        self._number = 0

    def with_rewards(self, bodies: Sequence[tuple[str, str]]) -> list[Template]:
        """Return kinds and bodies with rewards. Raises RuntimeError for a body that has none."""
        rewards = self._rewards([body for _, body in bodies])
        found = []
        for (kind, body), reward in zip(bodies, rewards, strict=True):
            if reward is None:
                raise RuntimeError(f"a sample of {kind} is ungraded: {body[:300]}")
            found.append(Template(kind=kind, body=body, reward=reward))
        return found

    def pace(self, bodies: Sequence[str], count: int) -> Pace:
        """Score *count* samples in one batch."""
        batch = [bodies[index % len(bodies)] for index in range(count)]
        started, cpu_before = time.monotonic(), self._cpu_seconds()
        self._rewards(batch)
        return Pace(
            rate=count / (time.monotonic() - started),
            rate_by_cpu=count / (self._cpu_seconds() - cpu_before),
        )

    def _cpu_seconds(self) -> float:
        """Return the processor time so far, that of guests included: zygotes reap them."""
        return time.process_time() + sum(map(cpu_seconds_of, self._executor.zygote_pids))

    def _rewards(self, bodies: Sequence[str]) -> list[float | None]:
        events = [json.loads(text) for text in self._marked(bodies)]
        entries = [entry for event in events for entry in read_event(event).entries]
        rewards: list[float | None] = [None] * len(entries)
        for outcome in self._service.score(entries):
            reward = outcome.row["aggregate_reward_score"]
            assert reward is None or isinstance(reward, float | int)
            rewards[outcome.index] = None if outcome.score.is_outage else reward
        return rewards

    def _marked(self, bodies: Sequence[str]) -> Iterator[str]:
        for body in bodies:
            self._number += 1
            yield body.replace(ID, f"{self._number}").replace(MARK, f"library-{self._number}")
