"""The command line, as a user meets it: started as a process, judged by what comes out."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from nova_code_verifier.handlers.settings import load_rubric
from nova_code_verifier.verifier.rubric import DEFAULT_RUBRIC
from tests.paths import REPOSITORY

COMMAND = (sys.executable, "-m", "nova_code_verifier.handlers.cli")
ENVIRONMENT = {name: text for name, text in os.environ.items() if not name.startswith("VERIFIER_")}

DOUBLE = "print(2 * int(input()))"
ENDLESS = "while True: pass"


def sample(program: str = DOUBLE, *, sample_id: object = "s-1") -> str:
    """Write a sample whose completion is *program*, and whose test asks for twice the input."""
    content = f"```python\n{program}\n```"
    return json.dumps(
        {
            "id": sample_id,
            "messages": [{"role": "assistant", "content": content}],
            "reference_answer": [{"input": "4", "output": "8"}],
        }
    )


def no_completions(count: int) -> str:
    """Write *count* samples that cost next to nothing to score."""
    return "".join(f'{{"id": {number}, "messages": []}}\n' for number in range(count))


def verifier(
    *arguments: str | Path, stdin: str | bytes = b"", **settings: str
) -> subprocess.CompletedProcess[str]:
    """Run the command line to its end."""
    done = subprocess.run(
        [*COMMAND, *arguments],
        input=stdin.encode() if isinstance(stdin, str) else stdin,
        capture_output=True,
        cwd=REPOSITORY,
        env=ENVIRONMENT | settings,
        timeout=30,
        check=False,
    )
    return subprocess.CompletedProcess(
        done.args, done.returncode, done.stdout.decode(), done.stderr.decode()
    )


def rows_of(text: str) -> list[dict[str, Any]]:
    """Read rows, one a line."""
    return [json.loads(line) for line in text.splitlines()]


def metric(row: dict[str, Any], name: str) -> float:
    """Return the value of one of a row's metrics."""
    return next(float(one["value"]) for one in row["metrics_list"] if one["name"] == name)


@pytest.fixture
def one_sample(tmp_path: Path) -> Path:
    """Return a file that holds one sample."""
    path = tmp_path / "samples.jsonl"
    path.write_text(sample() + "\n")
    return path


# Rows


def test_rows_keep_the_order_of_the_lines() -> None:
    """A slow sample's row still comes before those of quick ones below it."""
    slow = sample(f"import time; time.sleep(0.3); {DOUBLE}", sample_id=1)
    lines = [slow, *(sample(sample_id=number) for number in (2, 3))]

    done = verifier("score", "-", stdin="\n".join(lines))

    assert [row["id"] for row in rows_of(done.stdout)] == [1, 2, 3]


def test_every_row_written_is_status_0(one_sample: Path) -> None:
    """A wrong program is no failure of the run."""
    one_sample.write_text(sample("print(5)") + "\n")

    done = verifier("score", one_sample)

    assert (done.returncode, len(rows_of(done.stdout))) == (0, 1)


def test_a_file_without_samples_cannot_be_used(tmp_path: Path) -> None:
    """Whoever scores nothing has most likely named, or made, the wrong file."""
    empty = tmp_path / "empty.jsonl"
    empty.write_text("\n")

    done = verifier("score", empty, "--table")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.strip().endswith("empty.jsonl: holds no samples")


def test_rows_go_to_a_file_where_one_is_named(one_sample: Path, tmp_path: Path) -> None:
    """With --out, standard output stays empty."""
    out = tmp_path / "rows.jsonl"

    done = verifier("score", one_sample, "--out", out)

    assert (done.stdout, rows_of(out.read_text())[0]["id"]) == ("", "s-1")


