"""handlers/cli/score/page.py: the page that a run makes of its samples."""

import signal
import subprocess
import time
from pathlib import Path

import pytest

from nova_code_verifier.handlers.cli.score.page import PagedOutput, PageOptions
from nova_code_verifier.handlers.cli.score.rows import Row
from nova_code_verifier.handlers.report_page.context import Context
from nova_code_verifier.handlers.scored.sample import ScoredSample
from tests.paths import REPOSITORY
from tests.unit.handlers.cli.command_line import COMMAND, ENVIRONMENT, rows_of, sample, verifier
from tests.unit.handlers.report_page.paging import ReadPage

EXAMPLES = "examples/completions.jsonl"


def test_a_page_shows_what_the_rows_show(tmp_path: Path) -> None:
    """The rows have no details; the page has all of them."""
    out, path = tmp_path / "rows.jsonl", tmp_path / "report.html"

    done = verifier("score", EXAMPLES, "--out", out, "--report", path)

    assert done.returncode == 0
    assert f"wrote {path}: 31 samples" in done.stderr
    rows, page = rows_of(out.read_text()), ReadPage.at(path)
    assert "details" not in rows[0]
    columns, details = page.columns(), page.details()
    assert columns["id"] == [row["id"] for row in rows]
    assert columns["reward"] == pytest.approx([row["aggregate_reward_score"] for row in rows])
    metrics = [{m["name"]: m["value"] for m in row["metrics_list"]} for row in rows]
    for name in ("tests_passed", "tests_total", "no_completion", "security_violation"):
        assert columns[name] == [metric[name] for metric in metrics]
    assert [d["verdict"] for d in details] == columns["verdict"]
    one = details[columns["id"].index("next-palindrome-off-by-one")]
    assert one["cases"][0]["expected"]
    assert one["formula"][-1].endswith("= 0.8")
    assert one["prompt"].startswith("A palindromic integer")
    assert "def next_palindrome" in one["completion"]
    constant = columns["id"].index("parentheses-constant-guess")
    assert (columns["constant_like"][constant], columns["constant_like"][0]) == (1, 0)
    assert page.groups()[0] == page.groups()[1] != page.groups()[3]
    assert page.meta["weights"]["correctness"] == 0.8
    assert path.stat().st_mode & 0o777 == 0o600


def test_rows_that_were_kept_are_in_the_page(tmp_path: Path) -> None:
    """A resumed run shows the whole file, also prompts of samples that it did not score."""
    samples, out, path = tmp_path / "s.jsonl", tmp_path / "rows.jsonl", tmp_path / "r.html"
    samples.write_text(f"{sample(sample_id='a')}\n{sample(sample_id='b')}\n")
    verifier("score", samples, "--out", out)
    out.write_text(out.read_text().splitlines(keepends=True)[0])

    done = verifier("score", samples, "--out", out, "--report", path, "--resume")

    assert done.returncode == 0
    page = ReadPage.at(path)
    assert (page.columns()["id"], page.columns()["reward"]) == (["a", "b"], [1, 1])
    assert [("program" in d, "completion" in d) for d in page.details()] == [
        (False, True),
        (True, True),
    ]
    assert page.meta["notes"] == [
        "samples without program and test cases, whose rows --resume kept: 1"
    ]


def test_an_interrupted_run_leaves_a_page_of_what_is_known(tmp_path: Path) -> None:
    """Ctrl-C writes it; a note says that samples are missing."""
    samples, out, path = tmp_path / "s.jsonl", tmp_path / "rows.jsonl", tmp_path / "r.html"
    slow = sample("while True: pass", reference={"inputs": ["1"], "outputs": ["1"]})
    samples.write_text("".join(f"{sample(sample_id=n)}\n" for n in range(300)) + f"{slow}\n")
    run = subprocess.Popen(
        [*COMMAND, "score", samples, "--out", out, "--report", path, "--quiet"],
        cwd=REPOSITORY,
        env=ENVIRONMENT | {"VERIFIER_CPU_SECONDS": "60"},
        stderr=subprocess.PIPE,
    )
    with run:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and not (
            out.exists() and out.read_text().count("\n") == 300
        ):
            time.sleep(0.05)
        run.send_signal(signal.SIGINT)
        assert run.wait(60) == 130

    page = ReadPage.at(path)
    assert page.columns()["id"] == list(range(300))
    assert any("did not end" in note for note in page.meta["notes"])


class Taken:
    """An output that drops its rows."""

    def add(self, rows: object) -> None:
        """Drop the rows."""

    def flush(self) -> None:
        """Do nothing."""

    finish = flush


def paged(tmp_path: Path) -> PagedOutput:
    """Return an output that makes a page."""
    return PagedOutput(Taken(), PageOptions(out=str(tmp_path / "r.html"), quiet=True), "s.jsonl")


def test_a_page_is_packed_only_where_the_run_may_wait(tmp_path: Path) -> None:
    """The thread that takes rows also watches guests: `add` must not compress."""
    output = paged(tmp_path)
    row = Row(where="line 1", size_bytes=1, context=Context(prompt="p"))
    raw = {"id": 1, "aggregate_reward_score": 1.0, "metrics_list": []}
    row.set_sample(ScoredSample(row=raw, details={"verdict": "accepted"}), with_details=False)

    counts = []
    with output.saved():
        output.add([row])
        counts.append(output.count)
        output.flush()
        counts.append(output.count)

    assert counts == [0, 1]


def test_rows_that_were_kept_do_not_wait_in_memory(tmp_path: Path) -> None:
    """A million of them may follow each other before anything is scored."""
    output = paged(tmp_path)
    text = b'{"id": 1, "aggregate_reward_score": 1.0, "metrics_list": []}\n'
    row = Row(where="line 1", size_bytes=1, is_kept=True, text=text)

    with output.saved():
        output.add([row])
        count = output.count

    assert count == 1


def test_a_page_that_cannot_be_written_is_refused_at_once(tmp_path: Path) -> None:
    """Not after hours of work: the sandbox does not start, and the rows of before stay."""
    out = tmp_path / "rows.jsonl"
    out.write_text("old")

    done = verifier("score", EXAMPLES, "--out", out, "--report", out)

    assert (done.returncode, done.stdout, out.read_text()) == (2, "", "old")
    assert f"cannot write {out}: it is used already" in done.stderr
