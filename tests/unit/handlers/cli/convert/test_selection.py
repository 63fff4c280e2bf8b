"""Choosing tests."""

import pytest

from nova_code_verifier.handlers.cli.convert.selection import Budget, choose_cases

SIZES = [index % 40 + 1 for index in range(200)]


def test_everything_that_fits_is_kept() -> None:
    """Without a limit, or within it, nothing is left out."""
    assert choose_cases(SIZES, Budget(), seed="") == list(range(200))
    exact = Budget(cases=200, size_bytes=sum(SIZES))
    assert choose_cases(SIZES, exact, seed="") == list(range(200))


@pytest.mark.parametrize("budget", [Budget(cases=21), Budget(size_bytes=600)], ids=str)
def test_half_are_the_longest_and_half_are_drawn(budget: Budget) -> None:
    """The longest five fill about half of the bytes; the others are of all sizes."""
    chosen = choose_cases(SIZES, budget, seed="a")

    assert chosen == sorted(set(chosen))
    assert budget.allows(len(chosen), sum(SIZES[index] for index in chosen))
    longest = {index for index, size in enumerate(SIZES) if size == 40}
    assert longest <= set(chosen)
    assert min(SIZES[index] for index in chosen) < 20
    assert chosen != choose_cases(SIZES, budget, seed="b")
    assert chosen == choose_cases(SIZES, budget, seed="a")


def test_a_case_larger_than_the_half_may_be_drawn() -> None:
    """One large case is better than none."""
    assert choose_cases([80, 80], Budget(size_bytes=100), seed="") in ([0], [1])
    assert choose_cases([80, 80], Budget(size_bytes=79), seed="") == []


def test_every_group_keeps_a_case() -> None:
    """If that is impossible, nothing is chosen."""
    groups = [index // 50 for index in range(200)]

    for seed in "abcdef":
        chosen = choose_cases(SIZES, Budget(cases=5), seed=seed, groups=groups)
        assert {groups[index] for index in chosen} == {0, 1, 2, 3}
    assert choose_cases(SIZES, Budget(cases=3), seed="", groups=groups) == []
