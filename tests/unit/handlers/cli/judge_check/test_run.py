"""`verifier judge-check`, as a user meets it, with a stand-in for Bedrock."""

import contextlib
import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import pytest

from tests.fakes import (
    CREDENTIALS,
    SILENCE_SECONDS,
    FakeBedrock,
    HttpReply,
    Script,
    fails,
    says,
    serving_bedrock,
)
from tests.paths import REPOSITORY

COMMAND = (sys.executable, "-m", "nova_code_verifier.handlers.cli", "judge-check")
ENVIRONMENT = {name: text for name, text in os.environ.items() if not name.startswith("VERIFIER_")}
MODEL = "us.amazon.nova-pro-v1:0"
DENIED = fails("AccessDeniedException", 403, "You don't have access to the model.")


def row(score: float, *, human: object = None, **more: object) -> str:
    """Write a line to which a stand-in's judge answers *score*."""
    response = f"worth {score}"
    fields = {"response": response, "reference": "?", "human_score": human} | more
    return f"{json.dumps(fields)}\n"


def as_written(request: dict[str, Any]) -> HttpReply:
    """Give each response the score that it holds."""
    text = request["messages"][0]["content"][0]["text"]
    return says(text.rpartition("worth ")[2].partition("\n")[0])


def judge_check(
    script: Script, text: str, *arguments: str, **settings: str
) -> subprocess.CompletedProcess[str]:
    """Check a stand-in's judge on lines of *text*."""
    with serving_bedrock(script) as standin:
        address = {"AWS_ENDPOINT_URL_BEDROCK_RUNTIME": standin.url}
        return subprocess.run(
            [*COMMAND, *arguments],
            input=text,
            capture_output=True,
            text=True,
            cwd=REPOSITORY,
            env=ENVIRONMENT | CREDENTIALS | address | settings,
            timeout=60,
            check=False,
        )


def found(script: Script, text: str, *arguments: str, **settings: str) -> dict[str, Any]:
    """Return what `--json` prints."""
    done = judge_check(script, text, "-", "--json", "--model", MODEL, *arguments, **settings)
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_every_row_is_judged_as_often_as_asked() -> None:
    """Each repetition is a question of its own."""
    numbers = count()

    report = found(lambda _: says(f"0.{next(numbers)}"), row(0), "--repeat", "4")

    assert report["answers"] == 4
    assert report["rows"][0]["scores"] == [0.0, 0.1, 0.2, 0.3]


def test_consistency_is_of_rows_whose_scores_are_all_the_same() -> None:
    """A row that varies counts as a whole, and by how much."""
    numbers = count()

    def script(request: dict[str, Any]) -> HttpReply:
        varies = "worth 0.5" in request["messages"][0]["content"][0]["text"]
        return says("0.8" if varies and next(numbers) else "0.5")

    report = found(script, row(0.5) + row(0.1) + row(0.2) + row(0.3))

    assert report["consistency"] == {
        "rows": 4,
        "same_every_time": 3,
        "mean_spread": pytest.approx(0.075),
        "max_spread": pytest.approx(0.3),
    }


@pytest.mark.parametrize(("humans", "agreement"), [([1, 2, 3], 1.0), ([3, 2, 1], -1.0)])
def test_agreement_is_with_the_order_of_human_scores(humans: list[int], agreement: float) -> None:
    """On any scale; rows without one do not count."""
    lines = [row(score, human=human) for score, human in zip((0.1, 0.2, 0.9), humans, strict=True)]

    report = found(as_written, "".join(lines) + row(0.5))

    assert report["agreement"] == {"rows": 3, "spearman": pytest.approx(agreement)}


def test_scores_are_counted_by_tenths() -> None:
    """All of them, each time."""
    report = found(as_written, row(0) + row(0.95) + row(1), "--repeat", "2")

    assert report["distribution"] == [2, 0, 0, 0, 0, 0, 0, 0, 0, 4]


def test_failures_are_counted_by_kind() -> None:
    """And cost no other row anything."""
    report = found(as_written, row(7) + row(0.5), "--repeat", "2")

    assert report["failures"] == {"judge's number is out of range": 2}
    assert report["rows"][0]["scores"] == [None, None]
    assert report["rows"][1]["scores"] == [0.5, 0.5]


def test_people_get_a_table() -> None:
    """With everything in it, on a console without a single bar of colour."""
    text = row(0.1, human=1) + row(0.9, human=2) + row(7)

    done = judge_check(as_written, text, "-", "--model", MODEL)

    assert done.returncode == 0
    assert "9 to 3 rows, 6 with a score" in done.stdout
    assert "100% of 2 rows got the same score every time" in done.stdout
    assert "1.00 (Spearman, with 2 human scores)" in done.stdout
    assert "0.1 to 0.2  3  █" in done.stdout
    assert "judge's number is out of range  3" in done.stdout
    assert "line 3: judge's number is out of range: 7 is not from 0 to 1" in done.stdout
    assert "\x1b" not in done.stdout
    assert done.stderr == ""


