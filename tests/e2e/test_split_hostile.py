"""Candidates in an executor function that has no wall at all: what they can do, and what not.

Every attack goes through Lambda's own interface, and is first shown to be real. No reference can
be read: there is none. Nobody's reward is raised: an answer still has to be right. Nobody answers
for others: what would happen if environments were shared is shown, too.
"""

import base64
import json
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.sandbox.remote.frames import pack_frames, unpack_frames
from nova_code_verifier.sandbox.remote.request import read_request
from nova_code_verifier.sandbox.remote.response import RunResponse, write_response
from nova_code_verifier.sandbox.types import Call, Ending, Execution, IsolationLevel, Job
from tests.e2e.fleet import Fleet
from tests.e2e.samples import RIGHT, Sample, metrics_of, square_sample
from tests.e2e.test_split import NO_WALL_REQUIRED, WITHOUT_WALLS, rewards, score, split

pytestmark = pytest.mark.slow

TOOLS = r"""
import base64, json, os, signal, time
from http.client import HTTPConnection

def parents():
    pid = os.getpid()
    while pid > 1:
        pid = int(open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[1])
        yield pid

def find_interface():
    for pid in parents():
        words = open(f"/proc/{pid}/cmdline").read().split("\0")
        if "--runtime-api-address" in words:
            return int(words[words.index("--runtime-api-address") + 1].rpartition(":")[2])

PORT = find_interface()
RUNTIME = list(parents())[1]

def ask(method, path, body=None):
    connection = HTTPConnection("127.0.0.1", PORT, timeout=20)
    connection.request(method, "/2018-06-01/runtime/invocation/" + path, body)
    return connection.getresponse()

def answer_for(order, payload):
    request_id = order.headers["Lambda-Runtime-Aws-Request-Id"]
    ask("POST", request_id + "/response", json.dumps({"payload": payload})).read()
"""
"""In Lambda the interface has one fixed address; the emulator's is in its command line."""

THIEF = (
    TOOLS
    + """
def square(n):
    with open(GIVEN, "ab") as file:
        file.write(ask("GET", "next").read() + b"\\n")
    return n * n
"""
)
"""Reads the event that the function got, and keeps it."""

FORGER = (
    TOOLS
    + """
def square(n):
    order = ask("GET", "next")
    answer_for(order, GIVEN)
    time.sleep(1)
    return n * n
"""
)
"""Answers in the function's place."""

STAYER = (
    TOOLS
    + """
def stay():
    if os.fork():
        return
    os.setsid()
    if os.fork():
        os._exit(0)
    os.closerange(3, 100)
    time.sleep(0.3)
    os.kill(RUNTIME, signal.SIGKILL)
    while True:
        try:
            order = ask("GET", "next")
            order.read()
            answer_for(order, GIVEN)
        except Exception:
            time.sleep(0.02)

stay()

def square(n):
    time.sleep(1)
    return n * n
"""
)
"""Leaves a process, which kills the runtime that would find it, and answers all later calls."""

MURDERER = """
import os, signal, time

def square(n):
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(5)
    return n * n
"""
"""Kills the zygote that would run it, each time, so that it is never run."""

SPY = (
    TOOLS
    + """
def square(n):
    texts = [" ".join(os.environ.values())]
    for place in (RUNTIME, os.getppid(), "self"):
        try:
            texts.append(open(f"/proc/{place}/environ").read())
        except OSError:
            pass
    return None if any("sesame" in text for text in texts) else n * n
"""
)
"""Is right only if it finds no credentials in any environment of the function's."""

TWO_CALLS = Job(program="", questions=(Call(entry_point="square"),) * 2)


def given(attack: str, what: str) -> str:
    """Give an attack the text that it needs."""
    return attack.replace("GIVEN", repr(what))


def claim(*values: object, level: IsolationLevel = IsolationLevel.KERNEL) -> str:
    """Write a reply in good form that claims these answers, got in no time."""
    executions = tuple(Execution(ending=Ending.FINISHED, value=value) for value in values)
    job = Job(program="", questions=(Call(entry_point="square"),) * len(values))
    return text(write_response(RunResponse(level=level, results=(executions,)), [job]))


