"""Options of the whole test run. What only one folder needs stays in that folder."""

from pathlib import Path

import pytest


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
