"""What results of runs mean, where no run could show it without luck."""

from dataclasses import replace

from nova_code_verifier.handlers.cli.audit.findings import Finding
from nova_code_verifier.handlers.cli.audit.judgement import judge_problem
from nova_code_verifier.handlers.cli.audit.options import Options
from nova_code_verifier.handlers.cli.audit.problem import Problem, read_problem
from nova_code_verifier.handlers.cli.audit.trials import Result, Results
from nova_code_verifier.handlers.cli.dataset_files.record import Record
from nova_code_verifier.handlers.settings import Settings
from nova_code_verifier.verifier.types import FailureClass, Verdict
from tests.unit.handlers.cli.audit.planting import DOUBLE, pairs

PASSED = Result(
    verdict=Verdict.ACCEPTED,
    share=1.0,
    guess_baseline=0.5,
    accepted=(True, True),
    cpu_seconds=0.01,
    remark="",
    problem="",
    failure=FailureClass.NONE,
    shared_process=False,
)
LATE = replace(PASSED, verdict=Verdict.TIME_LIMIT_EXCEEDED, share=0.5, accepted=(True, False))
LOST = replace(
    PASSED,
    verdict=Verdict.UNGRADED,
    accepted=(),
    problem="no worker",
    failure=FailureClass.INFRASTRUCTURE,
)


def problem(**columns: object) -> Problem:
    """Read a row whose gold solution doubles its input."""
    row = {"id": 1, **pairs(1, 2), **columns}
    record = Record(where="line 1", number=1, size_bytes=1, value=row)
    return read_problem(record, Settings(), Options())


def found(results: Results) -> list[Finding]:
    """Judge results of a row with one gold solution, and no trivial programs."""
    audited = replace(problem(solution=DOUBLE), trivials=())
    return judge_problem(audited, results, Options())


def test_a_row_without_faults_has_no_findings() -> None:
    """A gold solution that always passes, also beside busy processes, is no finding."""
    assert found(Results(golds=[[PASSED, PASSED]], under_load=PASSED)) == []


def test_a_solution_that_fails_on_a_busy_machine_only_is_flaky() -> None:
    """It passed in all other runs."""
    (finding,) = found(Results(golds=[[PASSED, PASSED]], under_load=LATE))

    assert (finding.kind, finding.severity) == ("flaky", "error")
    assert "not beside busy processes: time limit exceeded, 1 of 2 tests pass" in finding.problem


def test_an_outage_is_no_fault_of_the_row() -> None:
    """A row that the verifier lost has one finding, which says so; nothing is judged."""
    (finding,) = found(Results(golds=[[PASSED, LOST]]))

    assert (finding.kind, finding.problem) == ("outage", "no worker")


def test_a_solution_whose_time_is_not_known_names_the_limit() -> None:
    """If it does not pass with more time either, no limit is suggested."""
    (finding,) = found(Results(golds=[[LATE]], longer=LATE))

    assert (finding.kind, finding.fix) == (
        "gold_fails",
        "raise limits.cpu_seconds, or leave the row out",
    )
