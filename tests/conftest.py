"""Options and the closing lines of the whole test run. What one folder needs stays in that folder.

pytest-xdist collects tests in its workers alone, and loads no `conftest.py` of a folder in the
process that prints: so all that is printed at the end is printed here.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadFileScheduling

_SLOW_LEFT = pytest.StashKey[int]()

# How long an example takes says how busy the machine is. Time is measured in benchmarks/.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options; pytest reads them from here alone, whichever folder uses them."""
    parser.addoption(
        "--dataset",
        action="append",
        default=[],
        type=Path,
        metavar="FILE.jsonl",
        help="score these known solutions instead of our own (tests/known; may be repeated)",
    )


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep a file's tests in one process, and all tests of the image: they share an engine."""
    if config.getoption("dist") != "loadfile":
        return None
    scheduler = LoadFileScheduling(config, log)
    scheduler._split_scope = _unit_of
    return scheduler


def _unit_of(nodeid: str) -> str:
    folder = "tests/container"
    return folder if nodeid.startswith(folder) else nodeid.partition("::")[0]


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    """Count the slow tests that `-m "not slow"` leaves out."""
    slow = [item for item in items if item.get_closest_marker("slow")]
    if slow:
        stash = slow[0].config.stash
        stash[_SLOW_LEFT] = stash.get(_SLOW_LEFT, 0) + len(slow)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Send the count from a worker of pytest-xdist to the process that prints."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["slow_left"] = session.config.stash.get(_SLOW_LEFT, 0)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Receive the count of a worker. All workers collect the same tests, so one is enough."""
    output = getattr(node, "workeroutput", {})  # a worker that crashed has none
    if "slow_left" in output:
        node.config.stash[_SLOW_LEFT] = output["slow_left"]


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print which tests ran, how many are left, and what was measured and is not judged."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            terminalreporter.write_line(f"{name}: {value}")
    if config.args_source is not pytest.Config.ArgsSource.TESTPATHS:
        return
    if left := config.stash.get(_SLOW_LEFT, 0):
        terminalreporter.write_line(
            f"tier: fast tests; {left} slow ones are left to `make test-all`"
        )
    elif not (config.option.markexpr or config.option.keyword or config.option.lf):
        terminalreporter.write_line("tier: all tests, fast and slow")
