"""`verifier score --on ray` on a real cluster of several nodes: what is lost with its parts."""

import os
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from nova_code_verifier.handlers.settings import Settings
from nova_code_verifier.handlers.wire import Entry
from nova_code_verifier.sandbox.confinement.processes import stat_fields
from nova_code_verifier.sandbox.errors import SandboxError
from nova_code_verifier.sandbox.types import IsolationLevel
from nova_code_verifier.verifier.types import Sample, Verdict
from tests.paths import REPOSITORY
from tests.processes import descendants, wait_until
from tests.trainers.conftest import RAY_STORE_BYTES
from tests.unit.handlers.cli.command_line import COMMAND, ENVIRONMENT, rows_of, sample, verifier

if find_spec("ray") is None:
    pytest.skip("ray is not installed: make test-trainers", allow_module_level=True)

from nova_code_verifier.handlers.cli.score.places.place import Chunk
from nova_code_verifier.handlers.cli.score.places.ray import open_place
from nova_code_verifier.handlers.cli.score.places.registry import PlaceOptions
from nova_code_verifier.handlers.ray_cluster.dispatch import PIECES_MAX, Dispatcher, Done
from nova_code_verifier.handlers.ray_cluster.pieces import Piece

pytestmark = [
    pytest.mark.trainers,
    pytest.mark.filterwarnings("default"),
    pytest.mark.timeout(300),
]

SLOW = "import time; time.sleep(0.03); print(2 * int(input()))"
COUNT = 320  # more than all actors have at a time
REFERENCE = {"inputs": ["4"], "outputs": ["8"]}
# Sockets, and objects and processes of others. To connect to a port is a violation at once.
SPY = """
import os
found = []
for fd in range(5, 4096):
    try: found.append(("descriptor", fd, os.fstat(fd)))
    except OSError: pass
for path in ("/tmp/ray", "/dev/shm", "/proc/{}".format(os.getppid())):
    try: found += [(path, name) for name in os.listdir(path)]
    except OSError: pass
found += [name for name in os.environ if "RAY" in name]
print(found)
"""


class Exits:
    """The id of an entry that ends each process which reads it."""

    def __reduce__(self) -> tuple[object, ...]:
        """Exit, instead of unpickling this."""
        return os._exit, (1,)


def entry(program: str = SLOW, *, entry_id: object = None) -> Entry:
    """Return an entry that expects twice its input."""
    completion = f"```python\n{program}\n```"
    return Entry(id=entry_id, sample=Sample(completion=completion, reference=REFERENCE))


def piece(*entries: Entry, number: int = 0) -> Piece:
    """Return all *entries* as a piece."""
    return Piece(number=number, indexes=tuple(range(len(entries))), entries=entries, full=False)


def slow_pieces(count: int) -> list[Piece]:
    """Return pieces of four different slow programs each."""
    return [
        piece(*(entry(f"{SLOW}  # {number} {index}") for index in range(4)), number=number)
        for number in range(count)
    ]


@pytest.fixture
def start(ray_cluster: Any) -> Iterator[Callable[..., Dispatcher]]:
    """Return a function that starts a dispatcher on the cluster, and waits for an actor."""
    del ray_cluster
    started = []

    def start(**options: Any) -> Dispatcher:
        dispatcher = Dispatcher(Settings(control_samples=0), **options)
        started.append(dispatcher)
        dispatcher.wait_ready()
        return dispatcher

    yield start
    for dispatcher in started:
        dispatcher.close()


def finish(
    dispatcher: Dispatcher, pieces: list[Piece], on_first: Callable[[], object] = bool
) -> dict[tuple[int, int], Done]:
    """Score all pieces; call *on_first* after the first result. No result may come twice."""
    found: dict[tuple[int, int], Done] = {}
    for one in pieces:
        dispatcher.submit(one)
    while not dispatcher.is_idle:
        is_first = not found
        for done in dispatcher.results(1.0):
            assert (done.number, done.index) not in found
            found[done.number, done.index] = done
        if is_first and found:
            on_first()
    return found


