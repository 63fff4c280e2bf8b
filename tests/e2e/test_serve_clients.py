"""The clients of other graders, unchanged, against a running service.

SandboxFusion's client is the installed one. The others are in packages that are not installed here:
requests of their form stand for them. Their own code runs in tests/trainers.
"""

import asyncio
import base64
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from sandbox_fusion import (
    RunCodeRequest,
    RunCodeResponse,
    SummaryMapping,
    run_code,
    run_code_async,
    run_concurrent,
    summary_run_code_result,
)

from tests.service import running_service

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the client

RIGHT = "```python\nprint(sum(map(int, input().split())))\n```"
WRONG = "```python\nprint(3)\n```"
LABEL = json.dumps({"inputs": ["1 2", "5 5"], "outputs": ["3", "10"]})
PATHS = ("/run_code", "/test_program", "/test_program_stdio", "/verify", "/slime", "/openrlhf")
BROKEN = json.dumps({"inputs": ["1"], "outputs": []})


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the URL of a running service, with its token as a password: all clients send that.

    Four samples fill its queue.
    """
    directory = tmp_path_factory.mktemp("service")
    options = ("--processes", "1", "--max-queue", "4")
    with running_service(directory, *options, token="t0ken-of-the-tests") as running:
        yield running.url.replace("//", "//any:t0ken-of-the-tests@")


def run(service: str, code: str, **fields: Any) -> RunCodeResponse:
    """Run a program by SandboxFusion's client."""
    request = RunCodeRequest(code=code, language=fields.pop("language", "python"), **fields)
    return run_code(request, endpoint=service, max_attempts=1)


def post(service: str, path: str, body: object) -> Any:
    """Return the JSON of the reply to a request that succeeds."""
    reply = httpx.post(f"{service}{path}", json=body, timeout=120)
    assert reply.status_code == 200, reply.text
    return reply.json()


@pytest.mark.parametrize(
    ("code", "fields", "summary"),
    [
        ("print(int(input()) + 1)", {"stdin": "1\n"}, "passed"),
        ("import sys; sys.exit(3)", {}, "run failed"),
        ("1 / 0", {}, "run failed"),
        ("print(", {}, "run failed"),
        ("import time; time.sleep(99)", {"run_timeout": 0.5, "compile_timeout": 60}, "run timeout"),
        ("x = 'a' * 10**9", {}, "run failed"),
        ("while True: print('a' * 10000)", {}, "run failed"),
        ("import socket; socket.create_connection(('127.0.0.1', 1))", {}, "run failed"),
        ("def test_one(): assert 1 == 1", {"language": "pytest"}, "passed"),
        ("def test_one(): assert 1 == 2", {"language": "pytest"}, "run failed"),
    ],
)
def test_sandbox_fusions_client_reads_how_a_program_ended(
    service: str, code: str, fields: dict[str, Any], summary: str
) -> None:
    """Its own summary of the reply is right."""
    mapping = SummaryMapping(
        Success="passed", Failed="failed", RunFailed="run failed", RunTimeout="run timeout"
    )

    assert summary_run_code_result(run(service, code, **fields), mapping) == summary


def test_sandbox_fusions_client_sends_and_fetches_files(service: str) -> None:
    """Also if the program ends by an exception, and after a change of the directory."""
    code = (
        "import os; text = open('in/a.txt').read(); open('b.txt', 'w').write(text + '!')\n"
        "print('err', file=__import__('sys').stderr); os.chdir('in'); raise ValueError(text)"
    )

    reply = run(
        service,
        code,
        files={"in/a.txt": base64.b64encode(b"hi").decode()},
        fetch_files=["b.txt", "c.txt"],
    )

    assert {name: base64.b64decode(text) for name, text in reply.files.items()} == {"b.txt": b"hi!"}
    assert reply.run_result.stderr.startswith("err\nTraceback")
    assert reply.run_result.stderr.endswith("ValueError: hi\n")


def test_sandbox_fusions_client_names_what_is_refused(service: str) -> None:
    """A language that is not run is an error of the sandbox, with its name."""
    with pytest.raises(Exception, match="language: found cpp, expected one of python, pytest"):
        run(service, "int main() {}", language="cpp")


