"""A reward function for TRL's trainers GRPO and RLOO, and what wraps them: Unsloth, Axolotl.

    trainer = GRPOTrainer(model=…, train_dataset=…, reward_funcs=code_reward)

In: completions, as texts or as messages, and the columns of the dataset. Out: a reward for each
completion, or None if it is ungraded: TRL leaves it out of the advantages, from version 1.6 on.
"""

import logging
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from nova_code_verifier.adapters.core import Grade, grader_for
from nova_code_verifier.adapters.rows import (
    NO_COLUMNS,
    entry_of_row,
    prompt_text,
    read_columns,
    rows_of,
)
from nova_code_verifier.verifier.types import Verdict

_LOG = logging.getLogger(__name__)
_MASKS_NONE_SINCE = (1, 6)


class CodeReward:
    """A reward function that runs completions against the tests in their rows.

    An object and not a function, because trainers that generate in other processes pickle it.
    """

    def __init__(self, *, columns: Mapping[str, str], rubric: str | None, name: str) -> None:
        """Raise ValueError for an unknown key of *columns*, and SettingsError for the *rubric*."""
        self.__name__ = name
        self._columns = read_columns(columns)
        self._rubric = rubric
        if rubric is not None:
            grader_for(rubric)  # so that a mistake in it is found at the start
        _warn_of_old_trl()

    def __call__(
        self,
        prompts: Sequence[object],
        completions: Sequence[object],
        *,
        completion_ids: object = None,
        trainer_state: object = None,
        log_extra: Callable[[str, list[object]], None] | None = None,
        log_metric: Callable[[str, float], None] | None = None,
        **columns: object,
    ) -> list[float | None]:
        """Return the reward of each completion; None for those that are ungraded.

        *columns* are the dataset's, each with one value for each completion. Raises ValueError if
        a column has another number of values, or if a column that was named is missing.
        """
        del completion_ids, trainer_state
        rows = _rows_of(prompts, columns)
        for named in filter(None, (self._columns.reference, self._columns.id)):
            if columns.keys().isdisjoint((named, named.partition(".")[0])):
                raise ValueError(f"{named}: missing; found {', '.join(sorted(columns))}")
        entries = [
            entry_of_row(completion, row, self._columns)
            for completion, row in zip(completions, rows, strict=True)
        ]
        grades = grader_for(self._rubric).grade_many(entries)
        self._log(grades, log_extra, log_metric)
        return [grade.reward for grade in grades]

    def _log(
        self,
        grades: Sequence[Grade],
        log_extra: Callable[[str, list[object]], None] | None,
        log_metric: Callable[[str, float], None] | None,
    ) -> None:
        """Log the same names at every call: the processes of a trainer exchange what they log."""
        if log_extra:
            log_extra(f"{self.__name__}/verdict", [str(grade.verdict) for grade in grades])
            log_extra(f"{self.__name__}/problem", [grade.problem for grade in grades])
        if log_metric:
            counts = Counter(grade.verdict for grade in grades)
            shares = {str(verdict): counts[verdict] for verdict in Verdict}
            shares["outage"] = sum(grade.is_outage for grade in grades)
            for key, count in shares.items():
                log_metric(f"rewards/{self.__name__}/{key}", count / max(len(grades), 1))


def code_reward_func(
    *,
    columns: Mapping[str, str] = NO_COLUMNS,
    rubric: str | None = None,
    name: str = "code_reward",
) -> CodeReward:
    """Return a reward function for `reward_funcs`.

    *columns* names columns of the dataset that have unusual names: `reference`, which holds the
    tests, and `id`; dots lead into dicts. *rubric* is JSON, or the path of a file; without one, the
    rubric is that of `VERIFIER_RUBRIC`. The trainer logs by *name*.
    """
    return CodeReward(columns=columns, rubric=rubric, name=name)


def _rows_of(prompts: Sequence[object], columns: Mapping[str, object]) -> list[dict[str, object]]:
    """Return the row of each completion. Raises ValueError if values are missing."""
    rows = rows_of(columns, len(prompts))
    return [
        {"prompt": prompt_text(prompt), **row} for prompt, row in zip(prompts, rows, strict=True)
    ]


@cache
def _warn_of_old_trl() -> None:
    try:
        found = version("trl")
    except PackageNotFoundError:
        return  # whatever calls the function has its own rules
    numbers = tuple(map(int, re.findall(r"\d+", found)[:2]))
    if numbers < _MASKS_NONE_SINCE:
        _LOG.warning(
            "TRL %s counts a reward of None as 0; install TRL 1.6 or later, or completions that "
            "could not be graded are trained as wrong answers",
            found,
        )


code_reward = code_reward_func()
