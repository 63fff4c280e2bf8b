"""Building the single file. tests/e2e/test_single_file.py runs it."""

from nova_code_verifier.handlers.single_file.bundle import build


def test_the_same_modules_give_the_same_file() -> None:
    """Building twice gives the same text."""
    assert build() == build()
