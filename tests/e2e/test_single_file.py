"""The reward function as a single file, in an interpreter that has nothing else."""

import json
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from nova_code_verifier.handlers.reward import lambda_handler
from nova_code_verifier.handlers.single_file.bundle import build
from tests.e2e.emulator import running_function
from tests.e2e.samples import RIGHT, Sample, example_samples, square_sample
from tests.e2e.test_function import LOGGED_FIELDS
from tests.e2e.test_same_rows import comparable

# As the official clients run a local file. The last line is for us; those before it are the log.
DRIVER = """\
import json, sys
names = {}
exec(open(sys.argv[1]).read(), names)
event, context = json.load(sys.stdin)
print(json.dumps(names["lambda_handler"](event, context)))
"""
SCRIPT_STYLE = {"code": "assert square(3) == 9\nassert square(4) == 16"}
UNITTEST_STYLE = {
    "code": (
        "import unittest\n\n\nclass Square(unittest.TestCase):\n"
        "    def test_three(self):\n        self.assertEqual(square(3), 9)\n\n"
        "    def test_four(self):\n        self.assertEqual(square(4), 16)\n"
    )
}
PYTEST_STYLE = {"code": "def test_square():\n    assert square(3) == 9"}
PYTEST_IMPORTING = {"code": f"import pytest\n\n\n{PYTEST_STYLE['code']}"}


@pytest.fixture(scope="session")
def single_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the single file."""
    path = tmp_path_factory.mktemp("dist") / "reward_lambda.py"
    path.write_text(build(), encoding="ascii")
    return path


def run(
    single_file: Path,
    event: object,
    context: object = None,
    *,
    driver: str = DRIVER,
    **settings: str,
) -> list[str]:
    """Have the file score *event*, without any package; return what was printed, by lines."""
    done = start(single_file, event, context, driver=driver, **settings)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def start(
    single_file: Path,
    event: object,
    context: object = None,
    *,
    driver: str = DRIVER,
    **settings: str,
) -> subprocess.CompletedProcess[str]:
    """Have the file score *event*, however that ends."""
    base: str = getattr(sys, "_base_executable", sys.executable)
    return subprocess.run(
        [base, "-I", "-S", "-c", driver, single_file],
        input=json.dumps([event, context]),
        capture_output=True,
        text=True,
        timeout=100,
        cwd="/",
        env={"TMPDIR": str(single_file.parent), **settings},
        check=False,
    )


def score(single_file: Path, event: object, context: object = None) -> Any:
    """Have the file score *event*, and return its answer."""
    return json.loads(run(single_file, event, context)[-1])


def square_with_code(tests: dict[str, str]) -> Sample:
    """Ask for `square(n)`, and test it by code."""
    reference = {"tests": {"kind": "code", "entry_point": "square", **tests}}
    return square_sample(RIGHT) | {"reference_answer": reference}


def test_it_gives_the_rows_of_the_full_handler(single_file: Path) -> None:
    """All examples but those whose tests need pytest get the same rows as everywhere."""
    samples = [one for one in example_samples() if not one["id"].endswith("-pytest")]

    assert comparable(score(single_file, samples, {})) == comparable(lambda_handler(samples))


def test_it_reads_and_answers_envelopes(single_file: Path) -> None:
    """What is broken costs its own row, and an envelope is answered by one."""
    event = {"body": json.dumps([{"messages": [{"role": 1}]}, square_sample(RIGHT)])}

    answer = score(single_file, event, None)

    rewards = [row["aggregate_reward_score"] for row in json.loads(answer["body"])]
    assert (answer["statusCode"], rewards) == (200, [0.0, 1.0])


@pytest.mark.parametrize("tests", [SCRIPT_STYLE, UNITTEST_STYLE])
def test_test_code_is_judged(single_file: Path, tests: dict[str, str]) -> None:
    """Asserts and unittest need nothing but Python."""
    (row,) = score(single_file, [square_with_code(tests)])

    assert row["aggregate_reward_score"] == 1.0


@pytest.mark.parametrize("tests", [PYTEST_STYLE, PYTEST_IMPORTING])
def test_tests_for_pytest_are_refused_in_a_sentence(
    single_file: Path, tests: dict[str, str]
) -> None:
    """They cost their own row, as a dataset that cannot be graded here, and not a guess."""
    *log, answer = run(single_file, [square_with_code(tests), square_sample(RIGHT)])

    rewards = [row["aggregate_reward_score"] for row in json.loads(answer)]
    problems = [line["problem"] for line in map(json.loads, log) if line["problem"]]
    assert rewards == [0.0, 1.0]
    assert len(problems) == 1
    assert "pytest" in problems[0]


def test_the_log_has_the_same_fields(single_file: Path) -> None:
    """A dashboard reads the lines of either."""
    line, _ = run(single_file, [square_sample(RIGHT)])

    assert json.loads(line).keys() >= LOGGED_FIELDS | {"level", "message", "timestamp", "service"}


def test_the_judge_is_on_board(single_file: Path) -> None:
    """Whoever names a model gets its judge; what it asks with, boto3, is the platform's."""
    model = "amazon.nova-lite-v1:0"

    *_, answer = run(single_file, [square_sample(RIGHT)], VERIFIER_JUDGE_MODEL=model)

    assert json.loads(answer)[0]["aggregate_reward_score"] == 1.0


