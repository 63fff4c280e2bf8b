"""Tests of the rows of public datasets, each built from its documented shape (`rows.jsonl`).

A fixture has a `row`, a right program (`gold`), what its plan is (`kind`, and the number of `cases`
unless the test code decides), and the number of `notes`; or the field with which it is `refused`.
That the right programs get full marks is tested in tests/conformance/test_datasets.py.
"""

import pytest

from nova_code_verifier.verifier.errors import VerifierError
from nova_code_verifier.verifier.pipeline import prepare
from nova_code_verifier.verifier.reference.plan import plan_tests
from nova_code_verifier.verifier.reference.task import open_reference
from nova_code_verifier.verifier.types import CallCase, CodePlan, Sample, StdioCase, TestPlan
from tests.dataset_rows import ROWS, DatasetRow, reference_of

_CASES = {"stdio": StdioCase, "call": CallCase}


@pytest.mark.parametrize("fixture", [row for row in ROWS if not row.refused], ids=str)
def test_a_row_is_read_as_a_reference(fixture: DatasetRow) -> None:
    """The plan has the tests of the row: their kind, their number, and notes on surprises."""
    plan = plan_tests(open_reference(reference_of(fixture)))

    assert len(plan.notes) == fixture.notes
    if fixture.kind == "code":
        assert isinstance(plan, CodePlan)
    else:
        assert isinstance(plan, TestPlan)
        assert {type(case) for case in plan.cases} == {_CASES[fixture.kind]}
        assert len(plan.cases) == fixture.cases


@pytest.mark.parametrize("fixture", [row for row in ROWS if row.refused], ids=str)
def test_a_row_that_cannot_be_judged_is_refused_by_name(fixture: DatasetRow) -> None:
    """The error names the key that we cannot follow, also if there is no completion yet."""
    with pytest.raises(VerifierError) as caught:
        plan_tests(reference_of(fixture))

    assert caught.value.field == fixture.refused
    assert prepare(Sample(completion=None, reference=fixture.row)).problem == str(caught.value)
