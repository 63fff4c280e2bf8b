"""Messages between our process and the harness process."""

import json
from typing import cast

import pytest

from nova_code_verifier.sandbox.protocol.encoding import decode, encode
from nova_code_verifier.verifier.test_code.protocol import (
    CompiledTests,
    InProcessReport,
    ItemReport,
    ItemState,
    Question,
    RunReport,
    TestCodeFields,
    pack_tests,
    unpack_tests,
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
    leaves_no_trace=True,
    expected_answers={'{"is":1}': 2},
    expected_exceptions=[["ValueError", "less"]],
)
QUESTIONS = [Question("1", "call", [{"at": [0]}, 1], [["key", 2]], [["Node", []]], is_guess=True)]
ITEM = ItemReport("1", ItemState.FAILED, "", "AssertionError: line 1", "secret", answers_used=2)


def test_a_run_report_survives_the_typed_encoding() -> None:
    """The report that our process parses equals the one that the harness returned."""
    report = RunReport(
        compiled=COMPILED, items=[ITEM], is_open=True, shared=["Node"], questions=QUESTIONS
    )

    assert RunReport.parse(decode(encode(report))) == report


def test_an_in_process_report_survives_the_typed_encoding() -> None:
    """The state and the texts of an item are kept; the other fields have no meaning there."""
    parsed = InProcessReport.parse(decode(encode(InProcessReport(items=[ITEM]))))

    assert parsed == InProcessReport(items=[ITEM._replace(answers_used=0)])


@pytest.mark.parametrize(
    "value",
    [None, "", {}, (), ("", ""), ("", "", 7), (1, "", []), ("", "", "", []), ("", "", [], "")],
)
def test_a_malformed_in_process_report_is_none(value: object) -> None:
    """A report that the candidate has forged is not believed."""
    assert InProcessReport.parse(value) is None


def test_long_texts_of_an_in_process_report_are_cut() -> None:
    """A candidate cannot fill our memory or our logs with the texts of a report."""
    item = ItemReport("1", ItemState.FAILED, "", "e" * 10**6, "m" * 10**6)
    parsed = InProcessReport.parse(("", "e" * 10**6, [item]))

    assert parsed is not None
    assert len(encode(parsed)) < 10_000


@pytest.mark.parametrize("compiled", [None, COMPILED])
def test_packed_tests_are_unpacked(compiled: CompiledTests | None) -> None:
    """The harness gets the test code, the compiled tests and the questions."""
    test_code = cast("TestCodeFields", {"source": "assert f(1)", "modules": ("solution",)})

    packed = pack_tests(test_code, compiled, QUESTIONS)

    assert unpack_tests(packed) == (test_code, compiled, QUESTIONS)


def test_an_instruction_has_the_keys_that_the_guest_reads() -> None:
    """`sandbox/guest/object_session.py` reads these keys."""
    assert json.loads(QUESTIONS[0].instruction(["Node"])) == {
        "op": "call",
        "on": [{"at": [0]}, 1],
        "kw": [["key", 2]],
        "nodes": [["Node", []]],
        "guess": True,
        "shared": ["Node"],
    }
