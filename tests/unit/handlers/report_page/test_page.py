"""handlers/report_page/page.py and run.py: a page holds what was put in, and nothing else."""

import random
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from nova_code_verifier.handlers.report_page.page import Kind, Page, write_page
from nova_code_verifier.handlers.report_page.run import Limits, Run, Tables
from nova_code_verifier.handlers.report_page.sample import PageSample
from tests.unit.handlers.report_page.paging import ReadPage

LIMITS = Limits()


def sample(number: int = 0, **fields: Any) -> PageSample:
    """Return a sample; four of them share a prompt."""
    known: dict[str, Any] = {
        "id": f"s-{number}",
        "numbers": {"reward": number % 4 / 4},
        "verdict": "accepted",
        "group": f"g-{number // 4}",
        "details": {"remark": f"sample {number}"},
    }
    return PageSample(**known | fields)


def page_of(*runs: list[PageSample], limits: Limits = LIMITS, **fields: Any) -> Page:
    """Return a page of these samples."""
    tables = Tables()
    packed = [Run(f"run {number}", tables, limits) for number in range(len(runs))]
    for run, samples in zip(packed, runs, strict=True):
        for one in samples:
            run.add(one)
    return Page(kind=Kind.RUN, title="t", runs=packed, tables=tables, **fields)


def read(page: Page) -> ReadPage:
    """Return what a browser reads."""
    return ReadPage("".join(page.texts()))


def test_a_page_holds_all_samples_in_their_order() -> None:
    """Details are in blocks of 100 samples."""
    samples = [
        sample(
            number,
            numbers={"reward": number / 7, "step": number, "duration_ms": None},
            verdict=("accepted", "wrong_answer", "")[number % 3],
            program_key=f"{number:012x}" if number % 2 else "",
            answers_key="" if number % 2 else f"{number + 1:012x}",
            details={} if number % 50 == 0 else {"remark": f"sample {number}"},
        )
        for number in range(250)
    ]

    page = read(page_of(samples))

    columns = page.columns()
    assert columns["id"] == [one.id for one in samples]
    assert columns["reward"] == pytest.approx([one.numbers["reward"] for one in samples])
    assert columns["verdict"] == [one.verdict or None for one in samples]
    assert columns["program_key"] == [one.program_key or None for one in samples]
    assert columns["answers_key"] == [one.answers_key or None for one in samples]
    assert "duration_ms" not in columns
    assert page.groups() == [one.group for one in samples]
    assert page.details() == [one.details or None for one in samples]
    assert [name for name in page.elements if name.startswith("details")] == [
        "details-0-0",
        "details-0-1",
        "details-0-2",
    ]


def test_two_runs_share_groups_and_names() -> None:
    """So the page can compare them."""
    page = read(page_of([sample(0), sample(4)], [sample(4, verdict="ungraded"), sample(8)]))

    assert page.groups(0) == ["g-0", "g-1"]
    assert page.groups(1) == ["g-1", "g-2"]
    assert len(page.meta["groups"]) == 3
    assert page.columns(1)["verdict"] == ["ungraded", "accepted"]


def test_the_weights_are_those_of_most_samples() -> None:
    """Samples of other tasks have others. Versions of the verifier may be mixed."""
    usual, other = {"correctness": 0.8, "format": 0.2}, {"similarity": 1.0}
    samples = [sample(weights=other, semantics_version=1.0)]
    samples += [sample(weights=usual, semantics_version=2.0)] * 2 + [sample()] * 5

    page = read(page_of(samples, reward_range=(-1.0, 1.0)))

    assert page.meta["weights"] == usual
    assert page.meta["semantics_version"] == "1, 2"
    assert page.meta["reward_range"] == [-1, 1]


