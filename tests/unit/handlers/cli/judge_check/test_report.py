"""The findings about a judge, as text for people."""

from collections import Counter

from nova_code_verifier.handlers.cli.judge_check.report import as_text
from nova_code_verifier.handlers.cli.judge_check.run import Findings, Row, sum_up
from nova_code_verifier.handlers.cli.tables import render
from nova_code_verifier.handlers.llm_judge.types import Failure, JudgeFailure
from nova_code_verifier.verifier.types import Comparison, Similarity
from tests.fakes import fails
from tests.unit.handlers.cli.judge_check.judging import MODEL, judge_check, row, scores_as_written

NO_NUMBER = Failure(kind=JudgeFailure.NO_NUMBER, detail="fine").similarity


def findings(*answers: Similarity, human: float | None = None) -> Findings:
    """Return the findings about one row with these *answers*."""
    comparison = Comparison(response="a", reference="b")
    only = Row(
        where="line 1", number=1, size_bytes=1, id=None, comparison=comparison, human_score=human
    )
    only.answers.extend(answers)
    return sum_up([only])


def text_of(found: Findings) -> str:
    """Return the text for people."""
    return render(as_text(found, model=MODEL), None)


def test_people_get_tables() -> None:
    """They show all statistics, the distribution and the failures, without colours."""
    text = row(0.1, human=1) + row(0.9, human=2) + row(7)

    done = judge_check(scores_as_written, text, "-", "--model", MODEL)

    assert done.returncode == 0
    assert "9 to 3 rows, 6 with a score" in done.stdout
    assert "100% of 2 rows got the same score every time" in done.stdout
    assert "largest minus smallest score: mean 0.000, maximum 0.000" in done.stdout
    assert "1.00 (Spearman, with 2 human scores)" in done.stdout
    assert "0.1 to 0.2  3  █" in done.stdout
    assert "judge's number is out of range  3" in done.stdout
    assert "line 3: judge's number is out of range: 7 is not from 0 to 1" in done.stdout
    assert "\x1b" not in done.stdout
    assert done.stderr == ""


def test_without_scores_there_is_no_distribution() -> None:
    """If every call failed, only the model, the numbers of calls and the failures are shown."""
    found = findings(NO_NUMBER, NO_NUMBER)

    first, second, blank, failures, message = text_of(found).splitlines()

    assert found.failures == Counter({JudgeFailure.NO_NUMBER: 2})
    assert first.split() == ["model", MODEL]
    assert second.split() == ["answers", "2", "to", "1", "rows,", "0", "with", "a", "score"]
    assert blank == ""
    assert failures.split() == ["judge", "gave", "no", "number", "2"]
    assert "line 1: judge gave no number" in message


def test_statistics_that_are_undefined_say_what_they_need() -> None:
    """With a single score, consistency and agreement name the rows that are missing."""
    text = text_of(findings(Similarity(value=0.5), human=1))

    assert "consistency  - (needs a row with two scores or more)" in text
    assert "agreement    - (needs two rows or more" in text


def test_control_characters_never_reach_the_terminal() -> None:
    """Those of a service's message are replaced."""
    hostile = fails("AccessDeniedException", 403, "\x1b[2J\x07")

    done = judge_check([hostile], row(0), "-", "--model", MODEL)

    assert "\x1b" not in done.stdout + done.stderr
    assert "\x07" not in done.stdout + done.stderr
