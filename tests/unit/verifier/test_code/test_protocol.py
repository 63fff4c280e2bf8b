"""Messages between our process and the harness process."""

from typing import cast

import pytest

from nova_code_verifier.sandbox.protocol.encoding import decode, encode
from nova_code_verifier.verifier.test_code.protocol import (
    BEGIN,
    END,
    ITEM,
    NEEDS_ONE_PROCESS,
    CompiledTests,
    InProcessReport,
    ItemReport,
    ItemState,
    RunReport,
    TestCodeFields,
    pack_tests,
    read_messages,
    unpack_tests,
    write_message,
)

COMPILED = CompiledTests(
    style="script",
    names=["f"],
    classes=[],
    libraries=["math"],
    modules=["solution"],
    items=["1"],
    methods=[],
    code=b"\x00code",
    prompt_code=b"",
    imports=[["os", "os"]],
    may_patch=False,
    expected_answers={'{"is":1}': 2},
    expected_exceptions=[["ValueError", "less"]],
)
FAILED = ItemReport(
    "1", ItemState.FAILED, "AssertionError: line 1", "secret", line=1, parts=4, parts_passed=3
)


def test_a_run_report_survives_the_typed_encoding() -> None:
    """The report that our process parses equals the one that the harness returned."""
    report = RunReport(compiled=COMPILED, items=[FAILED])

    assert RunReport.parse(decode(encode(report))) == report


def test_messages_of_a_session_are_read() -> None:
    """The report has the items that were reported, and the rest of what the end says."""
    written = [
        write_message(BEGIN, "1"),
        write_message(ITEM, FAILED),
        write_message(END, RunReport(outside=FAILED, is_lost=True)),
    ]

    report = RunReport(items=[FAILED], outside=FAILED, is_lost=True, has_end=True)
    assert read_messages(written) == report


def test_messages_without_an_end_name_the_item_that_was_running() -> None:
    """So the host knows which item a harness did not survive."""
    begun = [write_message(BEGIN, "1"), write_message(ITEM, FAILED), write_message(BEGIN, "2")]

    assert read_messages(begun) == RunReport(items=[FAILED], current="2")
    assert read_messages(begun[:2]) == RunReport(items=[FAILED])


@pytest.mark.parametrize(
    "message", [b"", b"[", b"[]", b"7", b'["item", 7]', b'["item", ["1", "won"]]']
)
def test_other_messages_are_not_read(message: bytes) -> None:
    """They raise what `read_messages` says, and nothing else."""
    with pytest.raises((TypeError, ValueError)):
        read_messages([message])


def test_what_needs_one_process_is_told_from_other_problems() -> None:
    """The text of the problem says so, in one place."""
    assert RunReport(problem=f"{NEEDS_ONE_PROCESS}walk frames").needs_one_process
    assert not RunReport(problem="raise it").needs_one_process


def test_an_in_process_report_survives_the_typed_encoding() -> None:
    """The state, the texts, the line and the parts of an item are kept; the rest has no meaning."""
    item = FAILED._replace(is_self_compared=True, shown="1")
    parsed = InProcessReport.parse(decode(encode(InProcessReport(items=[item]))))

    assert parsed == InProcessReport(items=[FAILED])


@pytest.mark.parametrize("parts", [(4, 5), (4, -1), ("4", 3), (2**70, 3), (0, 0), (4,), ()])
def test_forged_parts_of_an_item_earn_nothing(parts: tuple[object, ...]) -> None:
    """The item counts as one part that has not passed."""
    forged = ("1", "failed", "", "", False, 0, *parts)
    parsed = InProcessReport.parse(("", "", [forged]))

    assert parsed == InProcessReport(items=[ItemReport("1", ItemState.FAILED)])


@pytest.mark.parametrize(
    "value",
    [None, "", {}, (), ("", ""), ("", "", 7), (1, "", []), ("", "", "", []), ("", "", [], "")],
)
def test_a_malformed_in_process_report_is_none(value: object) -> None:
    """A report that the candidate has forged is not believed."""
    assert InProcessReport.parse(value) is None


def test_long_texts_of_an_in_process_report_are_cut() -> None:
    """A candidate cannot fill our memory or our logs with the texts of a report."""
    item = ItemReport("1", ItemState.FAILED, "e" * 10**6, "m" * 10**6)
    parsed = InProcessReport.parse(("", "e" * 10**6, [item]))

    assert parsed is not None
    assert len(encode(parsed)) < 10_000


@pytest.mark.parametrize("compiled", [None, COMPILED])
def test_packed_tests_are_unpacked(compiled: CompiledTests | None) -> None:
    """The harness gets the test code and the compiled tests."""
    test_code = cast("TestCodeFields", {"source": "assert f(1)", "modules": ("solution",)})

    packed = pack_tests(test_code, compiled)

    assert unpack_tests(packed) == (test_code, compiled)
