"""`verifier score`, as a process and with a fake executor."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from nova_code_verifier.handlers import executors
from nova_code_verifier.handlers.cli.app import app
from nova_code_verifier.handlers.executors import start_local
from nova_code_verifier.handlers.settings import Settings
from nova_code_verifier.sandbox.types import Ending, Execution
from tests.unit.handlers.cli.command_line import FakeExecutor, rows_of, sample, verifier

RUBRIC_FOR_FORMAT = "[weights]\ncorrectness = 0\ncompile = 0\nformat = 1\n[reward]\nrange = [-1, 1]"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Return a file with one sample, and one that has no completion."""
    path = tmp_path / "samples.jsonl"
    no_completion = (
        '{"id": "s-2", "messages": [], "reference_answer": [{"input": "", "output": ""}]}'
    )
    path.write_text(f"{sample('print(8)')}\n{no_completion}\n")
    return path


def score(
    monkeypatch: pytest.MonkeyPatch, executor: FakeExecutor, *arguments: str | Path
) -> Result:
    """Run `verifier score` with *executor*."""
    monkeypatch.setattr(executors, "start_executor", lambda _settings, **_: executor)
    monkeypatch.setenv("VERIFIER_CONTROL_SAMPLES", "0")  # the executor does not run them
    return CliRunner().invoke(app, ["score", *map(str, arguments)])


def test_the_line_in_the_help_scores_full_marks() -> None:
    """The line of input in the help can be copied, and gives the line of output in the help."""
    shown = verifier("score", "--help").stdout.splitlines()
    line, whole_row, answer = (text for text in map(str.strip, shown) if text.startswith("{"))

    row, second = rows_of(verifier("score", "-", stdin=f"{line}\n{whole_row}").stdout)

    assert (second["id"], second["aggregate_reward_score"]) == (2, 0.9)  # it has no fence
    assert json.dumps(row)[: answer.index(", ...")] == answer[: answer.index(", ...")]


def test_a_wrong_program_is_status_0() -> None:
    """The run succeeds if every sample has a row, whatever its reward."""
    done = verifier("score", "-", stdin=sample("print(5)"))

    assert (done.returncode, len(rows_of(done.stdout))) == (0, 1)


def test_details_show_the_verdict_of_each_case() -> None:
    """With --details, a row holds a verdict and an output per case; without, no such field."""
    plain = verifier("score", "-", stdin=sample())
    detailed = verifier("score", "-", "--details", stdin=sample())

    assert "details" not in rows_of(plain.stdout)[0]
    (case,) = rows_of(detailed.stdout)[0]["details"]["cases"]
    assert (case["verdict"], case["stdout"]) == ("accepted", "8\n")


def test_the_summary_is_on_standard_error() -> None:
    """It counts, averages over what was graded, and names the isolation level."""
    lines = [sample(), sample("print(5)"), sample("?"), "broken"]

    done = verifier("score", "-", stdin="\n".join(lines))

    words = done.stderr.split()
    assert words[:2] == ["samples", "4"]
    mean = (1.0 + 0.2 + 0.12) / 3
    assert words[words.index("reward") + 1] == f"{mean:.4f}"
    shares = {v: words[words.index(v) + 2] for v in ("accepted", "wrong_answer", "ungraded")}
    assert set(shares.values()) == {"25.0%"}
    assert words[words.index("isolation") + 2] in ("kernel", "interpreter")


def test_problems_of_the_dataset_follow_the_summary() -> None:
    """The first five are listed with line and id, and the others are counted."""
    bad = "".join(f'{{"id": "row-{number}", "messages": 0}}\n' for number in range(7))

    done = verifier("score", "-", stdin=f"{bad}{sample()}")

    *_, heading, first, _, _, _, fifth, more = done.stderr.splitlines()
    assert heading.startswith("7 samples could not be graded")
    assert first.startswith("  line 1 (id row-0): messages: ")
    assert fifth.startswith("  line 5 (id row-4): ")
    assert more == "  and 2 more"


def test_quiet_prints_nothing() -> None:
    """With --quiet, standard error stays empty even if the dataset has problems."""
    done = verifier("score", "-", "--quiet", stdin=f"{sample()}\nbroken\n")

    assert (done.stderr, len(rows_of(done.stdout))) == ("", 2)


def test_the_rubric_decides_the_reward(tmp_path: Path) -> None:
    """A wrong program in good form gets the highest reward of a rubric that pays for form only."""
    rubric = tmp_path / "rubric.toml"
    rubric.write_text(RUBRIC_FOR_FORMAT)
    lines = f"{sample('print(0)')}\n{sample().replace('```', '')}\n"

    done = verifier("score", "-", "--rubric", rubric, stdin=lines)

    rewards = [row["aggregate_reward_score"] for row in rows_of(done.stdout)]
    assert (rewards, done.returncode) == ([1.0, -1.0], 0)


def test_the_checker_decides_what_is_right() -> None:
    """--checker is for all rows that name no checker; rows with test code have none."""
    half = {"inputs": ["", "1"], "outputs": ["0.50", "1"]}
    lines = [
        sample("print(0.5)", reference=half),
        sample("def f(x): return x", reference={"test_list": ["assert f(1) == 1"]}),
    ]

    def passed(*options: str) -> list[float]:
        rows = rows_of(verifier("score", "-", *options, stdin="\n".join(lines)).stdout)
        metrics = [{each["name"]: each["value"] for each in row["metrics_list"]} for row in rows]
        return [each["tests_passed"] for each in metrics]

    assert passed() == [1.0, 1.0]
    assert passed("--checker", "exact") == [0.0, 1.0]


