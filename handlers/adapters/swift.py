"""A reward for ms-swift, which a file registers: `--external_plugins code.py --reward_funcs code`.

    from swift.rewards import orms
    from nova_code_verifier.adapters.swift import CodeReward

    orms["code"] = CodeReward

In: completions, and the columns of the dataset. Out: a number for each. ms-swift cannot mask a
sample: it adds None to the rewards as 0. So one that stays ungraded gets the configured number, and
a warning is logged.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from nova_code_verifier.adapters.core import grader_for
from nova_code_verifier.adapters.rows import (
    NO_COLUMNS,
    entry_of_row,
    prompt_text,
    read_columns,
    rows_of,
)


class CodeReward:
    """An outcome reward ("ORM") that runs completions against the tests in their rows.

    ms-swift makes one from the class. So a subclass sets what is not usual: *columns* (`reference`,
    which holds the tests, and `id`; dots lead into dicts), and *rubric* (a path, or JSON). A class
    of `swift.rewards` is not needed as its base: all that is called is the object.
    """

    columns: ClassVar[Mapping[str, str]] = NO_COLUMNS
    rubric: ClassVar[str | None] = None

    def __init__(self, args: object = None, **_others: object) -> None:
        """Raise ValueError for an unknown key of `columns`, and SettingsError for the settings."""
        self.args = args
        self._columns = read_columns(self.columns)
        self._grader = grader_for(self.rubric)

    def __call__(self, completions: Sequence[str], **columns: object) -> list[float]:
        """Return the reward of each completion.

        *columns* are the dataset's, each with one value for each completion. Raises ValueError if
        a column has another number of values.
        """
        rows = rows_of(columns, len(completions))
        for row in rows:
            turns = row.pop("messages", None)  # they end with the completion
            if isinstance(turns, list) and not row.get("prompt"):
                row["prompt"] = prompt_text(turns[:-1])
        entries = [
            entry_of_row(completion, row, self._columns)
            for completion, row in zip(completions, rows, strict=True)
        ]
        return [float(self._grader.reward_of(grade)) for grade in self._grader.grade_many(entries)]
