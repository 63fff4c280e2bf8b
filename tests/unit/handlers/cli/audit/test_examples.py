"""Examples in prompts."""

import pytest

from nova_code_verifier.handlers.cli.audit.examples import calls_in


@pytest.mark.parametrize(
    ("text", "answers"),
    [
        ("f(1, 2) == 3", {"(1, 2)": 3}),
        ("assert f((1, 2)) == [3]", {"((1, 2),)": [3]}),
        ("    >>> f('a)')\n    'b'", {"('a)',)": "b"}),
        ("`f([1])` should return `[2]`, and so on", {"([1],)": [2]}),
        ("f(1) ➞ 2.5 # because", {"(1,)": 2.5}),
        ("f(x) == 1, f(2) is the answer, g(3) == 4", {}),
        ("f(", {}),
    ],
)
def test_calls_with_their_values_are_found(text: str, answers: dict[str, object]) -> None:
    """Arguments and values are literals; other text is no example."""
    assert calls_in(text, ["f"]) == answers


def test_a_method_is_found_by_its_name() -> None:
    """Prompts show `f(1)` for `Solution().f`."""
    assert calls_in("f(1) == 2", ["Solution().f"]) == {"(1,)": 2}
