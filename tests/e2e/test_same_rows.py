"""One sample, one row: however it is sent.

A direct call of the handler says what is right; here it is only asked whether the command
line, and Lambda's runtime with boto3 before it, say the same.
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
from tests.e2e.samples import Sample, example_samples, known_samples
from tests.paths import REPOSITORY

# Right and wrong ones that end soon: the clock has no say in their rows.
QUIXBUGS = (
    "flatten/correct", "flatten/buggy", "knapsack/correct", "knapsack/buggy",
    "powerset/correct", "powerset/buggy", "sieve/correct", "sieve/buggy",
    "subsequences/correct", "wrap/buggy",
)  # fmt: skip
KODSPORT = (
    "namnsdag/accepted/namnsdag_js", "namnsdag/wrong/kappa", "kubiskaboxar/accepted/par_100",
    "kubiskaboxar/partial/par_50", "minigolf2/partial/harry40", "vaccin/accepted/fredrik",
    "kopatavlor/partial/leopold_7p", "applenparon/partial/noeq", "hundraelva/accepted/fredrik",
    "oddbinom/accepted/per-logn",
)  # fmt: skip


@pytest.fixture(scope="module", params=["examples", "quixbugs", "kodsport"])
def samples(request: pytest.FixtureRequest) -> list[Sample]:
    """Return a set of samples that lies in the repository."""
    match request.param:
        case "quixbugs":
            return known_samples("quixbugs", QUIXBUGS)
        case "kodsport":
            return known_samples("kodsport", KODSPORT)
    return example_samples()


@pytest.fixture(scope="module")
def direct_rows(samples: list[Sample]) -> list[Any]:
    """Return what the handler says when it is simply called."""
    return comparable(lambda_handler(samples, None))


def comparable(rows: Any) -> list[Any]:
    """Take the durations out of rows: nothing else may differ."""
    return [
        row | {"metrics_list": [m for m in row["metrics_list"] if m["name"] != "duration_ms"]}
        for row in rows
    ]


def test_lambda_gives_the_rows_of_a_direct_call(
    function: Function, samples: list[Sample], direct_rows: list[Any]
) -> None:
    """The way through boto3, Lambda's interface and its runtime client changes no row."""
    assert comparable(function.invoke(samples)) == direct_rows


def test_the_command_line_gives_the_rows_of_a_direct_call(
    tmp_path: Path, samples: list[Sample], direct_rows: list[Any]
) -> None:
    """`verifier score` writes the same rows, in the samples' order, one a line."""
    sent, received = tmp_path / "samples.jsonl", tmp_path / "rows.jsonl"
    sent.write_text("".join(json.dumps(sample) + "\n" for sample in samples), encoding="utf-8")

    subprocess.run(
        [
            sys.executable,
            "-m",
            "nova_code_verifier.handlers.cli",
            "score",
            sent,
            "--out",
            received,
            "--quiet",
        ],
        check=True,
        timeout=100,
        cwd=REPOSITORY,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
    )

    lines = received.read_text(encoding="utf-8").split("\n")
    assert comparable(json.loads(line) for line in lines if line) == direct_rows


def test_one_call_a_sample_gives_the_rows_of_one_call_for_all(
    function: Function, samples: list[Sample], direct_rows: list[Any]
) -> None:
    """A row does not depend on the samples that happen to be sent with it."""
    assert comparable(row for sample in samples for row in function.invoke([sample])) == direct_rows
