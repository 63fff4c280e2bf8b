"""The semantics version: a reward that moves has a new number."""

import re

from nova_code_verifier.verifier.semantics import SEMANTICS_VERSION
from tests.known.rewards import ADVICE, moved, read_record, rewards_of_examples
from tests.paths import REPOSITORY


def test_the_rewards_were_recorded_for_this_semantics_version() -> None:
    """A new number has rewards of its own."""
    found = read_record().semantics_version

    assert found == SEMANTICS_VERSION, "run `python -m tests.known.rewards`"


def test_rewards_of_the_examples_move_only_with_the_semantics_version() -> None:
    """Each example has the reward that was recorded (`test_known_solutions.py` has the others)."""
    recorded, found = read_record().examples, rewards_of_examples()

    changes = moved(recorded, found)
    assert not changes, "\n".join([f"{len(changes)} rewards moved:", *changes, ADVICE])
    assert recorded.keys() == found.keys(), "run `python -m tests.known.rewards`"


def test_the_changelog_describes_every_semantics_version() -> None:
    """Whoever compares rewards of two versions can read what moved between them."""
    changelog = (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8")

    described = {int(number) for number in re.findall(r"^- Version (\d+):", changelog, re.M)}
    assert described == set(range(1, SEMANTICS_VERSION + 1))
