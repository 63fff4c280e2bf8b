"""handlers/report_page/reasons.py: why samples are not accepted, in words that can be counted."""

import pytest

from nova_code_verifier.handlers.report_page.reasons import reason_of


def case(verdict: str, **fields: object) -> dict[str, object]:
    """Return the details of a test case."""
    return {"verdict": verdict, "detail": "", "error": None, **fields}


@pytest.mark.parametrize(
    ("verdict", "details", "reason"),
    [
        ("accepted", {"remark": "anything"}, ""),
        ("", {}, ""),
        ("wrong_answer", {"remark": "case 3: exit status 1"}, "wrong answer"),
        ("wrong_answer", {"tests_passed": 0, "tests_total": 3}, "wrong answer: no case passes"),
        (
            "wrong_answer",
            {"tests_passed": 1, "tests_total": 3},
            "wrong answer: less than half of the cases pass",
        ),
        (
            "wrong_answer",
            {"tests_passed": 2, "tests_total": 4},
            "wrong answer: half or more of the cases pass",
        ),
        (
            "wrong_answer",
            {
                "tests_passed": 0,
                "tests_total": 1,
                "cases": [case("wrong_answer", expected="8", observed="")],
            },
            "wrong answer: no output",
        ),
        (
            "runtime_error",
            {
                "cases": [
                    case("wrong_answer", error="KeyError: 1"),
                    case("runtime_error", error="ValueError: bad: 'a\"b' at 0x7f12 in 12.5"),
                ]
            },
            "runtime error: ValueError: bad: '…' at (address) in N",
        ),
        (
            "runtime_error",
            {"remark": "case 3: exit status 1, KeyError: 'x'"},
            "runtime error: exit status N, KeyError: '…'",
        ),
        ("memory_limit_exceeded", {"cases": [case("memory_limit_exceeded", error="MemoryError: ")]},
         "memory limit exceeded: MemoryError"),
        ("security_violation", {"cases": [case("security_violation", detail="socket")]},
         "security violation: socket"),
        ("ungraded", {"problem": "line 7: outputs: found 2 outputs for 3 inputs"},
         "outputs: found N outputs for N inputs"),
        ("ungraded", {}, "no verdict"),
        ("no_candidate", {"remark": 5, "cases": "x"}, "no candidate"),
    ],
)  # fmt: skip
def test_equal_faults_have_equal_reasons(
    verdict: str, details: dict[str, object], reason: str
) -> None:
    """What differs from sample to sample is left out."""
    assert reason_of(verdict, details) == reason


def test_a_reason_is_one_short_printable_line() -> None:
    """A candidate chooses the message of its exception."""
    details = {"cases": [case("runtime_error", error="E: \x1b[31m\n" + "x" * 10_000)]}

    reason = reason_of("runtime_error", details)

    assert reason.isprintable()
    assert len(reason) < 200
