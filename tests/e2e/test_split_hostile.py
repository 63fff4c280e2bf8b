"""Attacks of candidates in an executor function without isolation.

Every attack uses Lambda's own runtime interface, and a test shows that it works. Then the tests
show what an attacker does not get: it reads no reference, as the event holds none; it raises
no reward, as a forged answer still has to be right; and it answers for no other candidate, as
every call gets a fresh environment.
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
from nova_code_verifier.sandbox.protocol.encoding import encode
from nova_code_verifier.sandbox.remote.frames import pack_frames, unpack_frames
from nova_code_verifier.sandbox.remote.request import read_request
from nova_code_verifier.sandbox.remote.response import RunResponse, write_response
from nova_code_verifier.sandbox.types import (
    Call,
    EncodedValue,
    Ending,
    ExactCall,
    Execution,
    IsolationLevel,
    Job,
    Run,
)
from tests.e2e.fleet import Fleet
from tests.e2e.samples import RIGHT, Sample, metrics_of, square_sample
from tests.e2e.two_functions import (
    NO_ISOLATION,
    NO_ISOLATION_REQUIRED,
    rewards,
    score,
    two_functions,
)

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

def answer_for(event, payload):
    request_id = event.headers["Lambda-Runtime-Aws-Request-Id"]
    ask("POST", request_id + "/response", json.dumps({"payload": payload})).read()
"""
"""Lambda's interface has a fixed address; the emulator's is in the emulator's command line."""

EVENT_READER = (
    TOOLS
    + """
def square(n):
    with open(GIVEN, "ab") as file:
        file.write(ask("GET", "next").read() + b"\\n")
    return n * n
"""
)
"""Reads the event of the function, and writes it to a file."""

FORGER = (
    TOOLS
    + """
def square(n):
    event = ask("GET", "next")
    answer_for(event, GIVEN)
    time.sleep(1)
    return n * n
"""
)
"""Answers the event instead of the function."""

