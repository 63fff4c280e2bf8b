"""Gold solutions in the columns of public data sets."""

from typing import Any

import pytest

from nova_code_verifier.handlers.cli.audit.solutions import completion_of, find_golds
from nova_code_verifier.verifier.completion.extraction import extract_candidate
from nova_code_verifier.verifier.completion.parsing import parse_completion

PROGRAM = "def add(a, b):\n    return a + b"
C = "int main() {}"


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ({"code": PROGRAM}, {"code": PROGRAM}),
        (
            {"gold_standard_solution": f"```python\n{PROGRAM}\n```"},
            {"gold_standard_solution": f"{PROGRAM}\n"},
        ),
        (
            {"prompt": "def add(a, b):\n", "canonical_solution": "    return a + b"},
            {"canonical_solution": PROGRAM},
        ),
        ({"solutions": [C, PROGRAM]}, {"solutions[0]": "", "solutions[1]": PROGRAM}),
        ({"solutions": '["print(1)"]'}, {"solutions[0]": "print(1)"}),
        (
            {"solutions": {"language": [2, 3, 1], "solution": [C, PROGRAM, "print 1"]}},
            {"solutions.solution[1]": PROGRAM},
        ),
        (
            {
                "correct_submissions": [
                    {"code": C, "language": "cpp"},
                    {"code": PROGRAM, "language": "py3"},
                ]
            },
            {"correct_submissions[1].code": PROGRAM},
        ),
        (
            {"solutions": [{"language": "python", "source": "web", "code": PROGRAM}]},
            {"solutions[0].code": PROGRAM},
        ),
        (
            {"extra_info": {"reference_solution": PROGRAM}},
            {"extra_info.reference_solution": PROGRAM},
        ),
        ({"solution": PROGRAM, "code": PROGRAM}, {"solution": PROGRAM}),
        ({"solution": None, "code": 404, "accepted": True}, {}),
    ],
    ids=str,
)
def test_gold_solutions_are_found(row: dict[str, Any], found: dict[str, str]) -> None:
    """Each has the path of its field; programs of other languages are left out, or empty."""
    assert {gold.field: gold.program for gold in find_golds(row)} == found


def test_a_named_column_is_the_only_one() -> None:
    """Dots lead into dicts."""
    row = {"code": "print(1)", "judged": {"best": "print(2)"}}

    (gold,) = find_golds(row, "judged.best")

    assert (gold.field, gold.program) == ("judged.best", "print(2)")


def test_each_run_is_a_program_of_its_own() -> None:
    """No run is answered by the result of another, also if the program holds fences."""
    program = 'print("""\n```python\n1\n```\n""")'
    completions = [parse_completion(completion_of(program, number)) for number in range(3)]
    programs = [found.program for c in completions if (found := extract_candidate(c))]

    assert len(set(programs)) == 3
    assert all(text.startswith(program) for text in programs)
