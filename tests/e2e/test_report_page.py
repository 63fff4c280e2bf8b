"""The page of a report, in a real Chromium: what it shows, and that data cannot do anything in it.

REPORT_PICTURES=docs/pictures writes the pictures of the documentation.
"""

import math
import os
import random
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator

from tests.browser import Opened, opened, running_browser
from tests.report_data import (
    HOSTILE_IDS,
    HOSTILE_TEXTS,
    REASONS,
    SOURCES,
    TEMPLATE,
    VERDICTS,
    Run,
    example_meta,
    example_run,
    fill_page,
)

COUNT = 640
RUN = example_run(COUNT)
OLD = example_run(240, name="before.jsonl")
NEW = example_run(240, name="after.jsonl", seed=2, skill=0.2)
HOSTILE = example_run(160, hostile=True)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start one browser for all tests of this file."""
    with running_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Write the pages that the tests open."""
    directory = tmp_path_factory.mktemp("pages")
    template = TEMPLATE.read_text()
    findings = [
        {"group": 3, "severity": "error", "kind": "gold_fails", "field": "solution",
         "problem": "fails: wrong answer", "fix": "mend the solution or the tests"},
        {"group": 5, "severity": "error", "kind": "contradictory_cases", "field": "tests",
         "problem": "test cases 1 and 2 have the same input", "fix": "remove the wrong one"},
    ]  # fmt: skip
    texts = {
        "run": fill_page(template, example_meta([RUN]), [RUN]),
        "compare": fill_page(template, example_meta([OLD, NEW]), [OLD, NEW]),
        "hostile": fill_page(template, example_meta([HOSTILE], hostile=True), [HOSTILE]),
        "audit": fill_page(template, example_meta([OLD], kind="audit", findings=findings), [OLD]),
        "later": fill_page(template, example_meta([OLD], format=2), [OLD]),
        "empty": template,
    }
    for name, text in texts.items():
        (directory / f"{name}.html").write_text(text)
    return {name: directory / f"{name}.html" for name in texts}


@pytest.fixture(scope="module")
def overview(browser: Browser, pages: dict[str, Path]) -> Iterator[Opened]:
    """Open the overview once, for tests that only read it."""
    with opened(browser, pages["run"]) as shown:
        yield shown


def _rows(run: Run) -> list[dict[str, object]]:
    """Return the samples of a run one by one, with names in place of indexes."""
    names = {"verdict": VERDICTS, "reason": REASONS, "source": SOURCES}
    rows = []
    for values in zip(*run.columns.values(), strict=True):
        row = dict(zip(run.columns, values, strict=True))
        for column, texts in names.items():
            index = row[column]
            row[column] = texts[index] if isinstance(index, int) else None
        rows.append(row)
    return rows


