"""Several processes that score: real ones, which are killed."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nova_code_verifier.handlers.cli.score.file import score_file
from nova_code_verifier.handlers.cli.score.places import shard_process
from nova_code_verifier.handlers.cli.score.places.place import Chunk
from nova_code_verifier.handlers.cli.score.places.shard_plan import ShardPlan
from nova_code_verifier.handlers.cli.score.places.shard_watch import Patience
from nova_code_verifier.handlers.cli.score.places.shards import Shards
from nova_code_verifier.handlers.cli.score.summary import Summary
from nova_code_verifier.handlers.scored.sample import ScoredSample
from nova_code_verifier.handlers.settings import Settings, SettingsError
from nova_code_verifier.handlers.wire import Entry
from nova_code_verifier.sandbox.errors import SandboxError
from nova_code_verifier.verifier.rubric import Rubric
from nova_code_verifier.verifier.types import Sample, Verdict
from tests.paths import REPOSITORY
from tests.processes import descendants, wait_until
from tests.unit.handlers.cli.command_line import (
    COMMAND,
    ENVIRONMENT,
    no_completions,
    rows_of,
    sample,
    verifier,
)


def shards(count: int, *, guests_bytes: float = 2**40, patience: Patience | None = None) -> Shards:
    """Return shards with one worker each, and small chunks."""
    plan = ShardPlan(workers=(1,) * count, guests_bytes=guests_bytes)
    place = Shards(Settings(), plan, patience=patience)
    place.chunk_samples = 4
    return place


class ListedChunks:
    """Chunks of four entries."""

    def __init__(self, entries: list[Entry]) -> None:
        """Divide *entries*."""
        parts = [tuple(entries[i : i + 4]) for i in range(0, len(entries), 4)]
        self._chunks = iter([Chunk(number=n, entries=part) for n, part in enumerate(parts)])

    def take(self) -> Chunk | None:
        """Return the next chunk."""
        return next(self._chunks, None)


def entries(count: int) -> list[Entry]:
    """Return different samples: every second one is right."""
    reference = {"inputs": ["4"], "outputs": ["8"]}
    programs = [f"print({8 - number % 2})  # {number}" for number in range(count)]
    return [
        Entry(id=number, sample=Sample(completion=program, reference=reference))
        for number, program in enumerate(programs)
    ]


def by_id(scored: Iterator[tuple[int, int, ScoredSample]]) -> dict[object, ScoredSample]:
    """Collect samples; none may come twice, or at the place of another."""
    found: dict[object, ScoredSample] = {}
    for number, index, each in scored:
        assert each.row["id"] not in found
        assert each.row["id"] == 4 * number + index
        found[each.row["id"]] = each
    return found


def nested(levels: int) -> list[Any]:
    """Return a list in lists."""
    return [] if levels == 0 else [nested(levels - 1)]


def lines() -> list[str]:
    """Return samples of all kinds, some of which are broken."""
    found = []
    for number in range(6):
        asserts = {"test_list": [f"assert f({number}) == {2 * number}", "assert f(1) == 2"]}
        calls = {"inputs": "[[1], [2]]", "outputs": "[2, 4]", "fn_name": "f"}
        found += [
            sample(f"print({number} + int(input()))", sample_id=f"stdio-{number}"),
            sample(f"def f(x):\n    return x + {number}", sample_id=number, reference=asserts),
            sample(f"def f(x): return 2 * x  # {number}", sample_id=[number], reference=calls),
        ]
    found += [
        sample("while True: pass", reference={"inputs": [""], "outputs": ["1"], "time_limit": 0.2}),
        sample("print('\ud800')", sample_id="\ud800"),
        "{broken",
        no_completions(1).strip(),
        sample("x", sample_id="no tests", reference=None),
        sample(reference={"inputs": ["4"], "outputs": ["8"], "other": nested(600)}),
        sample("positive", sample_id="sentiment", reference={"label": "positive"}),
        *(sample(sample_id=f"equal-{number}") for number in range(4)),
    ]
    return found


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """Return a file of samples, and the rows that one process writes for it."""
    source = tmp_path_factory.mktemp("shards") / "samples.jsonl"
    source.write_text("\n".join(lines()))
    done = verifier("score", source, "--details", "--workers", "1")
    rows = done.stdout.splitlines(keepends=True)
    assert len(rows) == len(lines())
    return source, rows


def scored_by(place: Shards, source: Path, out: Path, *, is_resumed: bool = False) -> Summary:
    """Score a file with shards."""
    with place:
        return score_file(
            str(source),
            place,
            out=str(out),
            with_details=True,
            as_table=False,
            quiet=True,
            is_resumed=is_resumed,
        )


def test_rows_are_those_of_one_process(expected: tuple[Path, list[str]], tmp_path: Path) -> None:
    """With two shards, all but what is measured is equal, and in order."""
    source, rows = expected
    out = tmp_path / "rows.jsonl"

    scored_by(shards(2), source, out)

    assert without_times(rows_of(out.read_text())) == without_times(rows_of("".join(rows)))


def test_an_interrupted_run_goes_on_with_shards(
    expected: tuple[Path, list[str]], tmp_path: Path
) -> None:
    """With four shards, rows are kept, a lost one is replaced, and the rest is the same."""
    source, rows = expected
    out = tmp_path / "rows.jsonl"
    ungraded = '{"name": "ungraded", "value": %s, "type": "Metric"}'
    lost = rows[3].replace(ungraded % "0.0", ungraded % "1.0")
    assert lost != rows[3]
    out.write_text("".join([*rows[:3], lost, *rows[4:9], rows[9][:50]]))

    summary = scored_by(shards(4), source, out, is_resumed=True)

    assert without_times(rows_of(out.read_text())) == without_times(rows_of("".join(rows)))
    assert out.read_text().splitlines(keepends=True)[:3] == rows[:3]
    assert (summary.kept_count, summary.count) == (8, len(rows) - 8)


def without_times(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out what is measured."""
    for row in rows:
        row["metrics_list"] = [m for m in row["metrics_list"] if m["name"] != "duration_ms"]
        for case in row["details"].get("cases", []):
            for name in ("cpu_seconds", "wall_seconds", "memory_mb"):
                del case[name]
    return rows


