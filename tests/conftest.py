"""Options of the whole test run. What only one folder needs stays in that folder."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

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
