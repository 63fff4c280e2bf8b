"""How many processes share the work."""

import pytest

from nova_code_verifier.handlers.cli.score.places import shard_plan
from nova_code_verifier.handlers.cli.score.places.shard_plan import ShardPlan, plan_shards
from nova_code_verifier.handlers.settings import Settings
from nova_code_verifier.sandbox.errors import SandboxError

GIB = 2**30


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Be a machine with 16 processors and 64 GiB for guests."""
    monkeypatch.setattr(shard_plan, "default_worker_count", lambda: 17)
    monkeypatch.setattr(shard_plan, "bytes_for_guests", lambda: 64 * GIB)


@pytest.mark.usefixtures("machine")
@pytest.mark.parametrize(
    ("workers", "shares"),
    [(1, None), (4, None), (5, (3, 2)), (8, (4, 4)), (13, (4, 3, 3, 3)), (None, (5, 4, 4, 4))],
)
def test_each_process_serves_about_four_workers(
    workers: int | None, shares: tuple[int, ...] | None
) -> None:
    """Up to four, one process serves them. By default, there is one more worker than processors."""
    plan = plan_shards(Settings(), workers)

    assert (plan and plan.workers) == shares


@pytest.mark.usefixtures("machine")
def test_the_setting_counts_where_no_option_is_given() -> None:
    """VERIFIER_WORKERS is what --workers replaces."""
    plan = plan_shards(Settings(workers=8), None)

    assert plan is not None
    assert plan.workers == (4, 4)


@pytest.mark.usefixtures("machine")
def test_an_executor_function_needs_no_shards() -> None:
    """Its calls wait for another machine."""
    assert plan_shards(Settings(executor_function="f"), 8) is None


@pytest.mark.usefixtures("machine")
def test_fewer_workers_than_processors_fit_where_the_memory_is_small() -> None:
    """Three processes more than one take a part of it: 6 of the 16 guests of 8 GiB fit."""
    plan = plan_shards(Settings(memory_mb=8 * 1024), None)

    assert plan is not None
    assert plan.workers == (4, 3)


@pytest.mark.usefixtures("machine")
def test_more_workers_than_fit_are_refused() -> None:
    """Those that a user asks for are not reduced in silence."""
    with pytest.raises(SandboxError, match="set workers to 7 or less"):
        plan_shards(Settings(memory_mb=8 * 1024), 8)


def test_the_memory_is_shared_by_workers() -> None:
    """A shard with more workers gets more."""
    plan = ShardPlan(workers=(3, 1), guests_bytes=8 * GIB)

    assert [plan.bytes_for(workers) for workers in plan.workers] == [6 * GIB, 2 * GIB]