def test_shards_that_are_killed_or_stopped_are_replaced() -> None:
    """No sample is lost or scored twice, and the summary counts the losses."""
    patience = Patience(quiet_seconds=3.0, busy_seconds=1000.0)
    with shards(2, patience=patience) as place:
        place.wait_ready()
        scored = place.score(ListedChunks(entries(40)), full=False)
        first = next(scored)
        killed, stopped = place.pids
        os.kill(killed, signal.SIGKILL)
        os.kill(stopped, signal.SIGSTOP)

        samples = by_id(iter([first, *scored]))
        assert not {killed, stopped} & set(place.pids)

    assert [samples[number].verdict for number in range(40)] == [
        Verdict.ACCEPTED,
        Verdict.WRONG_ANSWER,
    ] * 20
    assert place.facts == [("processes", "2", "and 2 that were lost and replaced")]


_KILLED_BY = """
from nova_code_verifier.handlers.cli.score.places import this_process
import os, signal
class Killed(this_process.ThisProcess):
    def score(self, chunks, *, full):
        class Watched:
            def take(self):
                chunk = chunks.take()
                if chunk and any(entry.id == 5 for entry in chunk.entries):
                    os.kill(os.getpid(), signal.SIGKILL)
                return chunk
        return super().score(Watched(), full=full)
this_process.ThisProcess = Killed
"""


def test_a_sample_that_ends_its_shard_costs_no_other_sample(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """After two attempts, each sample of its chunk is scored alone; only that one is an outage."""
    injected = shard_process._SHARD.replace("from nova", f"exec({_KILLED_BY!r}); from nova", 1)
    monkeypatch.setattr(shard_process, "_SHARD", injected)
    with shards(2) as place:
        place.wait_ready()
        samples = by_id(place.score(ListedChunks(entries(12)), full=False))

    lost = samples.pop(5)
    assert lost.is_outage
    assert lost.details["problem"] == "the process that scored it ended (SIGKILL)"
    assert len(samples) == 11
    assert not any(each.is_outage for each in samples.values())


def test_shards_that_cannot_start_say_why() -> None:
    """The reason is that of the executor."""
    with shards(2, guests_bytes=1.0) as place, pytest.raises(SandboxError, match="workers: 1 with"):
        place.wait_ready()


def test_settings_that_cannot_be_used_are_told_from_a_sandbox_that_fails() -> None:
    """A rubric that pays for similarity needs a judge: that is a wrong argument, as elsewhere."""
    rubric = Rubric(correctness=0.5, similarity=0.3)
    plan = ShardPlan(workers=(1, 1), guests_bytes=2**40)

    with (
        Shards(Settings(rubric=rubric), plan) as place,
        pytest.raises(SettingsError, match="JUDGE"),
    ):
        place.wait_ready()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nothing_is_left_behind(tmp_path: Path, number: signal.Signals) -> None:
    """However the command is ended: shards, zygotes and guests end, and their directories go."""
    source = tmp_path / "samples.jsonl"
    busy = [sample(f"while True: pass  # {i}", sample_id=i) for i in range(300)]
    source.write_text("\n".join([sample(), *busy]))
    temporary, out = tmp_path / "tmp", tmp_path / "rows.jsonl"
    temporary.mkdir()
    process = subprocess.Popen(
        [*COMMAND, "score", source, "--out", out, "--workers", "5", "--quiet"],
        cwd=REPOSITORY,
        env=ENVIRONMENT | {"TMPDIR": str(temporary)},
        stderr=subprocess.PIPE,
    )
    wait_until(lambda: process.poll() is not None or (out.exists() and out.read_text()))
    # Two shards, which start one after the other, with a zygote each, and five guests.
    wait_until(lambda: process.poll() is not None or len(descendants(process.pid)) >= 2 * 2 + 5)
    assert process.poll() is None
    ours = descendants(process.pid)

    process.send_signal(number)
    process.communicate()

    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in ours))
    wait_until(lambda: not list(temporary.iterdir()))
    assert json.loads(out.read_text().splitlines()[0])["id"] == "s-1"
