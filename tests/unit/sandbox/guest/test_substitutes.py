"""Limits that a guest sets. All other substitutes: `tests/conformance/test_fidelity.py`."""

import resource

import pytest

from nova_code_verifier.sandbox.guest.substitutes import _keep_own_limits

INFINITY = resource.RLIM_INFINITY
OWN_HARD = 100


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Return the limits that the kernel accepts, as it would from a process without rights."""
    accepted: list[tuple[int, int]] = []

    def setrlimit(_which: int, limits: tuple[int, int]) -> None:
        soft, hard = limits
        if hard == INFINITY or hard > OWN_HARD or soft == INFINITY or soft > hard:
            raise ValueError("not allowed to raise maximum limit")
        accepted.append((soft, hard))

    monkeypatch.setattr(resource, "getrlimit", lambda _which: (OWN_HARD, OWN_HARD))
    monkeypatch.setattr(resource, "setrlimit", _keep_own_limits(setrlimit))
    return accepted


@pytest.mark.parametrize(
    ("wanted", "got"),
    [
        ((10, 50), (10, 50)),
        ((INFINITY, INFINITY), (100, 100)),
        ((200, 300), (100, 100)),
        ((10, INFINITY), (10, 100)),
        ((200, INFINITY), (100, 100)),
        ([50, 101], (50, 100)),
    ],
)
def test_no_limit_exceeds_the_guests_own(
    limits: list[tuple[int, int]], wanted: tuple[int, int], got: tuple[int, int]
) -> None:
    """A higher limit is accepted, and the guest's own stays."""
    resource.setrlimit(resource.RLIMIT_STACK, wanted)

    assert limits == [got]


@pytest.mark.parametrize("wanted", [(60, 50), (INFINITY, 50), (300, 200), (INFINITY, 200)])
def test_a_soft_limit_above_the_hard_one_is_an_error(
    limits: list[tuple[int, int]], wanted: tuple[int, int]
) -> None:
    """Such limits are wrong everywhere."""
    with pytest.raises(ValueError, match="maximum limit"):
        resource.setrlimit(resource.RLIMIT_STACK, wanted)

    assert limits == []