def _graded(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    return [row for row in rows if row["reward"] is not None]


def _rewards_by_prompt(rows: list[dict[str, object]]) -> list[list[tuple[float, bool]]]:
    """Return the graded samples of each prompt: reward, and whether it is accepted."""
    groups = defaultdict(list)
    for row in _graded(rows):
        reward = row["reward"]
        assert isinstance(reward, float)
        groups[row["group"]].append((round(reward, 9), row["verdict"] == "accepted"))
    return list(groups.values())


def _matches(opened: Opened) -> int:
    """Return how many samples pass the filter, as the page says."""
    text = opened.page.locator("output.matches").inner_text()
    return int(text.split()[0].replace(",", ""))


def _marks(opened: Opened, chart: str) -> list[int]:
    """Return the counts of the columns of a histogram."""
    marks = opened.page.locator(f'[aria-label="{chart}"] [data-mark]')
    return [int(name.rpartition(": ")[2].replace(",", "")) for name in _names(marks)]


def _names(marks: Locator) -> list[str]:
    return [str(name) for name in marks.evaluate_all("all => all.map(one => one.dataset.mark)")]


def _cells(opened: Opened, table: str) -> list[list[str]]:
    """Return the texts of a table, row by row."""
    script = "all => all.map(row => [...row.cells].map(cell => cell.innerText.trim()))"
    rows: list[list[str]] = opened.page.locator(f'[aria-label="{table}"] tbody tr').evaluate_all(
        script
    )
    return rows


# -- statistics ------------------------------------------------------------------------


def test_histograms_and_verdicts_are_those_of_the_rows(overview: Opened) -> None:
    """Each sample is counted once, in the bin of its reward, and under its verdict."""
    rows = _rows(RUN)
    rewards = [round(float(str(row["reward"])), 9) for row in _graded(rows)]
    bins = Counter(min(19, math.floor(reward * 20 + 1e-6)) for reward in rewards)
    verdicts = Counter(str(row["verdict"]).replace("_", " ") for row in rows)

    bars = overview.page.locator('[aria-label="Verdicts"] .bar')
    names = bars.evaluate_all("all => all.map(one => one.ariaLabel)")

    assert _marks(overview, "Histogram of the rewards") == [bins[index] for index in range(20)]
    assert {name.rpartition(":")[0]: int(name.split(": ")[1].split(",")[0]) for name in names}
    assert dict(verdicts) == {
        name.partition(":")[0]: int(name.split(": ")[1].split(",")[0]) for name in names
    }
    overview.assert_inert()


def test_key_numbers_are_those_of_the_rows(overview: Opened) -> None:
    """Mean, accepted share, all-equal prompts and the finding about them agree with the rows."""
    rows = _rows(RUN)
    groups = [group for group in _rewards_by_prompt(rows) if len(group) >= 2]
    equal = [group for group in groups if len({reward for reward, _ in group}) == 1]
    easy = [group for group in equal if all(accepted for _, accepted in group)]
    mean = statistics.fmean(float(str(row["reward"])) for row in _graded(rows))
    accepted = sum(row["verdict"] == "accepted" for row in rows)

    numbers = overview.page.locator(".numbers > div").evaluate_all(
        "all => all.map(one => [...one.children].map(child => child.innerText))"
    )
    found = {name: (value, more) for name, value, more in numbers}
    findings = overview.page.locator(".findings").inner_text()

    assert found["Samples"] == (str(COUNT), f"{len(_graded(rows))} graded")
    assert found["Mean reward"][0] == f"{mean:.3f}"
    assert found["Accepted"][1] == f"{accepted} samples"
    assert found["All-equal prompts"][1] == f"{len(equal)} of {len(groups)}"
    assert f"{len(equal)} of {len(groups)} prompts teach nothing" in findings
    assert f"{len(easy)} of them are too easy" in findings


def test_pass_at_k_and_best_of_k_are_means_over_all_choices(overview: Opened) -> None:
    """Both estimators equal what counting all choices of k samples gives."""
    groups = _rewards_by_prompt(_rows(RUN))
    expected = []
    for k in (1, 2, 4, 8):
        choices = [list(combinations(group, k)) for group in groups if len(group) >= k]
        passes = [
            statistics.fmean(any(a for _, a in choice) for choice in all_) for all_ in choices
        ]
        bests = [statistics.fmean(max(choice)[0] for choice in all_) for all_ in choices]
        expected.append([k, statistics.fmean(passes), statistics.fmean(bests), len(choices)])

    found = [
        [int(k), float(passes.rstrip("%")) / 100, float(best), int(count)]
        for k, passes, _, best, _, count in _cells(overview, "pass@k")
    ]

    assert found == [pytest.approx(row, abs=0.00051) for row in expected]


def test_sources_and_reasons_are_counted(overview: Opened) -> None:
    """The table of sources has count and mean reward; reasons count the samples that failed."""
    rows = _rows(RUN)
    reasons = Counter(row["reason"] for row in rows if row["reason"] is not None)

    for source, count, mean, *_ in _cells(overview, "Sources"):
        members = [row for row in rows if row["source"] == source]
        rewards = [float(str(row["reward"])) for row in _graded(members)]
        assert (int(count), mean) == (len(members), f"{statistics.fmean(rewards):.3f}")
    bars = overview.page.locator('[aria-label="Failures by reason"] .bar .number:not(.share)')
    assert bars.all_inner_texts() == [str(number) for _, number in reasons.most_common()]


def test_samples_of_an_unknown_source_are_counted(browser: Browser, tmp_path: Path) -> None:
    """Nothing is left out of the table in silence: rows of a resumed run may not have one."""
    run = example_run(40)
    run.columns["source"][:3] = [None] * 3
    path = tmp_path / "unknown.html"
    path.write_text(fill_page(TEMPLATE.read_text(), example_meta([run]), [run]))

    with opened(browser, path) as shown:
        cells = _cells(shown, "Sources")
        assert cells[-1][:2] == ["unknown", "3"]
        assert sum(int(count) for _, count, *_ in cells) == 40
        shown.page.get_by_role("button", name="unknown").click()
        assert _matches(shown) == 3
        shown.page.locator(".chips button", has_text="source: unknown").wait_for()


def test_trends_follow_the_steps(browser: Browser, pages: dict[str, Path]) -> None:
    """Each chart ends with the value of the last step; the onset of cheating is said in words."""
    last = [row for row in _rows(RUN) if row["step"] == 19]
    mean = statistics.fmean(float(str(row["reward"])) for row in _graded(last))
    violations = statistics.fmean(float(str(row["security_violation"])) for row in last)

    with opened(browser, pages["run"], "#view=trends") as shown:
        figures = dict(
            zip(
                shown.page.locator(".panel:not(.span) > header h2").all_inner_texts(),
                shown.page.locator(".panel .figure").all_inner_texts(),
                strict=True,
            )
        )
        alerts = shown.page.locator(".alerts").inner_text()

        assert figures["Mean reward"] == f"{mean:.2f}"
        shown_share = float(figures["Security violations"].rstrip("%"))
        assert shown_share == pytest.approx(100 * violations, abs=0.06)
        assert "Security violations rise from" in alerts
        assert "while the mean reward rises from" in alerts
        shown.page.locator("svg.lines").first.click(position={"x": 300, "y": 60})
        assert 0 < _matches(shown) < COUNT
        shown.assert_inert()


def test_steady_runs_raise_no_alarm(browser: Browser, tmp_path: Path) -> None:
    """Where violations do not rise, the page does not speak of reward hacking."""
    steady = example_run(400)
    for column in ("security_violation", "constant_like"):
        steady.columns[column] = [int(index % 40 == 0) for index in range(400)]
    path = tmp_path / "steady.html"
    path.write_text(fill_page(TEMPLATE.read_text(), example_meta([steady]), [steady]))

    with opened(browser, path, "#view=trends") as shown:
        assert shown.page.locator(".panel").count() > 5
        assert shown.page.locator(".alerts").count() == 0


def test_two_runs_are_compared(browser: Browser, pages: dict[str, Path]) -> None:
    """Moves, the matrix of verdicts and the means are those of the pairs."""
    pairs = list(zip(_rows(OLD), _rows(NEW), strict=True))  # their ids are equal, and in order
    matrix = Counter((str(old["verdict"]), str(new["verdict"])) for old, new in pairs)
    moves = Counter(
        "newly ungraded" if new["reward"] is None else
        "newly graded" if old["reward"] is None else
        "same" if abs(_move(old, new)) < 1e-9 else
        "moved up" if _move(old, new) > 0 else "moved down"
        for old, new in pairs if (old["reward"], new["reward"]) != (None, None)
    )  # fmt: skip

    with opened(browser, pages["compare"], "#view=compare") as shown:
        bars = shown.page.locator('[aria-label="Outcomes"] .bar')
        names = bars.evaluate_all("all => all.map(one => one.ariaLabel)")
        found = {name.partition(":")[0]: int(name.split(": ")[1].split(",")[0]) for name in names}
        cells = shown.page.locator('[aria-label="Verdicts, from A to B"] td [aria-label]')
        shares = dict(cells.evaluate_all("all => all.map(one => one.ariaLabel.split(': '))"))

        assert {name: found.get(name, 0) for name in moves} == dict(moves)
        assert {key: int(value) for key, value in shares.items() if value != "0"} == {
            f"{old} to {new}".replace("_", " "): number for (old, new), number in matrix.items()
        }
        sizes = [
            abs(_move(*pair))
            for pair in pairs
            if None not in (pair[0]["reward"], pair[1]["reward"])
        ]
        first = shown.page.locator('[role="grid"] .rows .row').first.inner_text()
        assert f"{max(sizes):.3f}" in first  # the largest move
        means = _cells(shown, "Both runs")[1]
        for text, rows in zip(means[1:], (_rows(OLD), _rows(NEW)), strict=False):
            rewards = [float(str(row["reward"])) for row in _graded(rows)]
            assert text == f"{statistics.fmean(rewards):.3f}"

        (before, after), number = matrix.most_common(1)[0]
        name = f"{before} to {after}: {number}".replace("_", " ")
        shown.page.locator(f'button[aria-label="{name}"]').click()
        assert _matches(shown) == number
        shown.assert_inert()


def _move(old: dict[str, object], new: dict[str, object]) -> float:
    return float(str(new["reward"])) - float(str(old["reward"]))


def test_a_pair_is_shown_with_the_difference_of_its_programs(
    browser: Browser, pages: dict[str, Path]
) -> None:
    """One click leads from a sample to the same one in the other run, and back."""
    with opened(browser, pages["compare"], "#view=compare&open=1") as shown:
        first = shown.page.locator(".sample h2").inner_text()
        shown.page.get_by_role("button", name="Open it").click()
        shown.page.locator(".pair h3", has_text="In run A").wait_for()

        assert shown.page.locator(".sample h2").inner_text() == first
        assert "run=1" in shown.page.url
        shown.page.go_back()
        shown.page.locator(".pair h3", has_text="In run B").wait_for()


def test_an_audit_shows_its_findings(browser: Browser, pages: dict[str, Path]) -> None:
    """Findings of `verifier audit` are counted, and lead to their problems."""
    with opened(browser, pages["audit"]) as shown:
        shown.page.get_by_role("button", name="1 problem: gold fails (error).").click()
        shown.page.locator('[role="gridcell"]', has_text="mend the solution").wait_for()

        assert shown.page.locator('[role="grid"] .rows .row').count() == 1


# -- filter, sort, open ----------------------------------------------------------------


def test_filters_apply_to_all_statistics(browser: Browser, pages: dict[str, Path]) -> None:
    """Search, verdict and a column of a histogram narrow them together; a chip undoes one."""
    rows = _rows(RUN)
    wrong = [row for row in rows if row["verdict"] == "wrong_answer"]
    of_mbpp = [row for row in wrong if row["source"] == "mbpp"]

    with opened(browser, pages["run"]) as shown:
        shown.page.locator('[aria-label="Verdicts"] .bar', has_text="wrong answer").click()
        assert _matches(shown) == len(wrong)
        shown.page.locator("#search").fill("MBPP wrong")
        assert _matches(shown) == len(of_mbpp)
        rewards = _marks(shown, "Histogram of the rewards")
        assert sum(rewards) == len(of_mbpp)
        most = max(range(20), key=lambda index: rewards[index])
        shown.page.locator('[aria-label="Histogram of the rewards"] [data-mark]').nth(most).click()
        assert _matches(shown) == rewards[most]
        shown.page.locator(".chips button", has_text="reward").click()
        shown.page.locator(".chips button", has_text="MBPP").click()
        assert _matches(shown) == len(wrong)
        shown.page.locator(".chips .clear").click()
        assert _matches(shown) == COUNT


def test_each_finding_leads_to_what_it_counts(browser: Browser, pages: dict[str, Path]) -> None:
    """The number in a finding is the number of prompts or samples behind it."""
    ungraded = sum(row["verdict"] == "ungraded" for row in _rows(RUN))

    with opened(browser, pages["run"]) as shown:
        text = shown.page.locator(".findings button", has_text="teach nothing").inner_text()
        shown.page.locator(".findings button", has_text="teach nothing").click()
        grid = shown.page.get_by_role("grid")
        assert grid.get_attribute("aria-label") == f"Prompts: {text.split()[0]} rows"

        shown.page.get_by_role("button", name="Overview").click()
        shown.page.locator(".findings button", has_text="cannot be graded").click()
        assert _matches(shown) == ungraded


def test_wrong_answers_that_agree_accuse_the_reference(browser: Browser, tmp_path: Path) -> None:
    """Only if no sample is accepted, and different programs that are not constant agree."""
    groups: tuple[tuple[str, list[str], int], ...] = (
        ("wrong_answer", ["a", "b"], 0),
        ("wrong_answer", ["a"], 0),  # one program
        ("wrong_answer", ["a", "b"], 1),  # constant
        ("accepted", ["a", "b"], 0),
    )
    run = example_run(8 * len(groups))
    run.columns["answers_key"] = list("4" * 8 * len(groups))
    for number, (last, programs, constant) in enumerate(groups):
        for index in range(8):
            verdict = last if index == 7 else "wrong_answer"
            row = {"verdict": VERDICTS.index(verdict), "failure": 0, "reward": 0.2}
            for column, value in (row | {"constant_like": constant}).items():
                run.columns[column][8 * number + index] = value
            run.columns["program_key"][8 * number + index] = programs[index % len(programs)]
    path = tmp_path / "agree.html"
    path.write_text(fill_page(TEMPLATE.read_text(), example_meta([run]), [run]))

    with opened(browser, path) as shown:
        finding = shown.page.locator(".findings button", has_text="agree on an answer")
        assert finding.inner_text().startswith("In 1 prompt, different programs agree")
        name = finding.locator(".example").inner_text()
        finding.click()
        rows = shown.page.locator('[role="grid"] .rows .row')
        assert [text.startswith(name) for text in rows.all_inner_texts()] == [True]


def test_a_table_is_sorted_by_its_headers(browser: Browser, pages: dict[str, Path]) -> None:
    """Numbers sort from the highest first, then from the lowest; a missing one is last in both."""
    with opened(browser, pages["run"], "#view=samples") as shown:
        header = shown.page.get_by_role("columnheader", name="Time")
        times = shown.page.locator('.rows [role="gridcell"]:nth-child(6)')
        longest = max(float(str(row["duration_ms"])) for row in _rows(RUN))

        header.get_by_role("button").click()
        assert header.get_attribute("aria-sort") == "descending"
        assert times.first.inner_text() == f"{longest / 1000:.1f} s"
        header.get_by_role("button").click()
        assert header.get_attribute("aria-sort") == "ascending"
        shown.page.get_by_role("columnheader", name="Reward").get_by_role("button").click()
        shown.page.get_by_role("grid").focus()
        shown.page.keyboard.press("End")
        shown.page.locator('.row.active [role="gridcell"]', has_text="ungraded").wait_for()


def test_a_sample_is_shown_in_full(browser: Browser, pages: dict[str, Path]) -> None:
    """Program with line numbers, difference of a failed case, formula (if graded), neighbours."""
    index = next(
        index for index, row in enumerate(_rows(RUN))
        if row["verdict"] == "wrong_answer" and row["tests_passed"] and not row["constant_like"]
    )  # fmt: skip
    details = RUN.details[index]
    assert details is not None

    with opened(browser, pages["run"], f"#open={index}") as shown:
        sample = shown.page.locator(".sample")
        lines = sample.locator(".code li").all_inner_texts()
        products = [float(row[3]) for row in _cells(shown, "Weights and dimensions") if row[3]]

        assert (
            "\n".join(line.rstrip("\n") for line in lines).strip()
            == str(details["program"]).strip()
        )
        assert sample.locator(".code .hljs-keyword", has_text="def").count() == 1
        assert sum(products[:-1]) == pytest.approx(products[-1], abs=0.0016)
        assert sample.locator(".neighbours li").count() == 8
        assert sample.locator("td.removed mark").first.inner_text() == "5"
        assert sample.locator("td.added mark").first.inner_text() == "6"
        ungraded = next(i for i, row in enumerate(_rows(RUN)) if row["verdict"] == "ungraded")
        shown.page.evaluate(f"location.hash = '#open={ungraded}'")
        sample.get_by_text("An ungraded sample has no reward.").wait_for()
        assert sample.locator('[aria-label="Weights and dimensions"]').count() == 0
        shown.assert_inert()


def test_a_link_restores_filter_order_and_sample(browser: Browser, pages: dict[str, Path]) -> None:
    """The address alone shows the same; one that makes no sense shows the whole run."""
    with opened(browser, pages["run"], "#view=samples") as shown:
        shown.page.locator("#search").fill("runtime")
        shown.page.get_by_role("columnheader", name="Reward").get_by_role("button").click()
        shown.page.locator(".rows .row").nth(2).click()
        title = shown.page.locator(".sample h2").inner_text()
        address, matches = shown.page.url, _matches(shown)

    with opened(browser, pages["run"], "#" + address.partition("#")[2]) as shown:
        assert shown.page.locator("#search").input_value() == "runtime"
        assert (_matches(shown), shown.page.locator(".sample h2").inner_text()) == (matches, title)
        assert shown.page.locator(".sample .tools .hint").inner_text().startswith("3 of")

    nonsense = "#view=__proto__&run=9&open=99999&sort=constructor&reward=x..y&flag=__proto__"
    with opened(browser, pages["run"], nonsense) as shown:
        assert shown.page.locator("main").get_attribute("aria-label") == "Overview"
        shown.assert_inert()


def test_the_keyboard_is_enough(browser: Browser, pages: dict[str, Path]) -> None:
    """Search, move, open, step, close and get help without a mouse."""
    with opened(browser, pages["run"], "#view=samples") as shown:
        press = shown.page.keyboard.press
        press("/")
        shown.page.keyboard.type("accepted")
        assert shown.page.locator("#search").input_value() == "accepted"
        press("Enter")
        press("j")
        press("ArrowDown")
        press("Enter")
        position = shown.page.locator(".sample .tools .hint")
        assert position.inner_text().startswith("2 of")
        press("j")
        shown.page.locator(".sample .tools .hint", has_text="3 of").wait_for()
        press("k")
        press("k")
        press("k")
        shown.page.locator(".sample .tools .hint", has_text="1 of").wait_for()
        press("Escape")
        assert shown.page.locator(".sample").count() == 0
        assert shown.page.evaluate("document.activeElement.getAttribute('role')") == "grid"
        press("?")
        assert shown.page.get_by_role("dialog", name="Help").is_visible()
        press("Escape")
        press("3")
        assert shown.page.locator("main").get_attribute("aria-label") == "Prompts"
        press("1")
        histogram = shown.page.locator('[aria-label="Histogram of the rewards"] [data-mark]')
        histogram.first.focus()
        press("ArrowRight")
        press("Enter")
        assert histogram.nth(1).get_attribute("aria-pressed") == "true"
        press("Enter")
        press("Tab")  # a chart is one stop
        inside = "document.activeElement.closest('[aria-label=\"Histogram of the rewards\"]')"
        assert shown.page.evaluate(inside) is None
        slowest = shown.page.locator(".list button").first
        slowest.focus()
        press("Enter")
        shown.page.locator(".sample").wait_for()
        press("Escape")
        assert slowest.evaluate("one => one === document.activeElement")


# -- how it looks ----------------------------------------------------------------------

_CONTRASTS = """() => {
  const known = {};
  const parse = (color) => (known[color] ??= measure(color));
  const measure = (color) => {
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
    return { rgb: [red, green, blue], alpha };
  };
  const luminance = ({ rgb }) => {
    const [red, green, blue] = rgb.map((value) => value / 255)
      .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const color = parse(getComputedStyle(each).backgroundColor);
      if (color.alpha === 255) return color;
    }
    return parse(getComputedStyle(document.documentElement).backgroundColor);
  };
  const found = {};
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const text = walker.currentNode.data.trim();
    if (!text || element.closest("script, svg, option, .unseen")) continue;
    if (!element.checkVisibility()) continue;
    const front = luminance(parse(getComputedStyle(element).color));
    const back = luminance(behind(element));
    const contrast = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
    if (contrast < 4.5) found[`${element.className} "${text.slice(0, 20)}"`] = contrast.toFixed(2);
  }
  return found;
}"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_texts_have_enough_contrast(
    browser: Browser, pages: dict[str, Path], *, dark: bool
) -> None:
    """Every text has the contrast 4.5 that WCAG AA asks for, in both colour schemes."""
    failed = next(i for i, row in enumerate(_rows(RUN)) if row["verdict"] == "security_violation")
    with opened(browser, pages["run"], dark=dark) as shown:
        for view in ("overview", "samples", "prompts", "trends"):
            shown.page.evaluate(f"location.hash = 'view={view}&open={failed}&q=task'")
            shown.page.locator(f'main[aria-label="{view.title()}"]').wait_for()
            shown.page.locator(".code").wait_for()
            assert shown.page.evaluate(_CONTRASTS) == {}


def test_the_theme_follows_the_system_and_can_be_changed(
    browser: Browser, pages: dict[str, Path]
) -> None:
    """A dark system gets a dark page; the toggle makes it light."""
    paper = "getComputedStyle(document.documentElement).backgroundColor"
    with opened(browser, pages["run"], dark=True) as dark, opened(browser, pages["run"]) as light:
        assert dark.page.evaluate(paper) != light.page.evaluate(paper)
        dark.page.get_by_role("button", name="Dark or light").click()
        assert dark.page.evaluate(paper) == light.page.evaluate(paper)


def test_a_narrow_screen_needs_no_sideways_scrolling(
    browser: Browser, pages: dict[str, Path]
) -> None:
    """At 390 pixels each view fits, and an open sample covers the screen."""
    too_wide = "document.documentElement.scrollWidth - innerWidth"
    with opened(browser, pages["compare"], width=390, height=844) as shown:
        for view in ("overview", "samples", "prompts", "trends", "compare"):
            shown.page.evaluate(f"location.hash = 'view={view}'")
            shown.page.locator(f'main[aria-label="{view.title()}"]').wait_for()
            assert (view, shown.page.evaluate(too_wide)) == (view, 0)
        shown.page.evaluate("location.hash = 'view=samples&open=5'")
        shown.page.locator(".sample .code").wait_for()
        assert shown.page.evaluate("document.querySelector('.sample').clientWidth") == 390
        assert shown.page.evaluate(too_wide) == 0
        content = "document.querySelector('.sample .content').scrollWidth"
        assert shown.page.evaluate(content) <= 390


# -- hostile data ----------------------------------------------------------------------


def test_hostile_texts_are_shown_and_do_nothing(browser: Browser, pages: dict[str, Path]) -> None:
    """Markup, scripts and odd keys stay text: no request, dialog, error or refused element."""
    shown_names = set()
    with opened(browser, pages["hostile"], "#view=samples") as shown:
        page = shown.page
        for index in range(max(len(HOSTILE_TEXTS), len(HOSTILE_IDS)) + 2):
            page.evaluate(f"location.hash = 'view=samples&open={index}'")
            page.wait_for_function(f"() => location.hash.endsWith('open={index}')")
            page.locator('.sample [aria-label="Test cases"], .sample .code').first.wait_for()
            page.locator(".sample details").evaluate_all(
                "all => all.forEach(one => one.open = true)"
            )
            shown_names |= set(page.locator(".sample .invisible").all_inner_texts())
        for view in ("overview", "prompts", "trends"):
            page.evaluate(f"location.hash = 'view={view}'")
            page.locator(f'main[aria-label="{view.title()}"]').wait_for()
        page.keyboard.press("?")
        elements = page.evaluate(
            "document.querySelectorAll('#page :is(script, style, iframe, img, base, link)').length"
        )

        assert elements == 0
        assert page.locator("h1").inner_text() == HOSTILE_TEXTS[1]
        shown.assert_inert()
    assert shown_names >= {"␀", "␛", "␇", "␡", "U+009B", "U+2028", "U+202E", "U+2066", "U+200B"}
    assert shown_names >= {"U+FEFF", "U+D800", "U+DFFF"}


def test_a_megabyte_line_is_cut(browser: Browser, pages: dict[str, Path]) -> None:
    """A long text shows its beginning, and more on request; a long id does not widen the page."""
    with opened(browser, pages["hostile"], "#view=samples&open=0") as shown:
        code = shown.page.locator(".sample .code")
        code.wait_for()
        assert len(code.inner_text()) < 3000
        more = shown.page.locator('[aria-label="The program"] .more')
        assert "characters" in more.inner_text()
        more.click()
        assert len(code.inner_text()) > 1_000_000

        shown.page.evaluate(f"location.hash = 'view=samples&open={len(HOSTILE_IDS)}'")
        shown.page.locator(".sample h2", has_text="iii").wait_for()
        assert len(shown.page.locator(".sample h2").inner_text()) < 500
        assert shown.page.evaluate("document.documentElement.scrollWidth - innerWidth") == 0
        shown.assert_inert()


_ODD_VALUES: tuple[object, ...] = (
    *(None, True, -1, 1e308, 2**70, "text", "__proto__", [], [[1]], {}, {"a": None}, ""),
    {"__proto__": {"hacked": 1}},
)


def test_values_of_other_types_never_break_the_page(browser: Browser, tmp_path: Path) -> None:
    """Columns, `meta` and details may hold anything in any place: the page still works."""
    chance, count = random.Random(5), 60
    runs = [example_run(count, name=name) for name in ("a", "b")]
    for run in runs:
        for column in run.columns:
            run.columns[column] = [
                value if chance.random() < 0.4 else chance.choice(_ODD_VALUES)
                for value in run.columns[column]
            ]
        for details in run.details:
            assert details is not None
            for key in details:
                details[key] = chance.choice((details[key], *_ODD_VALUES))
            cases = details["cases"]
            for case in cases if isinstance(cases, list) else ():
                for key in case if isinstance(case, dict) else ():
                    case[key] = chance.choice((case[key], *_ODD_VALUES))
        run.details[7] = chance.choice(_ODD_VALUES)  # type: ignore[call-overload]
    odd = list(_ODD_VALUES)
    meta = example_meta([example_run(count)]) | {
        "kind": "compare", "title": {}, "notes": odd, "verifier_version": [], "runs": [{}, {}],
        "reward_range": [1, 0], "weights": dict(zip("abcdef", odd, strict=False)),
        "findings": odd, "roles": odd, "groups": odd, "verdicts": [*VERDICTS, *odd],
    }  # fmt: skip
    path = tmp_path / "odd.html"
    path.write_text(fill_page(TEMPLATE.read_text(), meta, runs))

    with opened(browser, path) as shown:
        for view in ("overview", "samples", "prompts", "trends", "compare"):
            for run_number in (0, 1):
                address = f"view={view}&run={run_number}&q=e&sort=-group"
                shown.page.evaluate(f"location.hash = '{address}'")
                shown.page.wait_for_function("document.querySelector('main').childElementCount > 0")
        for index in range(0, count, 2):
            shown.page.evaluate(f"location.hash = 'view=samples&open={index}'")
            shown.page.locator('.sample [aria-label="Formula"]').wait_for()
        shown.assert_inert()


@pytest.mark.parametrize(
    ("name", "message"), [("later", "format: expected 1, found 2"), ("empty", "no data")]
)
def test_unreadable_data_is_named(
    browser: Browser, pages: dict[str, Path], name: str, message: str
) -> None:
    """A page of a later version, or without data, says so."""
    with opened(browser, pages[name], ready='[role="alert"]') as shown:
        assert message in shown.page.get_by_role("alert").inner_text()
        shown.assert_inert()


# -- pictures --------------------------------------------------------------------------

_PICTURES = {
    "overview": ("run", "", 1280, 860, False),
    "overview-dark": ("run", "", 1280, 860, True),
    "sample": ("run", "#view=samples&verdict=wrong_answer&open={wrong}", 1360, 1440, False),
    "sample-dark": ("run", "#view=samples&verdict=wrong_answer&open={wrong}", 1360, 1440, True),
    "prompts": ("run", "#view=prompts&kind=equal", 1280, 620, False),
    "trends": ("run", "#view=trends", 1280, 1000, False),
    "compare": ("compare", "#view=compare", 1280, 1000, False),
    "narrow": ("run", "", 390, 844, False),
}


@pytest.mark.skipif("REPORT_PICTURES" not in os.environ, reason="REPORT_PICTURES is not set")
@pytest.mark.parametrize("name", _PICTURES)
def test_pictures_of_the_documentation(browser: Browser, tmp_path: Path, name: str) -> None:
    """Draw the pictures, of an example run of 2,400 samples."""
    page_name, address, width, height, dark = _PICTURES[name]
    runs = [example_run(2400, name="before.jsonl" if page_name == "compare" else "rows.jsonl")]
    if page_name == "compare":
        runs.append(example_run(2400, name="after.jsonl", seed=2, skill=0.15))
    path = tmp_path / "page.html"
    path.write_text(fill_page(TEMPLATE.read_text(), example_meta(runs), runs))
    wrong = next(i for i, row in enumerate(_rows(runs[0])) if row["verdict"] == "wrong_answer")
    target = Path(os.environ["REPORT_PICTURES"]) / f"report-{name}.png"
    target.parent.mkdir(parents=True, exist_ok=True)

    with opened(
        browser, path, address.format(wrong=wrong), width=width, height=height, dark=dark
    ) as shown:
        if wrong and "open" in address:
            shown.page.locator(".sample .code").wait_for()
        shown.page.screenshot(path=target)

    assert target.stat().st_size > 10_000
