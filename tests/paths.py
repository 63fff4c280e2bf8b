"""Where the repository is, for tests that start its programs or read its files."""

from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
EXAMPLES = REPOSITORY / "examples"
