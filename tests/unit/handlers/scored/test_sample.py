"""Scored samples: plain JSON, with what every report needs."""

import json
import pickle
from collections.abc import Iterator

import pytest

from nova_code_verifier.handlers.scored.sample import ScoredSample, score_entries
from nova_code_verifier.handlers.service import Service
from nova_code_verifier.handlers.settings import Settings
from nova_code_verifier.handlers.wire import Entry
from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.verifier.rubric import OutagePolicy, Rubric
from nova_code_verifier.verifier.types import Sample, Verdict

REFERENCE = {"inputs": ["4", "5"], "outputs": ["8", "10"]}


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """Return a service on one real worker, which pays -1 for what is ungraded."""
    rubric = Rubric(on_outage=OutagePolicy.VALUE, ungraded_reward=-1.0)
    with LocalExecutor(workers=1) as executor:
        yield Service(executor, Settings(rubric=rubric))


def scored(service: Service, entry: Entry, *, full: bool = False) -> ScoredSample:
    """Score one entry."""
    ((_, sample),) = score_entries(service, [entry], full=full)
    return sample


def entry(completion: str | None, reference: object = REFERENCE) -> Entry:
    """Return an entry."""
    return Entry(id="s", sample=Sample(completion=completion, reference=reference), group=7)


def test_a_sample_is_plain_json_that_crosses_processes(service: Service) -> None:
    """Full details survive JSON and pickle, also where the program prints no text."""
    program = "import sys\nsys.stdout.buffer.write(bytes(range(256)))\nprint(chr(0xd800))"

    sample = scored(service, entry(program), full=True)

    assert json.loads(json.dumps(sample.details, allow_nan=False)) == sample.details
    assert pickle.loads(pickle.dumps(sample)) == sample
    assert sample.group == 7


def test_details_name_the_facts_of_an_accepted_sample(service: Service) -> None:
    """Reward, weights and numbers of tests are those of the score."""
    sample = scored(service, entry("```python\nprint(2 * int(input()))\n```"))

    assert (sample.verdict, sample.reward, sample.is_outage) == (Verdict.ACCEPTED, 1.0, False)
    paid = {name: weight for name, weight in sample.details["weights"].items() if weight}  # type: ignore[attr-defined]
    assert paid == {"correctness": 0.8, "compile": 0.1, "format": 0.1}
    assert (sample.details["tests_passed"], sample.details["tests_total"]) == (2, 2)
    assert sample.details["program_bytes"] == len("print(2 * int(input()))\n")
    assert sample.metric("correctness") == 1.0
    assert sample.metric("unknown") is None


def test_only_full_details_have_expected_answers(service: Service) -> None:
    """The summary has no cases and no program."""
    program = "print(9)"

    summary, full = (scored(service, entry(program), full=full) for full in (False, True))

    assert not {"cases", "program"} & summary.details.keys()
    assert full.details["program"] == "print(9)"
    assert full.details["cases"][0]["expected"] == "8"  # type: ignore[index]


def test_an_ungraded_sample_has_no_reward_whatever_its_row_pays(service: Service) -> None:
    """The reward of its row is the rubric's number."""
    sample = scored(service, entry("print(1)", {"inputs": ["1"]}))

    assert (sample.verdict, sample.reward) == (Verdict.UNGRADED, None)
    assert sample.row["aggregate_reward_score"] == -1.0
    assert sample.details["problem"]


def test_a_missing_turn_of_the_model_is_told_from_an_empty_one(service: Service) -> None:
    """Only a sample without a turn has `no_completion`."""
    missing, empty = (scored(service, entry(text)) for text in (None, ""))

    assert (missing.details["no_completion"], empty.details["no_completion"]) == (True, False)
    assert missing.details["program_bytes"] is None