def test_an_executor_function_is_refused_in_a_sentence(single_file: Path) -> None:
    """Whoever asks for it must not have candidates run beside the references instead."""
    ended = start(single_file, [square_sample(RIGHT)], VERIFIER_EXECUTOR_FUNCTION="executor")

    assert ended.returncode != 0
    assert "VERIFIER_EXECUTOR_FUNCTION: the single file runs candidates by itself" in ended.stderr


def test_modules_of_the_same_names_are_left_alone(single_file: Path) -> None:
    """A user's own `nova_code_verifier` stays what it is, and is not taken for ours."""
    driver = (
        "import sys, types\n"
        "theirs = sys.modules['nova_code_verifier'] = types.ModuleType('nova_code_verifier')\n"
        f"{DRIVER}\n"
        "assert sys.modules['nova_code_verifier'] is theirs\n"
        "assert 'nova_code_verifier.sandbox' not in sys.modules"
    )

    (row,) = json.loads(run(single_file, [square_sample(RIGHT)], driver=driver)[-1])

    assert row["aggregate_reward_score"] == 1.0


def test_many_may_start_at_once(single_file: Path, tmp_path: Path) -> None:
    """Processes that unpack in one directory at the same time do not disturb each other."""
    copy = tmp_path / single_file.name
    copy.write_text(single_file.read_text())

    with ThreadPoolExecutor() as pool:
        answers = list(pool.map(lambda _: score(copy, [square_sample(RIGHT)]), range(3)))

    assert [row["aggregate_reward_score"] for (row,) in answers] == [1.0, 1.0, 1.0]
    assert len(list(tmp_path.glob("nova-code-verifier-*"))) == 1


def test_what_it_unpacked_cannot_be_written_to(single_file: Path, tmp_path: Path) -> None:
    """A guest that shares the user, but cannot `chmod`, changes no module of ours."""
    copy = tmp_path / single_file.name
    copy.write_text(single_file.read_text())

    run(copy, [])

    (place,) = tmp_path.glob("nova-code-verifier-*")
    modes = {stat.S_IMODE(path.stat().st_mode) for path in [place, *place.rglob("*")]}
    assert modes == {0o500, 0o400}


def test_it_runs_as_a_function(single_file: Path, emulator: Path) -> None:
    """Lambda's runtime client imports it, and gets the rows of the full handler."""
    samples = [square_sample(RIGHT), square_sample("def square(n):\n    return 9")]

    with running_function(
        emulator, handler="reward_lambda.lambda_handler", PYTHONPATH=str(single_file.parent)
    ) as function:
        answer = function.invoke(samples)

    assert comparable(answer) == comparable(lambda_handler(samples))