@pytest.mark.parametrize("broken", [b"nonsense", b"[1, 2]", b'"text"', b"\xff\xfe", b"[" * 100_000])
def test_a_broken_line_costs_its_own_row_only(broken: bytes) -> None:
    """It gets an ungraded row without an id that names the line, counting blank ones."""
    lines = (sample(sample_id=1).encode(), b"", broken, sample(sample_id=2).encode())

    done = verifier("score", "-", "--details", stdin=b"\n".join(lines))

    first, second, third = rows_of(done.stdout)
    assert (first["id"], second["id"], third["id"]) == (1, None, 2)
    assert metric(second, "ungraded") == 1
    assert second["details"]["problem"].startswith("line 3: ")
    assert done.returncode == 0


def test_details_say_what_a_verdict_rests_on(one_sample: Path) -> None:
    """With --details, a row holds a verdict per case; without, no such field."""
    plain, detailed = verifier("score", one_sample), verifier("score", one_sample, "--details")

    assert "details" not in rows_of(plain.stdout)[0]
    (case,) = rows_of(detailed.stdout)[0]["details"]["cases"]
    assert (case["verdict"], case["stdout"]) == ("accepted", "8\n")


# What people see


def test_a_summary_closes_the_run_on_standard_error() -> None:
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


def test_problems_of_the_dataset_are_listed_after_the_summary() -> None:
    """The first five, with line and id, and the number of the others."""
    bad = "".join(f'{{"id": "row-{number}", "messages": 0}}\n' for number in range(7))

    done = verifier("score", "-", stdin=bad)

    *_, head, first, _, _, _, fifth, more = done.stderr.splitlines()
    assert head.startswith("7 samples could not be graded")
    assert first.startswith("  line 1 (id row-0): messages: ")
    assert fifth.startswith("  line 5 (id row-4): ")
    assert more == "  and 2 more"


PAID_FOR_FORMAT = "[weights]\ncorrectness = 0\ncompile = 0\nformat = 1\n[reward]\nrange = [-1, 1]"


def test_a_rubric_says_what_is_paid(tmp_path: Path) -> None:
    """A wrong program in good form, and none at all, under a rubric that pays for form alone."""
    rubric = tmp_path / "rubric.toml"
    rubric.write_text(PAID_FOR_FORMAT)
    lines = f"{sample('print(0)')}\n{sample().replace('```', '')}\n"

    done = verifier("score", "-", "--rubric", rubric, stdin=lines)

    rewards = [json.loads(line)["aggregate_reward_score"] for line in done.stdout.splitlines()]
    assert (rewards, done.returncode) == ([1.0, -1.0], 0)


def test_the_example_rubric_is_the_default_one() -> None:
    """The file that shows every key changes nothing."""
    plain = verifier("score", "examples/completions.jsonl")
    same = verifier("score", "examples/completions.jsonl", "--rubric", "examples/rubric.toml")

    assert [json.loads(line)["aggregate_reward_score"] for line in plain.stdout.splitlines()] == [
        json.loads(line)["aggregate_reward_score"] for line in same.stdout.splitlines()
    ]
    assert load_rubric(str(REPOSITORY / "examples" / "rubric.toml")) == DEFAULT_RUBRIC


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[weight]", "weight: no such key; did you mean weights?"),
        ("[weights", "rubric.toml: "),
        (None, "cannot be read"),
        ("#" * 2**21, "too big for a setting"),
    ],
)
def test_a_rubric_that_cannot_be_used_is_named(
    tmp_path: Path, text: str | None, complaint: str
) -> None:
    """The command stops before it scores anything."""
    rubric = tmp_path / "rubric.toml"
    if text is not None:
        rubric.write_text(text)

    done = verifier("score", "-", "--rubric", rubric, stdin=sample())

    assert (done.stdout, done.returncode) == ("", 2)
    assert "--rubric: " in done.stderr
    assert complaint in done.stderr


def test_quiet_says_nothing() -> None:
    """With --quiet, standard error stays empty, problems or not."""
    done = verifier("score", "-", "--quiet", stdin=f"{sample()}\nbroken\n")

    assert (done.stderr, len(rows_of(done.stdout))) == ("", 2)


