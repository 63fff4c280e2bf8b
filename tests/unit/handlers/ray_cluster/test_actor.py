"""The actor without Ray: what it answers first, and how it scores."""

import pickle
from collections.abc import Iterator
from dataclasses import replace

import pytest

from nova_code_verifier.handlers.ray_cluster.actor import (
    ScoringActor,
    difference,
    digest_of,
    versions_here,
)
from nova_code_verifier.handlers.scored.packing import pack
from nova_code_verifier.handlers.settings import Settings
from nova_code_verifier.handlers.wire import Entry
from nova_code_verifier.sandbox.types import IsolationLevel
from nova_code_verifier.verifier.rubric import OutagePolicy
from nova_code_verifier.verifier.types import Sample, Verdict

SETTINGS = Settings(on_outage=OutagePolicy.NONE, isolation=IsolationLevel.NONE, control_samples=0)


def entry(program: str, outputs: object) -> Entry:
    """Return the entry of a program without input."""
    completion = f"```python\n{program}\n```"
    reference = {"inputs": [""], "outputs": outputs}
    return Entry(id=program, sample=Sample(completion=completion, reference=reference), group=3)


def start(settings: Settings = SETTINGS, *, share: float = 1.0) -> ScoringActor:
    """Return an actor that may use a *share* of the memory."""
    return ScoringActor(versions_here(), pickle.dumps(settings), processors=1, share=share)


@pytest.fixture
def actor() -> Iterator[ScoringActor]:
    """Return an actor that can score."""
    started = start()
    yield started
    started.close()


def test_samples_are_scored_in_order(actor: ScoringActor) -> None:
    """The scored samples of right, wrong and broken entries are those of every other place."""
    entries = [entry("print(1)", ["1"]), entry("print(2)", ["1"]), entry("print(1)", [])]

    scored = actor.score(pack(entries), full=False)

    assert [sample.row["id"] for sample in scored] == ["print(1)", "print(2)", "print(1)"]
    assert [sample.verdict for sample in scored] == [
        Verdict.ACCEPTED, Verdict.WRONG_ANSWER, Verdict.UNGRADED,
    ]  # fmt: skip
    assert [sample.group for sample in scored] == [3, 3, 3]


def test_the_settings_are_those_of_the_driver(actor: ScoringActor) -> None:
    """Their digest is that of equal settings in any process, and differs from others."""
    assert actor.hello()["settings"] == digest_of(pickle.dumps(SETTINGS))
    assert actor.hello()["settings"] != digest_of(pickle.dumps(Settings(cpu_seconds=3)))


def test_the_environment_of_a_node_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even where it holds settings that cannot be used."""
    monkeypatch.setenv("VERIFIER_CPU_SECONDS", "none of your business")
    actor = start()

    assert actor.hello()["level"] == IsolationLevel.NONE
    actor.close()


def test_a_node_that_may_not_run_programs_says_why() -> None:
    """It answers with the problem, and Ray sees no error."""
    actor = start(replace(SETTINGS, required_isolation=IsolationLevel.KERNEL))

    assert actor.hello() == {"problem": "isolation: level none is below the required level kernel"}
    actor.close()


def test_an_actor_has_its_share_of_the_memory() -> None:
    """All actors of a node together may take what there is."""
    actor = start(share=1e-9)

    assert "memory_mb" in actor.hello()["problem"]
    actor.close()


def test_settings_are_not_read_by_another_version() -> None:
    """They might not be readable; and rewards would not be those of the driver."""
    other = versions_here() | {"semantics": "0", "numpy": "9.9"}
    actor = ScoringActor(other, b"of another version", processors=1, share=1.0)

    assert "numpy" in actor.hello()["problem"]
    assert f"semantics {versions_here()['semantics']} instead of 0" in actor.hello()["problem"]
    actor.close()


def test_differences_name_both_versions() -> None:
    """What only one of them has is a difference, too."""
    assert difference({"a": "1", "b": "2"}, {"a": "1", "b": "2"}) == ""
    assert difference({"a": "1", "b": "2"}, {"b": "3", "c": "4"}) == (
        "a none instead of 1, b 3 instead of 2, c 4 instead of none"
    )
