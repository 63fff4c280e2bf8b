"""Fuzz what reads the events of trainers and the rows of datasets.

In: bytes that atheris generates. Out: nothing, or an exception that must not be, with the bytes
that caused it. `make fuzz` runs this.
"""

import contextlib
import json
import sys
from pathlib import Path
from typing import Any

import atheris  # type: ignore[import-untyped]  # no part of our environments

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.fuzz.shapes import make_tree

with atheris.instrument_imports(
    include=["nova_code_verifier.handlers", "nova_code_verifier.verifier"]
):
    from nova_code_verifier.handlers.dataset_row import read_entries, read_row, read_task_row
    from nova_code_verifier.handlers.wire import (
        Entry,
        MalformedEventError,
        read_event,
        response_row,
        write_response,
    )

_TEXT = """
    id messages role content user assistant system text type reference_answer metadata ground_truth
    reward_model answer extra_info test_cases task data_source prompt completion completions
    response responses output outputs input inputs conversations from value gpt human body
    isBase64Encoded trajectories batch tests kind stdio call code cases expected fn_name entry_point
    tool_calls reasoning_content problem_id question name solution gold positive negative
"""
_WORDS = _TEXT.split()


def check(entry: Entry) -> None:
    """Check that an entry is a sample or a problem, and that its id can be sent back."""
    assert (entry.sample is None) != (entry.problem is None)
    json.dumps(entry.id, allow_nan=False).encode("utf-8")
    if entry.sample is not None:
        assert type(entry.sample.completion) in (str, type(None))


def fuzz_event(event: object) -> None:
    """Read an event, and answer it: each entry has its own row."""
    try:
        request = read_event(event)
    except MalformedEventError:
        return
    for entry in request.entries:
        check(entry)
    rows = [response_row(entry.id, 0.0, ()) for entry in request.entries]
    response = write_response(request, rows)
    json.dumps(response, allow_nan=False)


def fuzz_row(row: object) -> None:
    """Read a row of a dataset in each of the three ways."""
    for entry in read_entries(row):
        check(entry)
    assert read_task_row(row).sample is None or isinstance(row, dict)
    if isinstance(row, dict):
        with contextlib.suppress(ValueError):
            read_row(row)


def fuzz_one(data: bytes) -> None:
    """Read the input, or a tree that is made from it, as an event and as a row."""
    some: Any = atheris.FuzzedDataProvider(data[1:])
    if data[:1] < b"\x20":
        try:
            made = json.loads(data[1:])
        except (ValueError, RecursionError):
            return
    else:
        made = make_tree(some, _WORDS, _WORDS)
        if data[:1] < b"\x90":  # more often than not, all are where they should be
            messages = [{"role": "assistant", "content": make_tree(some, _WORDS, _WORDS, 3)}]
            made = {"messages": messages, "reference_answer": made}
    fuzz_event(made)
    fuzz_row(made)


if __name__ == "__main__":
    atheris.Setup(sys.argv, fuzz_one)
    atheris.Fuzz()
