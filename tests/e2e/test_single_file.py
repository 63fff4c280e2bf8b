"""The reward function as a single file, in an interpreter without any package."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from nova_code_verifier.handlers.reward import lambda_handler
from nova_code_verifier.handlers.single_file.bundle import build
from tests.e2e.emulator import running_function
from tests.e2e.samples import RIGHT, Sample, example_samples, square_sample, without_durations
from tests.e2e.test_function import LOGGED_FIELDS

# The official clients execute a local file like this. Its last line is the answer, the lines
# before it are the log.
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


def run(single_file: Path, event: object, context: object = None, **options: str) -> list[str]:
    """Score *event* with the single file, and return the lines that it printed."""
    done = start(single_file, event, context, **options)
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
    """Start the single file with *event*, and return the process, whatever its status is."""
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
    """Score *event* with the single file, and return its answer."""
    return json.loads(run(single_file, event, context)[-1])


def square_with_code(tests: dict[str, str]) -> Sample:
    """Return a sample that asks for `square(n)` and has test code."""
    reference = {"tests": {"kind": "code", "entry_point": "square", **tests}}
    return square_sample(RIGHT) | {"reference_answer": reference}


def test_the_single_file_returns_the_rows_of_the_handler(single_file: Path) -> None:
    """All examples have the same rows, except those whose tests need pytest."""
    samples = [sample for sample in example_samples() if not sample["id"].endswith("-pytest")]

    assert without_durations(score(single_file, samples, {})) == without_durations(
        lambda_handler(samples)
    )


def test_an_envelope_is_answered_by_an_envelope(single_file: Path) -> None:
    """The answer has a status, and a row for each sample, a malformed one included."""
    event = {"body": json.dumps([{"messages": [{"role": 1}]}, square_sample(RIGHT)])}

    answer = score(single_file, event, None)

    rewards = [row["aggregate_reward_score"] for row in json.loads(answer["body"])]
    assert (answer["statusCode"], rewards) == (200, [0.0, 1.0])


def test_the_single_file_returns_details(single_file: Path) -> None:
    """It has the modules that rows with details need."""
    (row,) = score(single_file, {"batch": [square_sample(RIGHT)], "details": "full"})

    assert (row["details"]["verdict"], len(row["details"]["cases"])) == ("accepted", 2)


@pytest.mark.parametrize("tests", [SCRIPT_STYLE, UNITTEST_STYLE], ids=["asserts", "unittest"])
def test_asserts_and_unittest_are_graded(single_file: Path, tests: dict[str, str]) -> None:
    """They need nothing but Python."""
    (row,) = score(single_file, [square_with_code(tests)])

    assert row["aggregate_reward_score"] == 1.0


@pytest.mark.parametrize("tests", [PYTEST_STYLE, PYTEST_IMPORTING], ids=["functions", "import"])
def test_tests_that_need_pytest_are_refused(single_file: Path, tests: dict[str, str]) -> None:
    """Their sample is ungraded, the log names pytest, and the other sample is graded."""
    *log, answer = run(single_file, [square_with_code(tests), square_sample(RIGHT)])

    rewards = [row["aggregate_reward_score"] for row in json.loads(answer)]
    problems = [line["problem"] for line in map(json.loads, log) if line["problem"]]
    assert rewards == [0.0, 1.0]
    assert len(problems) == 1
    assert "pytest" in problems[0]


def test_the_log_has_the_fields_of_the_handlers_log(single_file: Path) -> None:
    """A dashboard reads the lines of both."""
    line, _ = run(single_file, [square_sample(RIGHT)])

    assert json.loads(line).keys() >= LOGGED_FIELDS | {"level", "message", "timestamp", "service"}


def test_the_single_file_has_the_text_judge(single_file: Path) -> None:
    """A start with a judge's model succeeds: boto3, which the judge needs, is the platform's."""
    model = "amazon.nova-lite-v1:0"

    *_, answer = run(single_file, [square_sample(RIGHT)], VERIFIER_JUDGE_MODEL=model)

    assert json.loads(answer)[0]["aggregate_reward_score"] == 1.0


def test_the_setting_of_an_executor_function_is_refused(single_file: Path) -> None:
    """To ignore it would run candidates on the machine that has the references."""
    ended = start(single_file, [square_sample(RIGHT)], VERIFIER_EXECUTOR_FUNCTION="executor")

    assert ended.returncode != 0
    assert "VERIFIER_EXECUTOR_FUNCTION: the single file runs candidates by itself" in ended.stderr


def test_a_module_of_the_same_name_is_not_replaced(single_file: Path) -> None:
    """A user's own `nova_code_verifier` stays in `sys.modules`, and ours is loaded without it."""
    driver = (
        "import sys, types\n"
        "theirs = sys.modules['nova_code_verifier'] = types.ModuleType('nova_code_verifier')\n"
        f"{DRIVER}\n"
        "assert sys.modules['nova_code_verifier'] is theirs\n"
        "assert 'nova_code_verifier.sandbox' not in sys.modules"
    )

    (row,) = json.loads(run(single_file, [square_sample(RIGHT)], driver=driver)[-1])

    assert row["aggregate_reward_score"] == 1.0


def test_several_processes_may_start_at_once(single_file: Path, tmp_path: Path) -> None:
    """Processes that unpack at the same time all score, and leave no directory behind."""
    copy = tmp_path / single_file.name
    copy.write_text(single_file.read_text())

    with ThreadPoolExecutor() as pool:
        answers = list(pool.map(lambda _: score(copy, [square_sample(RIGHT)]), range(3)))

    assert [row["aggregate_reward_score"] for (row,) in answers] == [1.0, 1.0, 1.0]
    assert list(tmp_path.iterdir()) == [copy]


def test_the_unpacked_modules_are_read_only(single_file: Path, tmp_path: Path) -> None:
    """A guest with the same user id, which cannot call `chmod`, changes no module of ours."""
    copy = tmp_path / single_file.name
    copy.write_text(single_file.read_text())

    look = (
        "\nimport pathlib\nparent = pathlib.Path(sys.argv[1]).parent"
        "\n(directory,) = parent.glob('nova-code-verifier-*')"
        "\nprint({oct(p.stat().st_mode & 0o777) for p in [directory, *directory.rglob('*')]})"
    )

    assert eval(run(copy, [], driver=DRIVER + look)[-1]) == {"0o500", "0o400"}


def test_the_single_file_runs_as_a_function(single_file: Path, emulator: Path) -> None:
    """Lambda's runtime client imports it, and it returns the rows of the handler."""
    samples = [square_sample(RIGHT), square_sample("def square(n):\n    return 9")]

    with running_function(
        emulator, handler="reward_lambda.lambda_handler", PYTHONPATH=str(single_file.parent)
    ) as function:
        answer = function.invoke(samples)

    assert without_durations(answer) == without_durations(lambda_handler(samples))