def verdicts(found: dict[tuple[int, int], Done]) -> list[Verdict | None]:
    """Return the verdict of each entry in order; None where there is only a problem."""
    samples = [found[key].sample for key in sorted(found)]
    return [sample.verdict if sample else None for sample in samples]


def kill(dispatcher: Dispatcher, number: signal.Signals = signal.SIGKILL) -> int:
    """Send a signal to the process of an actor, and return its id."""
    pid = dispatcher.pids[0]
    os.kill(pid, number)
    return pid


def is_alive(pid: int) -> bool:
    """Return whether a process is there, and is not only waited for."""
    try:
        return stat_fields(pid)[0] != b"Z"
    except OSError:
        return False


def without_durations(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out what differs between two runs."""
    for row in rows:
        row["metrics_list"] = [m for m in row["metrics_list"] if m["name"] != "duration_ms"]
    return rows


def test_rows_are_those_of_this_machine(ray_cluster: Any) -> None:
    """Of programs that are right, wrong, broken, hostile or too slow, and of broken references.

    One reference is too deep for pickle.
    """
    deep = sample(reference=REFERENCE | {"other": 0}).replace("0}", f"{'[' * 600}{']' * 600}}}")
    lines = (REPOSITORY / "examples" / "completions.jsonl").read_text() + deep
    ours = verifier("score", "-", stdin=lines)

    done = verifier("score", "-", "--on", f"ray:{ray_cluster.address}", stdin=lines)

    assert done.returncode == ours.returncode == 0, done.stderr
    assert without_durations(rows_of(done.stdout)) == without_durations(rows_of(ours.stdout))


def test_the_client_of_ray_is_refused() -> None:
    """The error says where to start the command."""
    done = verifier("score", "-", "--on", "ray:ray://127.0.0.1:10001", stdin=sample())

    assert done.returncode == 1
    assert "start it on a machine of the cluster" in done.stderr


def test_an_address_without_a_cluster_is_refused_at_once() -> None:
    """Ray itself would go on trying; the error names the address."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"

    done = verifier("score", "-", "--on", f"ray:{address}", stdin=sample())

    assert done.returncode == 1
    assert f"cannot use the Ray cluster at {address}: " in done.stderr


def test_a_run_that_loses_a_node_writes_every_row_once(ray_cluster: Any, tmp_path: Path) -> None:
    """A node dies, another joins; standard output has rows, and nothing that Ray prints."""
    lines = [sample(f"{SLOW}  # {number}", sample_id=number) for number in range(COUNT)]
    source = tmp_path / "samples.jsonl"
    source.write_text("\n".join(lines))
    third = ray_cluster.add_node(num_cpus=1, object_store_memory=RAY_STORE_BYTES)
    command = [*COMMAND, "score", str(source), "--on", f"ray:{ray_cluster.address}", "--quiet"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY, env=ENVIRONMENT
    ) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        ray_cluster.remove_node(third, allow_graceful=False)
        rest = process.stdout.read()

    rows = rows_of(first + rest)
    assert process.returncode == 0
    assert [(row["id"], row["aggregate_reward_score"]) for row in rows] == [
        (number, 1.0) for number in range(COUNT)
    ]


def test_an_interrupted_run_is_resumed(ray_cluster: Any, tmp_path: Path) -> None:
    """The rows of both runs are those of one run, and no actor of the first stays."""
    lines = [sample(f"{SLOW}  # {number}", sample_id=number) for number in range(COUNT)]
    source, out = tmp_path / "samples.jsonl", tmp_path / "rows.jsonl"
    source.write_text("\n".join(lines))
    on = f"ray:{ray_cluster.address}"
    arguments = ["score", str(source), "--out", str(out), "--on", on]
    with subprocess.Popen([*COMMAND, *arguments], cwd=REPOSITORY, env=ENVIRONMENT) as process:
        wait_until(lambda: out.exists() and out.stat().st_size)
        process.send_signal(signal.SIGTERM)
    assert process.returncode == 143
    kept = len(rows_of(out.read_text()))
    assert 0 < kept < COUNT

    done = verifier(*arguments, "--resume")

    assert done.returncode == 0, done.stderr
    assert [row["id"] for row in rows_of(out.read_text())] == list(range(COUNT))
    assert f"{kept} kept from before" in " ".join(done.stderr.split())


def test_a_killed_actor_loses_nothing_and_leaves_no_guest(
    start: Callable[..., Dispatcher],
) -> None:
    """Its pieces go to others, another actor takes its place, and its guests die with it."""
    dispatcher = start()
    left: set[int] = set()

    def kill_one() -> None:
        wait_until(lambda: descendants(dispatcher.pids[0]))
        left.update(descendants(dispatcher.pids[0]))
        kill(dispatcher)

    found = finish(dispatcher, slow_pieces(12), kill_one)

    assert verdicts(found) == [Verdict.ACCEPTED] * 48
    assert (dispatcher.lost_actors, bool(dispatcher.repeated_pieces)) == (1, True)
    assert left
    wait_until(lambda: not any(map(is_alive, left)))


def test_a_sample_that_ends_its_actors_costs_no_other(start: Callable[..., Dispatcher]) -> None:
    """It is an outage by name after three actors; all others of its piece have verdicts."""
    dispatcher = start()
    entries = [entry(f"print(8)  # {number}") for number in range(5)]
    entries.insert(3, entry(entry_id=Exits()))

    found = finish(dispatcher, [piece(*entries)])

    assert verdicts(found) == [*[Verdict.ACCEPTED] * 3, None, *[Verdict.ACCEPTED] * 2]
    assert found[0, 3].problem == "3 actors were lost with this sample, the last by ActorDiedError"


def test_an_actor_that_does_not_answer_is_lost(start: Callable[..., Dispatcher]) -> None:
    """Its process is stopped, which nothing in Ray notices."""
    dispatcher = start(silence_seconds=5.0)
    wait_until(lambda: dispatcher.results(0.1) or len(dispatcher.pids) == 2)
    stopped = []

    found = finish(
        dispatcher, slow_pieces(8), lambda: stopped.append(kill(dispatcher, signal.SIGSTOP))
    )

    assert verdicts(found) == [Verdict.ACCEPTED] * 32
    assert dispatcher.lost_actors >= 1
    wait_until(lambda: not is_alive(stopped[0]))


def test_chunks_are_taken_only_when_an_actor_has_room(ray_cluster: Any) -> None:
    """However long the file is: never are more of them under way."""
    del ray_cluster
    under_way: list[int] = []
    count = most = 0

    class Chunks:
        def take(self) -> Chunk | None:
            nonlocal count, most
            if count == 40:
                return None
            count += 1
            under_way.append(count)
            most = max(most, len(under_way))
            return Chunk(number=count, entries=(entry(f"print(8)  # {count}"),))

    options = PlaceOptions(settings=Settings(control_samples=0))
    with open_place("", options) as place:
        place.wait_ready()
        for number, _, scored in place.score(Chunks(), full=False):
            under_way.remove(number)
            assert scored.verdict is Verdict.ACCEPTED

    assert (count, under_way) == (40, [])
    assert most <= 2 * PIECES_MAX


def test_nodes_with_other_versions_are_refused(ray_cluster: Any) -> None:
    """The error names the node, what it has, and what is expected."""
    del ray_cluster
    dispatcher = Dispatcher(Settings())
    dispatcher._versions |= {"numpy": "9.9", "semantics": "0"}

    with pytest.raises(
        SandboxError, match=r"node [\d.]+: numpy \S+ instead of 9.9, semantics \d+ inst"
    ):
        dispatcher.wait_ready()
    dispatcher.close()


def test_a_guest_reaches_nothing_of_ray(start: Callable[..., Dispatcher]) -> None:
    """Neither descriptors and variables of its actor, nor Ray's files, objects and processes."""
    dispatcher = start()
    if dispatcher.weakest_level is not IsolationLevel.KERNEL:
        pytest.skip("only the kernel closes files to guests")
    reference = {"inputs": [""], "outputs": ["[]"]}
    spy = Sample(completion=f"```python\n{SPY}\n```", reference=reference)

    found = finish(dispatcher, [piece(Entry(id=None, sample=spy))])

    assert verdicts(found) == [Verdict.ACCEPTED], found
