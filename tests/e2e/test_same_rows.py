"""A sample gets the same row by every entry point.

The rows of a direct call of the handler are the expected ones. The tests compare them with the
rows of the command line, and with those of Lambda's runtime, called by boto3.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nova_code_verifier.handlers.reward import lambda_handler
from tests.e2e.emulator import Function
from tests.e2e.samples import Sample, without_durations
from tests.paths import REPOSITORY


@pytest.fixture(scope="module")
def direct_rows(sample_set: list[Sample]) -> list[Any]:
    """Return the rows of a direct call of the handler."""
    return without_durations(lambda_handler(sample_set, None))


def test_lambda_returns_the_rows_of_a_direct_call(
    function: Function, sample_set: list[Sample], direct_rows: list[Any]
) -> None:
    """boto3, Lambda's interface and its runtime client change no row."""
    assert without_durations(function.invoke(sample_set)) == direct_rows


def test_the_command_line_writes_the_rows_of_a_direct_call(
    tmp_path: Path, sample_set: list[Sample], direct_rows: list[Any]
) -> None:
    """`verifier score` writes the same rows, one per line, in the order of the samples."""
    sent, received = tmp_path / "samples.jsonl", tmp_path / "rows.jsonl"
    sent.write_text("".join(json.dumps(sample) + "\n" for sample in sample_set), encoding="utf-8")
    command = [sys.executable, "-m", "nova_code_verifier.handlers.cli", "score", str(sent)]

    subprocess.run(
        [*command, "--out", str(received), "--quiet"],
        check=True,
        timeout=100,
        cwd=REPOSITORY,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
    )

    lines = received.read_text(encoding="utf-8").split("\n")
    assert without_durations(json.loads(line) for line in lines if line) == direct_rows


def test_a_row_does_not_depend_on_the_other_samples(
    function: Function, sample_set: list[Sample], direct_rows: list[Any]
) -> None:
    """One call for each sample returns the rows of one call with all samples."""
    rows = [row for sample in sample_set for row in function.invoke([sample])]

    assert without_durations(rows) == direct_rows
