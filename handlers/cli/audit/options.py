"""Define what a user chooses."""

from dataclasses import dataclass

from nova_code_verifier.handlers.dataset_row import Columns


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What to audit, and how thoroughly.

    `columns`, `prompt_column` and `solution_column` have unusual names. A gold solution runs
    `repeat` times, and once more beside so many `busy_processes`. At most `solutions_max` of a row
    run. A guess that passes more than `guess_max` of the tests is a finding.
    """

    columns: Columns = Columns()
    prompt_column: str | None = None
    solution_column: str | None = None
    solutions_max: int = 3
    repeat: int = 3
    busy_processes: int = 2
    guess_max: float = 0.5