def test_tests_share_a_process_only_if_that_is_allowed() -> None:
    """--shared-process, or its variable, grades tests that no session carries; each row says so."""
    code = "import sys\nassert f(sys._getframe()) is not None\nassert f(1) == 1"
    line = sample("def f(x): return x", reference={"test": code})

    def metrics(*options: str, **settings: str) -> dict[str, float]:
        (row,) = rows_of(verifier("score", "-", *options, stdin=line, **settings).stdout)
        found = {each["name"]: each["value"] for each in row["metrics_list"]}
        return {name: found[name] for name in ("correctness", "ungraded", "shared_process")}

    allowed = {"correctness": 1.0, "ungraded": 0.0, "shared_process": 1.0}
    refused = {"correctness": 0.0, "ungraded": 1.0, "shared_process": 0.0}
    assert metrics() == refused
    assert metrics("--shared-process", "allow") == allowed
    assert metrics(VERIFIER_SHARED_PROCESS="allow") == allowed
    assert metrics("--shared-process", "refuse", VERIFIER_SHARED_PROCESS="allow") == refused


def test_the_example_rubric_changes_no_reward() -> None:
    """The examples get the same rewards with it and without it."""
    rewards = [
        [
            row["aggregate_reward_score"]
            for row in rows_of(verifier("score", "examples/completions.jsonl", *options).stdout)
        ]
        for options in ((), ("--rubric", "examples/rubric.toml"))
    ]

    assert rewards[0] == rewards[1] != []


def test_an_outage_is_status_1_and_every_row_is_written(
    monkeypatch: pytest.MonkeyPatch, source: Path, tmp_path: Path
) -> None:
    """Samples that the verifier failed to grade have ungraded rows, and one line counts them."""
    out = tmp_path / "rows.jsonl"
    lost = FakeExecutor(Execution(ending=Ending.NOT_RUN, detail="the worker burnt down"))

    result = score(monkeypatch, lost, source, "--out", out, "--quiet")

    rows = rows_of(out.read_text())
    ungraded = [m["value"] for row in rows for m in row["metrics_list"] if m["name"] == "ungraded"]
    assert (result.exit_code, ungraded) == (1, [1.0, 0.0])
    assert result.stderr.startswith("verifier: 1 of 2 samples could not be graded")
    assert result.stderr.endswith("the worker burnt down\n")


def test_a_bug_shows_its_traceback(
    monkeypatch: pytest.MonkeyPatch, source: Path, tmp_path: Path
) -> None:
    """A bug costs only the sample that it happened on, and its traceback is printed."""
    too_few = FakeExecutor()  # no execution for the one case: grading it raises

    result = score(monkeypatch, too_few, source, "--out", tmp_path / "rows", "--quiet")

    assert result.exit_code == 1
    assert "1 of 2 samples" in result.stderr
    assert "Traceback" in result.stderr


def test_a_sandbox_that_cannot_start_is_status_1(
    monkeypatch: pytest.MonkeyPatch, source: Path, tmp_path: Path
) -> None:
    """One line gives the reason, and the file named as --out keeps its content."""
    out = tmp_path / "rows.jsonl"
    out.write_text("precious")

    result = score(monkeypatch, FakeExecutor(refusal="not granted"), source, "--out", out)

    assert (result.exit_code, result.stderr) == (1, "verifier: not granted\n")
    assert out.read_text() == "precious"


def test_workers_sets_the_number_of_workers(monkeypatch: pytest.MonkeyPatch, source: Path) -> None:
    """The number of --workers is passed to the executor."""
    requested: list[int | None] = []

    def start(_settings: object, *, workers: int | None) -> FakeExecutor:
        requested.append(workers)
        return FakeExecutor(refusal="the test needs no more")

    monkeypatch.setattr(executors, "start_executor", start)
    CliRunner().invoke(app, ["score", str(source), "--workers", "3"])

    assert requested == [3]


@pytest.mark.parametrize(("requested", "expected"), [(2, 2), (None, 1)])
def test_workers_replaces_the_setting(requested: int | None, expected: int) -> None:
    """VERIFIER_WORKERS counts only if --workers is not given."""
    with start_local(Settings(workers=1), workers=requested) as executor:
        assert len(executor.zygote_pids) == expected


def test_columns_with_other_names_are_named_by_options() -> None:
    """The options name the columns of completion, reference and id; a dot leads into a dict."""
    row = {"key": "k-1", "out": {"text": "print(8)"}, "gold": [{"input": "4", "output": "8"}]}
    options = ("--completion-field", "out.text", "--reference-field", "gold", "--id-field", "key")

    (scored,) = rows_of(verifier("score", "-", *options, stdin=json.dumps(row)).stdout)
    explained = verifier("explain", "-", "--id", "k-1", *options, stdin=json.dumps(row))

    assert (scored["id"], scored["aggregate_reward_score"]) == ("k-1", 0.9)  # it has no fence
    assert explained.stdout.startswith("k-1: accepted, reward 0.9")
