"""`verifier judge-check`: its exit statuses and its settings."""

import contextlib
import os
import pty
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

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
from tests.unit.handlers.cli.command_line import COMMAND, ENVIRONMENT
from tests.unit.handlers.cli.judge_check.judging import MODEL, findings_of, judge_check, row

DENIED = fails("AccessDeniedException", 403, "You don't have access to the model.")
EXAMPLE = "examples/judge.jsonl"


def test_the_settings_of_the_reward_function_apply() -> None:
    """Prompt and extraction are those of the environment; --model replaces its model."""

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

    assert findings_of(script, row(0), **settings)["rows"][0]["scores"] == [0.5] * 3


def test_the_example_file_can_be_judged() -> None:
    """Each of its rows gets a score every time."""
    done = judge_check([says("0.5")], "", EXAMPLE, VERIFIER_JUDGE_MODEL=MODEL)

    assert done.returncode == 0
    assert "18 to 6 rows, 18 with a score" in done.stdout


def test_no_score_at_all_is_status_1() -> None:
    """One line gives the first reason, and no empty distribution is printed before it."""
    done = judge_check([DENIED], row(0), "-", "--model", MODEL)

    assert done.returncode == 1
    assert "no call of the judge gave a score; line 1: judge is misconfigured" in done.stderr
    assert "Traceback" not in done.stderr
    assert "0.0 to 0.1" not in done.stdout


def test_a_missing_model_is_status_2() -> None:
    """The error names the setting and the option."""
    done = judge_check([], row(0), "-")

    assert done.returncode == 2
    assert done.stderr.startswith("verifier: VERIFIER_JUDGE_MODEL: not set")
    assert "--model" in done.stderr


@contextmanager
def running(
    script: Script, **streams: Any
) -> Iterator[tuple[subprocess.Popen[bytes], FakeBedrock]]:
    """Start a check of the example, and do not wait for its end."""
    with serving_bedrock(script) as standin:
        address = {"AWS_ENDPOINT_URL_BEDROCK_RUNTIME": standin.url, "TERM": "xterm"}
        process = subprocess.Popen(
            [*COMMAND, "judge-check", EXAMPLE, "--model", MODEL],
            cwd=REPOSITORY,
            env=ENVIRONMENT | CREDENTIALS | address,
            **streams,
        )
        try:
            yield process, standin
        finally:
            process.kill()
            process.communicate()


def test_control_c_ends_it_while_the_judge_hangs() -> None:
    """It prints one line, and does not wait for an answer."""
    silent = [says("1", delay_seconds=SILENCE_SECONDS)]
    with running(silent, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as (process, standin):
        until = time.monotonic() + 20
        while not standin.requests and time.monotonic() < until:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=10)

    assert (process.returncode, errors) == (130, b"verifier: interrupted\n")


def test_a_bar_shows_the_progress() -> None:
    """On a terminal, it counts the answers."""
    ours, theirs = pty.openpty()
    with running([says("0.5")], stdout=subprocess.DEVNULL, stderr=theirs) as (process, _):
        os.close(theirs)
        shown = b""
        # Linux reports an error when the other end of the terminal is closed.
        with contextlib.suppress(OSError):
            while piece := os.read(ours, 2**16):
                shown += piece
        os.close(ours)
        assert process.wait(timeout=10) == 0

    assert b"judging " in shown
    assert b"answers" in shown