def test_the_settings_are_the_reward_functions() -> None:
    """Model, prompt and extraction count here too; --model goes before VERIFIER_JUDGE_MODEL."""

    def script(request: dict[str, Any]) -> HttpReply:
        text = request["messages"][0]["content"][0]["text"]
        as_set = text.startswith("Same? ") and request["modelId"] == MODEL
        return says("0.5 I would say" if as_set else "no")

    settings = {
        "VERIFIER_JUDGE_MODEL": "another.model",
        "VERIFIER_JUDGE_PROMPT": "Same? {response} {reference}",
        "VERIFIER_JUDGE_EXTRACTION": "flexible",
        "VERIFIER_JUDGE_CONCURRENCY": "2",
    }

    assert found(script, row(0), **settings)["rows"][0]["scores"] == [0.5] * 3


def test_the_example_is_of_the_right_form() -> None:
    """What the documentation points to works as it stands."""
    with serving_bedrock([says("0.5")]) as standin:
        done = subprocess.run(
            [*COMMAND, "examples/judge.jsonl"],
            capture_output=True,
            text=True,
            cwd=REPOSITORY,
            env=ENVIRONMENT
            | CREDENTIALS
            | {
                "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": standin.url,
                "VERIFIER_JUDGE_MODEL": MODEL,
            },
            check=True,
        )

    assert "18 to 6 rows, 18 with a score" in done.stdout


def test_nothing_judged_is_a_failure() -> None:
    """The exit status is 1, and the first problem is told."""
    done = judge_check([DENIED], row(0), "-", "--model", MODEL)

    assert done.returncode == 1
    assert "nothing could be judged; line 1: judge is misconfigured" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_model_there_is_nothing_to_check() -> None:
    """The error names the setting and the option."""
    done = judge_check([], row(0), "-")

    assert done.returncode == 2
    assert done.stderr.startswith("verifier: VERIFIER_JUDGE_MODEL: not set")
    assert "--model" in done.stderr


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("nonsense", "line 2: expected one JSON object"),
        ("[]", "line 2: expected one JSON object"),
        ("[" * 100_000, "line 2: expected one JSON object"),
        ('{"response": "a"}', "line 2: reference: expected text"),
        ('{"response": 1, "reference": "a"}', "line 2: response: expected text"),
        (row(0, human="good"), "line 2: human_score: expected a number"),
        (row(0, human=True), "line 2: human_score: expected a number"),
        (row(0, human=[1]), "line 2: human_score: expected a number"),
        (row(0, human=float("nan")), "line 2: human_score: expected a number"),
        (row(0, human=10**400), "line 2: human_score: expected a number"),
    ],
)
def test_a_broken_line_is_named(line: str, words: str) -> None:
    """With its field, before anything is paid for."""
    with serving_bedrock([says("1")]) as standin:
        done = judge_check([], row(0) + line, "-", "--model", MODEL)

        assert done.returncode == 2
        assert words in done.stderr
        assert "Traceback" not in done.stderr
        assert standin.requests == []


@pytest.mark.parametrize("text", ["", "\n \n"])
def test_an_empty_file_is_told(text: str) -> None:
    """It is no success to have asked nothing."""
    done = judge_check([], text, "-", "--model", MODEL)

    assert done.returncode == 2
    assert "there are no rows in it" in done.stderr


def test_control_characters_never_reach_the_terminal() -> None:
    """Neither from the judge nor from the service."""
    hostile = fails("AccessDeniedException", 403, "\x1b[2J\x07")

    done = judge_check([hostile], row(0), "-", "--model", MODEL)

    assert "\x1b" not in done.stdout + done.stderr
    assert "\x07" not in done.stdout + done.stderr


@contextmanager
def under_way(
    script: Script, **streams: Any
) -> Iterator[tuple[subprocess.Popen[bytes], FakeBedrock]]:
    """Start a check of the example, and let it go on."""
    with serving_bedrock(script) as standin:
        address = {"AWS_ENDPOINT_URL_BEDROCK_RUNTIME": standin.url, "TERM": "xterm"}
        process = subprocess.Popen(
            [*COMMAND, "examples/judge.jsonl", "--model", MODEL],
            cwd=REPOSITORY,
            env=ENVIRONMENT | CREDENTIALS | address,
            **streams,
        )
        try:
            yield process, standin
        finally:
            process.kill()
            process.communicate()


def test_control_c_ends_it_even_while_the_judge_hangs() -> None:
    """At once, in one sentence."""
    silent = [says("1", delay_seconds=SILENCE_SECONDS)]
    with under_way(silent, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as (process, standin):
        until = time.monotonic() + 20
        while not standin.requests and time.monotonic() < until:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=10)

    assert (process.returncode, told) == (130, b"verifier: interrupted\n")


def test_a_bar_shows_how_far_it_is() -> None:
    """On a terminal, as `verifier score` does."""
    ours, theirs = pty.openpty()
    with under_way([says("0.5")], stdout=subprocess.DEVNULL, stderr=theirs) as (process, _):
        os.close(theirs)
        seen = b""
        with contextlib.suppress(OSError):  # how a terminal says that nobody is at its other end
            while piece := os.read(ours, 2**16):
                seen += piece
        os.close(ours)
        assert process.wait(timeout=10) == 0

    assert b"judging " in seen
    assert b"answers" in seen
