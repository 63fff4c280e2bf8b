"""The page of a real run, in a real Chromium: from samples to what a person reads."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser import opened, running_browser
from tests.paths import REPOSITORY

EXAMPLES = "examples/completions.jsonl"
HOSTILE = "</script><script>window.hacked = 1</script><img src=x onerror='window.hacked = 2'>"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start one browser for all tests of this file."""
    with running_browser() as browser:
        yield browser


def verifier(*arguments: str | Path) -> None:
    """Run the command line; it must succeed."""
    command = (sys.executable, "-m", "nova_code_verifier.handlers.cli")
    subprocess.run([*command, *arguments], cwd=REPOSITORY, check=True, timeout=60)


def test_a_scored_file_is_a_page_that_explains_its_samples(
    browser: Browser, tmp_path: Path
) -> None:
    """Search, open a sample: its program, what was expected and observed, and the formula."""
    path = tmp_path / "report.html"
    verifier("score", EXAMPLES, "--out", tmp_path / "rows.jsonl", "--report", path, "--quiet")

    with opened(browser, path, "#view=samples") as shown:
        assert shown.page.locator("output.matches").inner_text().startswith("31")
        shown.page.locator("#search").fill("next-palindrome-off-by-one")
        shown.page.locator(".rows .row").first.click()
        text = shown.page.locator(".sample").text_content() or ""
        assert "def next_palindrome(digit_list):" in text
        assert "[1, 0, 0, 0, 1]" in text
        assert "[1, 0, 0, 1]" in text
        assert "correctness = 0.75" in text
        assert "A palindromic integer is given" in text
        shown.assert_inert()


def test_a_hostile_candidate_is_inert(browser: Browser, tmp_path: Path) -> None:
    """It prints, raises and is called what would be a program in a page."""
    samples, rows, path = (tmp_path / name for name in ("s.jsonl", "rows.jsonl", "report.html"))
    program = (
        f"import sys\nprint({HOSTILE!r})\nprint({HOSTILE!r}, file=sys.stderr)\nexec({HOSTILE!r})"
    )
    entry = {
        "id": HOSTILE,
        "data_source": HOSTILE,
        "messages": [
            {"role": "user", "content": HOSTILE},
            {"role": "assistant", "content": f"{HOSTILE}\n```python\n{program}\n```"},
        ],
        "reference_answer": {"inputs": ["1"], "outputs": [HOSTILE.upper()]},
    }
    samples.write_text(json.dumps(entry))
    verifier("score", samples, "--details", "--out", rows, "--quiet")
    verifier("report", rows, "--samples", samples, "--title", HOSTILE, "-o", path, "--quiet")

    with opened(browser, path, "#view=samples") as shown:
        shown.page.locator(".rows .row").first.click()
        text = shown.page.locator(".sample").text_content() or ""
        assert text.count(HOSTILE) >= 3
        shown.assert_inert()
