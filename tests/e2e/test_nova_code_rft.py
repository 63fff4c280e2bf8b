"""examples/nova-code-rft against Lambda's emulator, and against the official validator."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.fleet import Deployment, Fleet, running_fleet
from tests.e2e.test_official_validator import problem_of
from tests.e2e.two_functions import two_functions
from tests.paths import EXAMPLES, REPOSITORY
from tests.unit.handlers.cli.command_line import COMMAND, ENVIRONMENT

pytestmark = pytest.mark.slow

EXAMPLE = EXAMPLES / "nova-code-rft"
HANDLER = "nova_code_verifier.handlers.reward.lambda_handler"


@pytest.fixture(params=["one function", "two functions without sessions"])
def fleet(emulator: Path, request: pytest.FixtureRequest) -> Iterator[Fleet]:
    """Serve the reward function as `reward`. Without sessions, as on a kernel without Landlock."""
    if request.param == "one function":
        with running_fleet(emulator, reward=Deployment(handler=HANDLER)) as fleet:
            yield fleet
    else:
        with two_functions(emulator, VERIFIER_EXECUTOR_SESSIONS="never") as fleet:
            yield fleet


def check_function(fleet: Fleet, rows: Path) -> subprocess.CompletedProcess[str]:
    """Run the script of the page."""
    variables = {
        "AWS_ENDPOINT_URL_LAMBDA": fleet.url,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
    }
    return subprocess.run(
        [sys.executable, EXAMPLE / "check_function.py", rows, "reward"],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        env=os.environ | variables,
    )


def test_the_deployed_function_grades_the_rows_of_the_example(fleet: Fleet) -> None:
    """Reference solutions earn everything, and programs that do nothing earn less."""
    done = check_function(fleet, EXAMPLE / "train.jsonl")

    assert (done.stdout.strip(), done.returncode) == ("240 samples, 0 unexpected rewards", 0)


def test_the_script_reports_a_wrong_reference_solution(emulator: Path, tmp_path: Path) -> None:
    """Its exit status is 1, and it names the row."""
    row = (EXAMPLE / "train.jsonl").read_text("utf-8").splitlines()[0]
    rows = tmp_path / "rows.jsonl"
    rows.write_text(row.replace(r"\n      return c\"", r"\n      return str1\""), "utf-8")
    assert rows.read_text("utf-8") != row

    with running_fleet(emulator, reward=Deployment(handler=HANDLER)) as fleet:
        done = check_function(fleet, rows)

    assert done.stdout.startswith("602 right: "), done
    assert done.returncode == 1


@pytest.mark.timeout(300)  # it runs 1300 programs
def test_the_audit_finds_what_the_page_says() -> None:
    """No errors, and 25 rows in which a constant answer passes most tests."""
    options = ["--json", "--repeat", "1", "--processes", "0"]
    done = subprocess.run(
        [*COMMAND, "audit", EXAMPLE / "mbpp-train.jsonl", *options],
        capture_output=True,
        cwd=REPOSITORY,
        env=ENVIRONMENT,
        timeout=280,
        check=True,
    )

    findings = json.loads(done.stdout)["findings"]

    kinds = Counter((finding["severity"], finding["kind"]) for finding in findings)
    assert kinds == {("warning", "high_guess_baseline"): 25, ("note", "duplicate_cases"): 1}


def test_the_rows_of_the_example_pass_the_official_validator(clients: Path) -> None:
    """For training jobs, HyperPod and Bedrock."""
    assert problem_of(clients, (EXAMPLE / "train.jsonl").read_text("utf-8")) is None