def test_many_clients_at_once_get_their_own_results(service: str) -> None:
    """They are more than the queue takes, and no try of theirs fails."""
    numbers = range(24)
    requests = [
        RunCodeRequest(code="print(input())", language="python", stdin=str(n)) for n in numbers
    ]

    async def gather() -> list[RunCodeResponse]:
        return await asyncio.gather(
            *(run_code_async(request, service, max_attempts=1) for request in requests)
        )

    replies = run_concurrent(run_code, [[request, service, 1] for request in requests])
    replies += asyncio.run(gather())

    assert [int(reply.run_result.stdout) for reply in replies] == [*numbers, *numbers]


def test_nothing_that_a_program_prints_breaks_a_reply(service: str) -> None:
    """Invalid UTF-8, control characters and JSON stay texts."""
    written = bytes(range(256)) + b'"},"status":"Success"\n'

    reply = run(service, f"import os; os.write(1, {written!r}); os.write(2, {written!r}); 1 / 0")

    assert reply.status.value == "Failed"
    assert reply.run_result.stdout == written.decode("utf-8", "replace")


def test_verls_requests_have_what_verl_reads(service: str) -> None:
    """The body that `call_sandbox_api` of verl sends, and the keys that it compares."""
    body = {
        "compile_timeout": 10, "run_timeout": 10, "code": "print(input())", "stdin": "1",
        "memory_limit_MB": 1024, "language": "python", "files": {}, "fetch_files": [],
    }  # fmt: skip

    reply = post(service, "/run_code", body)

    assert (reply["status"], reply["compile_result"]) == ("Success", None)
    assert reply["run_result"]["status"] == "Finished"
    assert reply["run_result"]["stdout"].rstrip("\n") == "1"
    assert reply["run_result"]["return_code"] == 0


def test_open_instructs_asserts_have_a_result_each(service: str) -> None:
    """Passed tests have a time that is no penalty; a program that does not parse passes none."""
    tests = ["assert add(1, 2) == 3", "assert add(-1, 1) == 1", "assert add(0, 0) == 0"]
    program = "import os\ndef add(a, b): return a + b"
    body = {"program": program, "tests": tests, "max_execution_time": 6.0}

    assert post(service, "/test_program", body) == {
        "results": [1, 0, 1], "runtimes": [0.0, -1.0, 0.0], "notes": [],
    }  # fmt: skip
    for hopeless in ("I do not know.", "", "def add(a", "def add(a, b): exit()"):
        assert post(service, "/test_program", body | {"program": hopeless})["results"] == [0] * 3


def test_open_instructs_tests_may_be_code_and_json(service: str) -> None:
    """A test with several statements is one result."""
    tests = [
        "x = 1\nassert add(x, 2) == 3\nassert add(x, x) == 2",
        "for n in (1, 2):\n    assert n == add(n, 0)",
    ]
    body = {"program": "def add(a, b): return a + b or 5", "tests": json.dumps(tests)}

    assert post(service, "/test_program", body)["results"] == [1, 1]
    body["program"] = "def add(a, b): return 3"
    assert post(service, "/test_program", body)["results"] == [0, 0]


def test_open_instructs_stdio_has_results_and_times(service: str) -> None:
    """A slow test fails alone, a program with fences in it is one program."""
    tests = [{"input": n, "output": f"{n}\n"} for n in ("1", "2", "sleep", "3")]
    program = (
        'import time\n"""\n```python\nprint(5)\n```\n"""\ntext = input()\n'
        "time.sleep(30 * (text == 'sleep'))\nprint(text.replace('2', '4'))"
    )

    reply = post(
        service, "/test_program_stdio",
        {"program": program, "tests": tests, "max_execution_time": 1.0},
    )  # fmt: skip

    assert reply["results"] == [1, 0, 0, 1]
    assert [time >= 0 for time in reply["runtimes"]] == [True, False, False, True]


@pytest.mark.parametrize(
    ("tests", "problem"),
    [
        ("eJxrYJkyhQEADAEEBQ==", "packed as a pickle"),
        ([], "tests: found 0"),
        ([{"input": "1"}], "tests.0"),
        (["add(1, 2)"], "tests 0 to 0: tests: contain no assert"),
    ],
)
def test_broken_tests_are_refused_by_name(service: str, tests: object, problem: str) -> None:
    """They are no failed program."""
    reply = httpx.post(f"{service}/test_program", json={"program": "1", "tests": tests})

    assert reply.status_code == 422
    assert problem in reply.json()["error"]["message"]