BACKGROUND_FORGER = (
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
            event = ask("GET", "next")
            event.read()
            answer_for(event, GIVEN)
        except Exception:
            time.sleep(0.02)

stay()

def square(n):
    time.sleep(1)
    return n * n
"""
)
"""Leaves a process that kills the runtime, which would find it, and answers all later calls."""

ZYGOTE_KILLER = """
import os, signal, time

def square(n):
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(5)
    return n * n
"""
"""Kills its zygote in each run, so that no run ends with an answer."""

ENVIRONMENT_READER = (
    TOOLS
    + """
def square(n):
    texts = [" ".join(os.environ.values())]
    for pid in (RUNTIME, os.getppid(), "self"):
        try:
            texts.append(open(f"/proc/{pid}/environ").read())
        except OSError:
            pass
    return None if any("sesame" in text for text in texts) else n * n
"""
)
"""Answers right only if it finds no credentials in the environment of any process."""

TWO_CALLS = Job(program="", questions=(Call(entry_point="square"),) * 2)
NINE_AND_SIXTEEN = tuple(
    Execution(ending=Ending.FINISHED, value=EncodedValue(value)) for value in (b"9", b"16")
)
"""Right answers to both calls."""


def insert(attack: str, value: str) -> str:
    """Return the attack with *value* where it has the word GIVEN."""
    return attack.replace("GIVEN", repr(value))


def claim(*values: object, level: IsolationLevel = IsolationLevel.KERNEL) -> str:
    """Return a well-formed response that claims these answers."""
    executions = tuple(
        Execution(ending=Ending.FINISHED, value=EncodedValue(encode(value))) for value in values
    )
    job = Job(program="", questions=(Call(entry_point="square"),) * len(values))
    return base64_text(write_response(RunResponse(level=level, results=(executions,)), [job]))


def base64_text(payload: bytes) -> str:
    """Return bytes as base64."""
    return base64.b64encode(payload).decode("ascii")


def framed(*contents: object) -> str:
    """Return a response that consists of these frames."""
    frames = [
        content if isinstance(content, bytes) else json.dumps(content).encode()
        for content in contents
    ]
    return base64_text(pack_frames(frames))


def without_isolation(
    emulator: Path,
    *,
    concurrency: int = 2,
    mixes_tenants: bool = True,
    executor: dict[str, str] | None = None,
) -> AbstractContextManager[Fleet]:
    """Deploy an executor without isolation. Calls share environments, which is faster."""
    return two_functions(
        emulator,
        executor=NO_ISOLATION | (executor or {}),
        concurrency=concurrency,
        mixes_tenants=mixes_tenants,
        **NO_ISOLATION_REQUIRED,
    )


@pytest.fixture
def open_directory() -> Iterator[Path]:
    """Return a directory that every user can write to: a guest may have another user id."""
    with tempfile.TemporaryDirectory(prefix="stolen-") as name:
        Path(name).chmod(0o777)
        yield Path(name)


def secret_samples(program: str) -> list[Sample]:
    """Return samples of each kind of test that expect a word which no program here knows."""
    call = square_sample(program)
    call["reference_answer"]["tests"]["cases"] = [{"args": [3], "expected": "swordfish"}]
    asserts, code = (
        square_sample(program) | {"reference_answer": {"tests": {"kind": "code", "code": tests}}}
        for tests in ("assert square(3) == 'swordfish'", "assert [square(3)] == ['swordfish']")
    )
    stdio = square_sample(program + "\nsquare(3)") | {
        "reference_answer": {"inputs": ["3"], "outputs": ["swordfish"]}
    }
    return [call, asserts, code, stdio]


def test_the_event_holds_no_expected_answer(emulator: Path, open_directory: Path) -> None:
    """A candidate that reads the event finds its own program and inputs, and nothing else.

    Tests that need a process beside it are not sent at all.
    """
    stolen = open_directory / "events"
    program = insert(EVENT_READER, str(stolen))

    with without_isolation(emulator) as fleet:
        rows = score(fleet, secret_samples(program))

    requests = [
        base64.b64decode(json.loads(line)["payload"]) for line in stolen.read_bytes().splitlines()
    ]
    jobs = [read_request(request).jobs[0] for request in requests]
    assert {type(job.questions[0]) for job in jobs} == {Call, ExactCall, Run}
    assert all(program.strip() in job.program for job in jobs)
    for request in requests:
        for frame in unpack_frames(request, bytes_max=2**20, frames_max=1000):
            assert b"swordfish" not in frame
    assert [metrics_of(row)["ungraded"] for row in rows] == [0.0, 0.0, 1.0, 0.0]
    assert max(row["aggregate_reward_score"] for row in rows) < 0.5


def test_an_answer_can_be_forged(emulator: Path) -> None:
    """The attack is real: the candidate's own response arrives, and its answers are judged."""
    forger = insert(FORGER, claim(9, 16))

    with without_isolation(emulator) as fleet:
        (row,) = score(fleet, [square_sample(forger.replace("n * n", "0"))])

    assert metrics_of(row)["correctness"] == 1.0  # a right answer counts, also a forged one


def facts(ending: str = "finished", cpu_seconds: float = 0.0) -> list[object]:
    """Return the facts of an execution, as a response has them."""
    return [ending, None, None, None, None, cpu_seconds, 0, 0, "", "none"]


# Where only the form is wrong, the values are right: if the form were accepted, the row would be 1.
LIES = {
    "wrong answers": claim(0, 0),
    "too many answers": claim(9, 16, 25),
    "too few answers": claim(9),
    "no answers": framed(["kernel", [0]]),
    "two jobs": base64_text(
        write_response(
            RunResponse(level=IsolationLevel.KERNEL, results=(NINE_AND_SIXTEEN,) * 2),
            [TWO_CALLS] * 2,
        )
    ),
    "a verdict": framed(
        ["kernel", [2]], facts("accepted"), b"9", b"", b"", facts("accepted"), b"16", b"", b""
    ),
    "a huge count": framed(["kernel", [10**9]]),
    "a compression bomb": base64_text(zlib.compress(bytes(2**28), 9)),
    "a huge value": framed(
        ["kernel", [2]], facts(), b"9" * 2**23, b"", b"", facts(), b"16", b"", b""
    ),
    "negative times": framed(
        ["kernel", [2]],
        *[facts(cpu_seconds=-1e9), b"9", b"", b""],
        *[facts(cpu_seconds=-1e9), b"16", b"", b""],
    ),
    "no payload": "%%%",
    "an empty text": "",
}


@pytest.mark.parametrize("lie", LIES)
def test_a_forged_response_raises_no_reward(emulator: Path, lie: str) -> None:
    """A malformed response is a crash, a wrong answer is wrong, and other rows do not change."""
    forger = square_sample(insert(FORGER, LIES[lie]), sample_id="forger")
    batch = [square_sample(RIGHT), forger, square_sample(RIGHT)]

    with without_isolation(emulator, concurrency=1) as fleet:
        rows = score(fleet, batch)

    assert [metrics_of(row)["correctness"] for row in rows] == [1.0, 0.0, 1.0]


@pytest.mark.parametrize("attack", ["kills its zygote", "claims that it was not run"])
def test_a_candidate_cannot_cause_an_outage(emulator: Path, attack: str) -> None:
    """A candidate that is not run while others are has crashed: the event is not sent again."""
    unrun = Execution(ending=Ending.NOT_RUN)
    lie = base64_text(
        write_response(
            RunResponse(level=IsolationLevel.KERNEL, results=((unrun,) * 2,)), [TWO_CALLS]
        )
    )
    program = ZYGOTE_KILLER if attack == "kills its zygote" else insert(FORGER, lie)

    with without_isolation(emulator) as fleet:
        rows = score(fleet, [square_sample(RIGHT), square_sample(program), square_sample(RIGHT)])

    assert [metrics_of(row)["correctness"] for row in rows] == [1.0, 0.0, 1.0]
    assert metrics_of(rows[1])["runtime_error"] == 1.0


def test_a_row_carries_the_weakest_isolation_level_that_was_claimed(emulator: Path) -> None:
    """A forged response that claims a higher level does not raise the level of its row."""
    forger = square_sample(insert(FORGER, claim(9, 16, level=IsolationLevel.KERNEL)))

    with without_isolation(emulator) as fleet:
        (row,) = score(fleet, [forger])

    assert metrics_of(row)["isolation_level"] == 0.0


def test_a_forged_handshake_gets_no_tests(emulator: Path, open_directory: Path) -> None:
    """A process that stays in a shared environment is sent no session, whatever it would claim.

    The function has told about its level before the first candidate could run there.
    """
    stolen = open_directory / "events"
    reader = insert(BACKGROUND_FORGER, claim(0, 0)).replace(
        "event.read()", f"open({str(stolen)!r}, 'ab').write(event.read() + b'\\n')"
    )
    *_, code, _ = secret_samples(RIGHT)

    with without_isolation(emulator, concurrency=1) as fleet:
        score(fleet, [square_sample(reader)])
        rows = score(fleet, [square_sample(RIGHT), code])

    lines = stolen.read_bytes().splitlines() if stolen.exists() else []
    events = [event for line in lines if "errorType" not in (event := json.loads(line))]
    requests = [base64.b64decode(event["payload"]) for event in events]
    assert metrics_of(rows[1])["ungraded"] == 1.0
    assert not any(read_request(request).modules for request in requests)


def correctness_after_attack(emulator: Path, *, mixes_tenants: bool) -> list[float]:
    """Score a background forger, then right samples. Return the correctness of the latter."""
    attack = square_sample(insert(BACKGROUND_FORGER, claim(0, 0)))
    with without_isolation(emulator, concurrency=1, mixes_tenants=mixes_tenants) as fleet:
        score(fleet, [attack])
        rows = [row for _ in range(2) for row in score(fleet, [square_sample(RIGHT)])]
    return [metrics_of(row)["correctness"] for row in rows]


def test_a_process_left_in_a_shared_environment_answers_for_others(emulator: Path) -> None:
    """The attack is real: in a shared environment, right samples get the forger's answers."""
    with LocalExecutor(workers=1, level=IsolationLevel.NONE) as here:
        if here.granted["uid_dropped"]:
            pytest.skip("here guests have their own user id, which they never have in Lambda")

    assert correctness_after_attack(emulator, mixes_tenants=True) == [0.0, 0.0]


def test_fresh_environments_keep_candidates_apart(emulator: Path) -> None:
    """With an environment for each call, a process that is left answers for no other candidate."""
    assert correctness_after_attack(emulator, mixes_tenants=False) == [1.0, 1.0]


@pytest.mark.parametrize("level", ["auto", "interpreter"])
@pytest.mark.parametrize("attack", [FORGER, BACKGROUND_FORGER], ids=["once", "in the background"])
def test_isolation_stops_forgers(emulator: Path, level: str, attack: str) -> None:
    """At either level the attempt is a violation, and the other row does not change."""
    executor = {"VERIFIER_ISOLATION": level}
    with two_functions(emulator, executor=executor, concurrency=1) as fleet:
        score(fleet, [square_sample(RIGHT)])
        (function,) = fleet.deployments["executor"].idle
        # Isolation hides other processes: tell the forger what it would look for in them.
        program = (
            insert(attack, claim(9, 16))
            .replace("PORT = find_interface()", f"PORT = {function.runtime_port}")
            .replace("RUNTIME = list(parents())[1]", f"RUNTIME = {function.runtime_pid}")
        )
        rows = score(fleet, [square_sample(program), square_sample(RIGHT)])

    assert [metrics_of(row)["correctness"] for row in rows] == [0.0, 1.0]
    assert metrics_of(rows[0])["security_violation"] == 1.0


def test_candidates_cannot_read_the_executors_credentials(emulator: Path) -> None:
    """Neither the runtime's environment nor a zygote's shows the credentials of the function."""
    secrets = {"AWS_SECRET_ACCESS_KEY": "sesame", "AWS_SESSION_TOKEN": "sesame"}

    with without_isolation(emulator, executor=secrets) as fleet:
        assert rewards(fleet, [square_sample(ENVIRONMENT_READER)]) == [1.0]