def text(payload: bytes) -> str:
    """Write bytes as base64."""
    return base64.b64encode(payload).decode("ascii")


def pieces(*contents: object) -> str:
    """Write a reply of any pieces."""
    encoded = [one if isinstance(one, bytes) else json.dumps(one).encode() for one in contents]
    return text(pack_frames(encoded))


def without_walls(
    emulator: Path,
    *,
    concurrency: int = 2,
    mixes_tenants: bool = True,
    executor: dict[str, str] | None = None,
) -> AbstractContextManager[Fleet]:
    """Deploy an executor without walls; environments are kept for speed, unless it matters."""
    return split(
        emulator,
        executor=WITHOUT_WALLS | (executor or {}),
        concurrency=concurrency,
        mixes_tenants=mixes_tenants,
        **NO_WALL_REQUIRED,
    )


@pytest.fixture
def open_directory() -> Iterator[Path]:
    """Return a directory that every user can write to, as a guest may be another."""
    with tempfile.TemporaryDirectory(prefix="stolen-") as name:
        Path(name).chmod(0o777)
        yield Path(name)


def secret_samples(program: str) -> list[Sample]:
    """Expect a word of every kind of test, which no program here knows."""
    call = square_sample(program)
    call["reference_answer"]["tests"]["cases"] = [{"args": [3], "expected": "swordfish"}]
    code = square_sample(program) | {
        "reference_answer": {"tests": {"kind": "code", "code": "assert square(3) == 'swordfish'"}}
    }
    stdio = square_sample(program + "\nsquare(3)") | {
        "reference_answer": {"inputs": ["3"], "outputs": ["swordfish"]}
    }
    return [call, code, stdio]


def test_the_event_holds_questions_and_never_an_answer(
    emulator: Path, open_directory: Path
) -> None:
    """Whoever steals it has its own program and inputs, and nothing of what is expected."""
    stolen = open_directory / "events"
    program = given(THIEF, str(stolen))

    with without_walls(emulator) as fleet:
        found = rewards(fleet, secret_samples(program))

    orders = [
        base64.b64decode(json.loads(line)["payload"]) for line in stolen.read_bytes().splitlines()
    ]
    assert {type(read_request(one).jobs[0].questions[0]).__name__ for one in orders} == {
        "Call", "Step", "Run"
    }  # fmt: skip
    assert all(program.strip() in read_request(one).jobs[0].program for one in orders)
    for order in orders:
        for piece in unpack_frames(order, bytes_max=2**20, pieces_max=1000):
            assert b"swordfish" not in piece
    assert max(found) < 0.5


def test_an_answer_can_be_forged(emulator: Path) -> None:
    """The attack is real: a reply that a candidate wrote arrives, and what it says is judged."""
    forger = given(FORGER, claim(9, 16))

    with without_walls(emulator) as fleet:
        (row,) = score(fleet, [square_sample(forger.replace("n * n", "0"))])

    assert metrics_of(row)["correctness"] == 1.0  # for right answers, however they came about


LIES = {
    "wrong answers": claim(0, 0),
    "too many answers": claim(9, 16, 25),
    "too few answers": claim(9),
    "no answers": pieces(["kernel", [0]]),
    "two jobs": text(
        write_response(
            RunResponse(
                level=IsolationLevel.KERNEL, results=((Execution(ending=Ending.FINISHED),) * 2,) * 2
            ),
            [TWO_CALLS] * 2,
        )
    ),
    "a verdict": pieces(["kernel", [2]], *[["accepted", 0] + [None] * 7, b"9", b"", b""] * 2),
    "a count beyond": pieces(["kernel", [10**9]]),
    "a bomb": text(zlib.compress(bytes(2**28), 9)),
    "a huge value": pieces(
        ["kernel", [2]],
        *[["finished", None, None, None, None, 0, 0, 0, ""], b"9" * 2**23, b"", b""] * 2,
    ),
    "negative times": pieces(
        ["kernel", [2]],
        *[["finished", None, None, None, None, -1e9, 0, 0, ""], b"9", b"", b""] * 2,
    ),
    "no payload": "%%%",
    "nothing": "",
}