def test_a_table_takes_the_place_of_the_rows() -> None:
    """With --table, standard output has a head and one plain line for each sample."""
    lines = [sample(), sample("1 / 0", sample_id="s-2"), "broken"]

    done = verifier("score", "-", "--table", stdin="\n".join(lines))

    head, right, wrong, broken = done.stdout.splitlines()
    assert head.split() == [
        *("id", "reward", "correct", "compile", "format", "safety", "concise", "similar"),
        *("tests", "verdict", "remark"),
    ]
    assert right.split() == ["s-1", "1.000", *["1.00"] * 5, "-", "1/1", "accepted"]
    assert "ZeroDivisionError" in wrong
    assert broken.split()[:2] == ["null", "-"]
    assert "line 3" in broken


def test_a_table_leaves_the_rows_to_a_named_file(one_sample: Path, tmp_path: Path) -> None:
    """With --table and --out, the rows are in the file and the table on standard output."""
    out = tmp_path / "rows.jsonl"

    done = verifier("score", one_sample, "--table", "--out", out)

    assert len(rows_of(out.read_text())) == 1
    assert done.stdout.startswith("id ")


# What is in the way


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("score",),
        ("score", "FILE", "--nonsense"),
        ("score", "FILE", "--workers", "0"),
        ("score", "FILE", "--workers", "many"),
        ("score", "FILE", "--out", "/nowhere/rows.jsonl"),
        ("score", "FILE", "--out", "/dev/full"),
        ("score", "FILE", "--out", "FILE"),
        ("score", "/nowhere/samples.jsonl"),
        ("score", "/"),
        ("score", "/proc/self/mem"),  # which can be opened, but not read
        ("doctor", "nonsense"),
    ],
)
def test_bad_usage_is_one_sentence_and_status_2(
    arguments: tuple[str, ...], one_sample: Path
) -> None:
    """Bad arguments and unusable files end with one line, not with a traceback or a box."""
    done = verifier(*(word.replace("FILE", str(one_sample)) for word in arguments))

    assert done.returncode == 2
    assert done.stderr.startswith("verifier: ")
    assert (done.stderr.count("\n"), done.stdout) == (1, "")


@pytest.mark.parametrize("command", [("score", "-"), ("doctor",)])
def test_a_senseless_setting_is_status_2(command: tuple[str, ...]) -> None:
    """The sentence names the variable."""
    done = verifier(*command, VERIFIER_WORKERS="many")

    assert done.returncode == 2
    assert done.stderr.startswith("verifier: VERIFIER_WORKERS: ")
    assert done.stderr.count("\n") == 1


def test_the_input_is_never_overwritten(one_sample: Path) -> None:
    """Naming the input as --out does not empty it."""
    before = one_sample.read_text()

    verifier("score", one_sample, "--out", one_sample)

    assert one_sample.read_text() == before


def test_older_rows_outlive_a_missing_input(tmp_path: Path) -> None:
    """The file named as --out is left alone if there is nothing to read."""
    out = tmp_path / "rows.jsonl"
    out.write_text("precious")

    verifier("score", tmp_path / "missing.jsonl", "--out", out)

    assert out.read_text() == "precious"


@pytest.mark.parametrize(
    "arguments",
    [("score", "FILE"), ("score", "FILE", "--table"), ("doctor",), ("doctor", "--json")],
)
def test_a_full_disk_behind_standard_output_is_one_sentence(
    arguments: tuple[str, ...], one_sample: Path
) -> None:
    """Rows or findings that cannot be written end with status 2."""
    words = [word.replace("FILE", str(one_sample)) for word in arguments]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*COMMAND, *words], stdout=full, stderr=-1, cwd=REPOSITORY, check=False
        )

    assert done.returncode == 2
    assert done.stderr == b"verifier: cannot write standard output: No space left on device\n"


@pytest.mark.parametrize("table", [(), ("--table",)])
def test_a_reader_may_leave_early(tmp_path: Path, table: tuple[str, ...]) -> None:
    """When `head` has seen enough, the run ends without a word."""
    path = tmp_path / "samples.jsonl"
    path.write_text(no_completions(2000))
    process = subprocess.Popen(
        [*COMMAND, "score", path, *table], stdout=-1, stderr=-1, cwd=REPOSITORY, env=ENVIRONMENT
    )
    assert process.stdout is not None
    assert process.stderr is not None

    process.stdout.readline()
    process.stdout.close()

    with process.stderr as stderr:
        assert (process.wait(timeout=10), stderr.read()) == (141, b"")