HOSTILE = (
    "</script><script>alert(1)</script><!--<script>",
    "<!--report-data-->",
    "line\u2028separator \u2029 \x00 \x1b[31m \ud800",
    "__proto__",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_texts_cannot_leave_their_element(text: str) -> None:
    """The HTML parser finds the same elements, and the same texts."""
    plain = read(page_of([sample(0)]))
    hostile = sample(
        0,
        id=text,
        verdict=text,
        source=text,
        reason=text,
        group=text,
        label=text,
        details={"program": text},
    )

    page = read(page_of([hostile], notes=[text]))

    assert page.elements.keys() == plain.elements.keys()
    assert page.details() == [{"program": text}]
    assert page.columns()["verdict"] == [text]
    assert page.meta["notes"] == [text]
    assert "<" not in page.elements["meta"]


def test_the_same_samples_give_the_same_bytes() -> None:
    """No clock, no order of a set."""
    samples = [sample(number, source=f"source {number % 3}") for number in range(500)]
    limits = Limits(samples=200)

    pages = ["".join(page_of(samples, samples, limits=limits).texts()) for _ in range(2)]

    assert pages[0] == pages[1]


def test_of_too_many_samples_whole_groups_are_kept() -> None:
    """The same ones in both runs; the notes say so."""
    samples = [sample(number) for number in range(4000)]

    page = read(page_of(samples, samples[:1200], limits=Limits(samples=1000)))

    kept = page.groups(0)
    assert 200 < len(kept) <= 1000
    assert all(kept.count(group) == 4 for group in set(kept))
    assert set(page.groups(1)) == {
        group for group in kept if group in {s.group for s in samples[:1200]}
    }
    assert page.meta["runs"][0] == {"name": "run 0", "count": 4000, "kept": len(kept)}
    assert "of 4,000 samples" in page.meta["notes"][0]
    assert [d["remark"].removeprefix("sample ") for d in page.details(0)] == [
        name.removeprefix("s-") for name in page.columns(0)["id"]
    ]
    assert len(page.meta["groups"]) == len(set(kept))


def test_huge_groups_are_divided() -> None:
    """A file with one prompt must not end as an empty page."""
    samples = [sample(number, group="one") for number in range(4000)]

    page = read(page_of(samples, limits=Limits(samples=1000)))

    assert 300 < len(page.columns()["id"]) <= 1000


def test_details_have_a_limit_of_bytes() -> None:
    """Text that cannot be compressed would make a page that no browser opens."""
    source = random.Random(0)
    noise = [sample(n, details={"program": source.randbytes(50).hex()}) for n in range(3000)]

    page = page_of(noise, limits=Limits(details_bytes=50_000))

    assert 100 < page.runs[0].kept < 3000
    assert sum(len(block) for block in page.runs[0].blocks()) < 100_000


def test_memory_does_not_grow_with_what_is_left_out() -> None:
    """Of ten times as many samples, no more stays in memory."""

    def bytes_after(count: int) -> int:
        tables = Tables()
        run = Run("run", tables, Limits(samples=500))
        tracemalloc.start()
        for number in range(count):
            run.add(sample(number, label="x" * 100, source=f"{number}", reason=f"{number}"))
        used, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return used

    few, many = bytes_after(3000), bytes_after(30_000)

    assert many < 2 * few


def test_rare_reasons_become_other() -> None:
    """A candidate can choose the message of its exception."""
    samples = [sample(number, reason=f"reason {number}") for number in range(3000)]

    page = read(page_of(samples))

    assert len(page.meta["reasons"]) <= 201
    assert page.columns()["reason"][-1] == "other"


def test_common_reasons_stay() -> None:
    """The rare ones are left out, whatever their order."""
    samples = [sample(number, reason=f"reason {number}") for number in range(1000)]
    samples += [sample(number, reason="common") for number in range(10)]

    page = read(page_of(samples))

    assert page.columns()["reason"].count("common") == 10
    assert page.columns()["reason"].count("other") == 801


def test_only_the_owner_reads_a_page(tmp_path: Path) -> None:
    """It holds expected answers. An older page is replaced, with its mode."""
    path = tmp_path / "report.html"
    path.write_text("old")
    path.chmod(0o644)

    write_page(page_of([sample(0)]), path)

    assert path.stat().st_mode & 0o777 == 0o600
    assert ReadPage.at(path).columns()["id"] == ["s-0"]
    assert list(tmp_path.iterdir()) == [path]


def test_a_page_that_fails_leaves_the_old_one(tmp_path: Path) -> None:
    """Half a page is worth nothing."""
    path = tmp_path / "report.html"
    path.write_text("old")
    page = page_of([sample(0)], reward_range=(0.0, float("nan")))

    with pytest.raises(ValueError, match="not JSON compliant"):
        write_page(page, path)

    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