@pytest.mark.parametrize("lie", LIES)
def test_a_forged_reply_raises_nothing(emulator: Path, lie: str) -> None:
    """What is no reply to the order is a crash, what is none of the answers is wrong."""
    forger = square_sample(given(FORGER, LIES[lie]), sample_id="forger")
    batch = [square_sample(RIGHT), forger, square_sample(RIGHT)]

    with without_walls(emulator, concurrency=1) as fleet:
        rows = score(fleet, batch)

    assert [metrics_of(row)["correctness"] for row in rows] == [1.0, 0.0, 1.0]


@pytest.mark.parametrize("attack", ["kills its zygote", "says that it was not run"])
def test_nobody_has_a_call_raised(emulator: Path, attack: str) -> None:
    """Not to be run, though others are, is a crash: no outage, for which all are sent again."""
    unrun = Execution(ending=Ending.NOT_RUN)
    lie = text(
        write_response(
            RunResponse(level=IsolationLevel.KERNEL, results=((unrun,) * 2,)), [TWO_CALLS]
        )
    )
    program = MURDERER if attack == "kills its zygote" else given(FORGER, lie)

    with without_walls(emulator) as fleet:
        rows = score(fleet, [square_sample(RIGHT), square_sample(program), square_sample(RIGHT)])

    assert [metrics_of(row)["correctness"] for row in rows] == [1.0, 0.0, 1.0]
    assert metrics_of(rows[1])["runtime_error"] == 1.0


def test_a_claimed_level_is_hearsay(emulator: Path) -> None:
    """A reply can claim a wall that there is not; the weakest claim is what rows carry."""
    forger = square_sample(given(FORGER, claim(9, 16, level=IsolationLevel.KERNEL)))

    with without_walls(emulator) as fleet:
        (row,) = score(fleet, [forger])

    assert metrics_of(row)["isolation_level"] == 0.0


def attacked(emulator: Path, *, mixes_tenants: bool) -> list[float]:
    """Score a stayer, and then somebody else; return what the latter's correctness is."""
    stayer = square_sample(given(STAYER, claim(0, 0)))
    with without_walls(emulator, concurrency=1, mixes_tenants=mixes_tenants) as fleet:
        score(fleet, [stayer])
        rows = [row for _ in range(2) for row in score(fleet, [square_sample(RIGHT)])]
    return [metrics_of(row)["correctness"] for row in rows]


def test_who_stays_behind_could_answer_for_others(emulator: Path) -> None:
    """The attack is real: where an environment served several, others would be robbed."""
    with LocalExecutor(workers=1, level=IsolationLevel.NONE) as here:
        if here.granted["uid_dropped"]:
            pytest.skip("guests have a uid of their own here, as they never have in Lambda")

    assert attacked(emulator, mixes_tenants=True) == [0.0, 0.0]


def test_nobody_stays_behind_where_every_call_is_served_afresh(emulator: Path) -> None:
    """With an environment for each call, a candidate meets no other, whatever it does."""
    assert attacked(emulator, mixes_tenants=False) == [1.0, 1.0]


@pytest.mark.parametrize("level", ["auto", "interpreter"])
@pytest.mark.parametrize("attack", [FORGER, STAYER], ids=["forger", "stayer"])
def test_behind_either_wall_there_is_no_attack(emulator: Path, level: str, attack: str) -> None:
    """The attempt is reported, and does not reach the interface."""
    forger = square_sample(given(attack, claim(9, 16)))

    with split(emulator, executor={"VERIFIER_ISOLATION": level}) as fleet:
        rows = score(fleet, [forger, square_sample(RIGHT)])

    assert [metrics_of(row)["correctness"] for row in rows] == [0.0, 1.0]


def test_the_executors_credentials_are_out_of_sight(emulator: Path) -> None:
    """Neither the runtime's environment nor a zygote's shows what Lambda gave to the function."""
    secrets = {"AWS_SECRET_ACCESS_KEY": "sesame", "AWS_SESSION_TOKEN": "sesame"}

    with without_walls(emulator, executor=secrets) as fleet:
        assert rewards(fleet, [square_sample(SPY)]) == [1.0]