def test_slime_gets_a_number(service: str) -> None:
    """The body of `remote_rm`, with a chat as its prompt."""
    body = {"prompt": [{"role": "user", "content": "Add."}], "label": LABEL}

    right = post(service, "/slime", body | {"response": f"{RIGHT}<|im_end|>"})
    wrong = post(service, "/slime/metrics", body | {"response": WRONG})
    broken = post(service, "/slime/metrics", body | {"response": RIGHT, "label": BROKEN})

    assert (right, wrong["reward"], wrong["tests_passed"]) == (1.0, 0.2, 1)
    assert (broken["reward"], broken["ungraded"]) == (0.0, 1)
    assert broken.keys() == wrong.keys()


def test_openrlhf_gets_lists(service: str) -> None:
    """One item for each query; none for none, which it sends to further servers."""
    body = {
        "query": [f"Add.\n{RIGHT}<|im_end|>", f"Add.\n{WRONG}", f"Add.\n{RIGHT}"],
        "prompts": ["Add.\n"] * 3,
        "labels": [LABEL, LABEL, BROKEN],
    }

    reply = post(service, "/openrlhf", body)

    assert (reply["rewards"], reply["scores"]) == ([1.0, 0.2, 0.0], [1.0, 0.0, 0.0])
    assert reply["extra_logs"]["ungraded"] == [0, 0, 1]
    empty = post(service, "/openrlhf", {"query": [], "prompts": [], "labels": []})
    assert (empty["rewards"], empty["extra_logs"]) == ([], {})


def test_gym_gets_its_body_back_with_a_reward(service: str) -> None:
    """A broken row has a failure class, and half a surrogate pair does not break the answer."""
    message = {
        "type": "message", "role": "assistant",
        "content": [{"type": "output_text", "text": RIGHT}],
    }  # fmt: skip
    body = {
        "responses_create_params": {"input": "Add."},
        "response": {"id": "1", "output": [{"type": "reasoning", "summary": []}, message]},
        "verifier_metadata": {"unit_tests": json.loads(LABEL)},
        "other": "\ud800",
    }

    def verify(given: dict[str, Any]) -> Any:
        reply = httpx.post(f"{service}/verify", content=json.dumps(given), timeout=120)
        assert reply.status_code == 200, reply.text
        return json.loads(reply.content)

    right = verify(body)
    broken = verify(body | {"verifier_metadata": {"unit_tests": json.loads(BROKEN)}})

    assert (right["reward"], right["verifier_tests_passed"], right["mask_sample"]) == (
        1.0,
        2,
        False,
    )
    assert body.items() <= right.items()
    assert (broken["mask_sample"], broken["_ng_failure_class"]) == (True, "verifier_data")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/verify", {"responses_create_params": {}, "response": {"output": [{"type": "message"}]}}),
        ("/verify", {"responses_create_params": {}, "response": {"output": []}, "x": float("nan")}),
        ("/verify", {"response": {}}),
        ("/slime", {"prompt": "", "label": LABEL}),
        ("/slime", []),
        ("/openrlhf", {"query": ["x"], "prompts": [], "labels": []}),
        ("/run_code", {"code": "1", "language": "python", "run_timeout": float("nan")}),
        ("/run_code", {"code": "1", "language": "python", "run_timeout": -1}),
        ("/run_code", {"code": "1", "language": "klingon"}),
        ("/run_code", {"code": "\ud800"}),
    ],
)  # fmt: skip
def test_bodies_of_another_form_are_refused(service: str, path: str, body: object) -> None:
    """They are an error of the client's, and no bug of ours."""
    reply = httpx.post(f"{service}{path}", content=json.dumps(body))

    assert reply.status_code == 422, reply.text


@pytest.mark.parametrize("path", PATHS)
def test_nobody_without_the_token_is_answered(service: str, path: str) -> None:
    """No route is open."""
    url = service.replace("any:t0ken-of-the-tests@", "")

    assert httpx.post(f"{url}{path}", content=b"{}").status_code == 401


def test_the_description_has_an_example_for_each_route(service: str) -> None:
    """Each of the examples is answered."""
    paths = httpx.get(f"{service}/openapi.json").json()["paths"]

    for path in PATHS:
        body = paths[path]["post"]["requestBody"]["content"]["application/json"]
        post(service, path, body["example"])
