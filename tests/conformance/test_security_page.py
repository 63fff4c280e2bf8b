"""The table of SECURITY.md names every behaviour and hostile kind, with its levels."""

import re

from nova_code_verifier.sandbox.types import IsolationLevel
from tests.conformance.behaviours.behaviour import EVERY_LEVEL, ISOLATED
from tests.conformance.behaviours.checks import FAULTS
from tests.conformance.behaviours.table import BEHAVIOURS
from tests.hostile.programs import KINDS
from tests.paths import REPOSITORY

_LEVELS = {
    **{name: behaviour.levels for name, behaviour in BEHAVIOURS.items()},
    **dict.fromkeys(FAULTS, EVERY_LEVEL),
    **{f"hostile/{kind}": ISOLATED for kind in KINDS},
}
_HEADING = "## What is stopped, and which test shows it"


def _rows() -> list[tuple[dict[IsolationLevel, str], list[str]]]:
    """Return what each row says of each level, and the names of the tests that show it."""
    page = (REPOSITORY / "SECURITY.md").read_text("utf-8")
    section = page.partition(_HEADING)[2].partition("\n## ")[0]
    lines = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    assert [cell.strip(" `") for cell in lines[0][1:4]] == list(IsolationLevel)
    return [
        (
            dict(zip(IsolationLevel, (cell.strip() for cell in cells[1:4]), strict=True)),
            re.findall(r"`([a-z_/]+)`", cells[4]),
        )
        for cells in lines[2:]
    ]


def test_the_table_names_what_exists_and_all_of_it() -> None:
    """Each behaviour, fault and kind of hostile programs is in one row."""
    named = [name for _, names in _rows() for name in names]

    assert sorted(named) == sorted(_LEVELS)


def test_the_table_claims_what_is_tested() -> None:
    """A row says yes where all that shows it is tested, and no where nothing is."""
    for says, names in _rows():
        for level, text in says.items():
            tested = {level in _LEVELS[name] for name in names}
            assert text.startswith(("yes", "no")), text
            assert text.startswith("yes") or tested == {False}, (names, level)
            assert text.startswith(("no", "yes: it starts none")) or tested == {True}, (
                names,
                level,
            )