@pytest.mark.parametrize(
    ("number", "status", "said"),
    [(signal.SIGINT, 130, b"verifier: interrupted\n"), (signal.SIGTERM, 143, b"")],
)
def test_nothing_is_left_of_an_interrupted_run(
    tmp_path: Path, number: signal.Signals, status: int, said: bytes
) -> None:
    """Ctrl-C ends the run without a traceback, its processes and its directories."""
    source, out, workshop = (tmp_path / name for name in ("samples", "rows", "workshop"))
    source.write_text(f"{sample(ENDLESS)}\n" * 4)
    workshop.mkdir()
    process = subprocess.Popen(
        [*COMMAND, "score", source, "--out", out],
        stderr=-1,
        cwd=REPOSITORY,
        env=ENVIRONMENT | {"TMPDIR": str(workshop)},
    )
    assert process.stderr is not None
    while not out.exists():  # the sandbox has started
        time.sleep(0.01)
    time.sleep(0.1)
    zygotes = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()

    process.send_signal(number)

    with process.stderr as stderr:
        assert (process.wait(timeout=10), stderr.read()) == (status, said)
    assert zygotes
    assert not [pid for pid in zygotes if Path(f"/proc/{pid}").exists()]
    assert not list(workshop.iterdir())


# Help


def test_no_arguments_show_the_help() -> None:
    """Whoever says nothing is told what there is to say."""
    done = verifier()

    assert done.returncode == 0
    assert done.stdout == verifier("--help").stdout
    assert "Usage: verifier" in done.stdout


def test_the_line_that_the_help_teaches_scores_full_marks() -> None:
    """The line of input in the help can be copied from there, and gives the line of output."""
    shown = verifier("score", "--help").stdout.splitlines()
    line, answer = (text for text in map(str.strip, shown) if text.startswith("{"))

    (row,) = rows_of(verifier("score", "-", stdin=line).stdout)

    assert json.dumps(row)[: answer.index(", ...")] == answer[: answer.index(", ...")]


def test_help_is_quick() -> None:
    """The help imports neither pydantic nor rich, and starts no sandbox."""
    program = (
        "import atexit, sys; from nova_code_verifier.handlers.cli.app import main;"
        " sys.argv = ['verifier', '--help'];"
        "slow = {'pydantic', 'rich', 'nova_code_verifier.sandbox.host.local'};"
        "atexit.register(lambda: sys.stderr.write(repr(slow & set(sys.modules)))); main()"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, cwd=REPOSITORY, check=True
    )

    assert done.stderr == b"set()"


def test_the_version_is_told() -> None:
    """`--version` answers with one line."""
    done = verifier("--version")

    assert done.returncode == 0
    assert done.stdout.startswith("verifier ")
    assert done.stdout.count("\n") == 1


# Doctor


def test_doctor_finds_enough_here() -> None:
    """Where the sandbox starts as configured, the status is 0 and the level is named."""
    done = verifier("doctor")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("isolation level  ")


def test_doctor_speaks_json() -> None:
    """`--json` prints one object, from which a program can tell what was granted."""
    found = json.loads(verifier("doctor", "--json", VERIFIER_WORKERS="3").stdout)

    assert (found["is_enough"], found["workers"]) == (True, 3)
    assert found["protections"]["resource_limits"]["granted"] is True


def test_doctor_fails_below_the_required_level() -> None:
    """A level that is weaker than the required one is status 1."""
    done = verifier(
        *("doctor", "--json"),
        VERIFIER_ISOLATION="interpreter",
        VERIFIER_REQUIRED_ISOLATION="kernel",
    )

    assert done.returncode == 1
    assert json.loads(done.stdout)["is_enough"] is False
