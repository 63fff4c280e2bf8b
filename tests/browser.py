"""A real Chromium, in which the tests open pages from the disk.

In: pages as text. Out: Playwright's pages, and all that they did which a report must never do.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Dialog, Page, sync_playwright

# Without these, Chromium looks for its maker's hosts at every start. Its own sandbox does not work
# for root.
_FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--hide-scrollbars"),
)
_WATCH_POLICY = """
    window.violations = [];
    addEventListener("securitypolicyviolation", (event) =>
        window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
"""
_TIMEOUT_MS = 20_000


def find_chromium() -> str:
    """Return the path of Chromium. Skip the test where there is none."""
    names = (os.environ.get("CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome")
    path = next((path for name in names if name and (path := shutil.which(name))), None)
    if path is None:
        pytest.skip("no Chromium is installed: apt-get install chromium, or set CHROMIUM")
    return path


@contextmanager
def running_browser() -> Iterator[Browser]:
    """Start Chromium without a window."""
    path = find_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(_FLAGS))
        yield browser
        browser.close()


@dataclass(slots=True)
class Opened:
    """A page that is open, and what it asked for, printed and showed."""

    page: Page
    path: Path
    requests: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    def assert_inert(self) -> None:
        """Check that no request left, nothing failed, and the policy refused nothing."""
        assert [url for url in self.requests if url.partition("#")[0] != self.path.as_uri()] == []
        assert (self.messages, self.dialogs) == ([], [])
        assert self.page.evaluate("window.violations") == []
        assert self.page.evaluate("window.hacked") is None
        assert self.page.evaluate("({}).hacked") is None


@contextmanager
def opened(
    browser: Browser,
    path: Path,
    address: str = "",
    *,
    width: int = 1280,
    height: int = 900,
    dark: bool = False,
    ready: str = "html[data-ready]",
) -> Iterator[Opened]:
    """Open the file *path* with the fragment *address* in a window of its own."""
    # One context for all pages: another one would start processes of its own, which takes long.
    context = browser.contexts[0] if browser.contexts else browser.new_context()
    page = context.new_page()
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme="dark" if dark else "light", reduced_motion="reduce")
    page.set_default_timeout(_TIMEOUT_MS)
    page.add_init_script(_WATCH_POLICY)
    found = Opened(page, path)
    page.on("request", lambda request: found.requests.append(request.url))
    page.on("console", lambda message: found.messages.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: found.messages.append(str(error)))

    def refuse(dialog: Dialog) -> None:
        found.dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", refuse)
    page.goto(path.as_uri() + address)
    page.wait_for_selector(ready, state="attached")
    yield found
    page.evaluate("localStorage.clear()")
    page.close()
