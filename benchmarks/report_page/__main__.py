"""Measure the page of a report in Chromium.

    python -m benchmarks.report_page [--samples N ...] [--rounds N] [--page FILE.html]

Each round opens the page in a new window. "open" is the time from the start of the navigation until
the page reacts: its data is read, and the overview drawn. "filter" is the time from a letter in the
search field until the next picture is on the screen, in the overview with all its statistics and in
the table. "scroll" is the longest time between two pictures while the table scrolls. The processor
time is that of the page's main thread: it holds on a busy machine, too. Figures are medians of the
rounds, with the worst in brackets, in milliseconds.
"""

import argparse
import statistics
import tempfile
from pathlib import Path

from playwright.sync_api import Browser

from tests.browser import opened, running_browser
from tests.report_data import TEMPLATE, example_meta, example_run, fill_page

_TITLES = (
    *("open", "open processor", "filter overview", "its processor"),
    *("filter table", "its processor", "scroll"),
)
_TYPED = "wrong"
_OPEN = "performance.getEntriesByName('ready')[0].startTime"
_TYPE = """async (text) => {
  const field = document.getElementById("search");
  const painted = () => new Promise((done) => requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = done;
    channel.port2.postMessage(null);
  }));
  const found = [];
  for (let length = 1; length <= text.length; length += 1) {
    await painted();
    field.value = text.slice(0, length);
    const start = performance.now();
    field.dispatchEvent(new InputEvent("input", { bubbles: true }));
    await painted();
    found.push(performance.now() - start);
  }
  field.value = "";
  field.dispatchEvent(new InputEvent("input", { bubbles: true }));
  await painted();
  return found;
}"""
_SCROLL = """() => new Promise((done) => {
  const table = document.querySelector('[role="grid"]');
  const times = [];
  const step = (time) => {
    times.push(time);
    table.scrollTop += 400;
    if (times.length < 90) requestAnimationFrame(step);
    else done(Math.max(...times.slice(1).map((at, index) => at - times[index])));
  };
  requestAnimationFrame(step);
})"""


def main() -> None:
    """Print one line of figures for each number of samples."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--page", type=Path, help="measure this page, not synthetic ones")
    options = parser.parse_args()
    print(f"{'samples':>9} {'MB':>6} " + " ".join(f"{title:>22}" for title in _TITLES))
    with tempfile.TemporaryDirectory() as folder, running_browser() as browser:
        if options.page:
            _measure(browser, "file", options.page.resolve(), options.rounds)
            return
        for count in options.samples:
            run = example_run(count)
            path = Path(folder) / f"{count}.html"
            path.write_text(fill_page(TEMPLATE.read_text(), example_meta([run]), [run]))
            _measure(browser, f"{count:,}", path, options.rounds)


def _measure(browser: Browser, name: str, path: Path, rounds: int) -> None:
    rows = [_round(browser, path) for _ in range(rounds)]
    columns = zip(*rows, strict=True)
    texts = [f"{statistics.median(found):.0f} ({max(found):.0f})" for found in columns]
    size = path.stat().st_size / 1e6
    print(f"{name:>9} {size:6.1f} " + " ".join(f"{text:>22}" for text in texts), flush=True)


def _round(browser: Browser, path: Path) -> list[float]:
    """Return the figures of one window, in the order of the titles."""
    with opened(browser, path) as shown:
        page = shown.page
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable", {"timeDomain": "threadTicks"})

        def processor_ms() -> float:
            metrics = session.send("Performance.getMetrics")["metrics"]
            return 1000 * float(next(m["value"] for m in metrics if m["name"] == "TaskDuration"))

        page.reload()
        page.wait_for_selector("html[data-ready]", state="attached")
        figures = [page.evaluate(_OPEN), processor_ms()]
        for key in ("1", "2"):  # the overview, the table
            page.keyboard.press(key)
            before = processor_ms()
            times = page.evaluate(_TYPE, _TYPED)
            figures += [statistics.median(times), (processor_ms() - before) / (len(_TYPED) + 1)]
        return [*figures, page.evaluate(_SCROLL)]


if __name__ == "__main__":
    main()
