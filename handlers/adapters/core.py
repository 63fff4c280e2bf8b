"""Grade completions from inside a trainer: the core that all adapters share.

    >>> from nova_code_verifier.adapters.core import Rollout, grade_many
    >>> [grade] = grade_many([Rollout(completion, {"inputs": ["1 2"], "outputs": ["3"]})])
    >>> grade.reward

In: rollouts, with values as datasets and trainers have them. Out: a `Grade` for each, in order.
Call it from any thread, event loop, forked or spawned process: all calls on a host share one set
of sandboxes, in a process of its own (`owner.py`), and are graded together. A call never raises
for a completion or a reference, and an outage is retried inside: what stays ungraded has no reward.

Settings are read from `VERIFIER_*` at the first call (`docs/settings.md`), except `on_outage`: a
trainer's own answer to an outage is in its adapter.
"""

import asyncio
import logging
import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from nova_code_verifier.adapters.client import Client
from nova_code_verifier.adapters.grade import Grade
from nova_code_verifier.handlers.dataset_row import read_row
from nova_code_verifier.handlers.messages import UnreadableError, kind_of, read_last_turn
from nova_code_verifier.handlers.settings import Settings, read_settings
from nova_code_verifier.handlers.wire import Entry
from nova_code_verifier.verifier.errors import VerifierError
from nova_code_verifier.verifier.reference.fields import is_nan, plain
from nova_code_verifier.verifier.rubric import OutagePolicy
from nova_code_verifier.verifier.types import Sample

if TYPE_CHECKING:
    from concurrent.futures import Future

__all__ = ["Grade", "Grader", "Rollout", "grade_many", "grade_many_async"]


_LOG = logging.getLogger(__name__)
_LOGGED: set[str] = set()
_LOGGED_MAX = 1000


class Rollout(NamedTuple):
    """A completion and its reference.

    - `completion`: a text, or a list of messages that ends with the model's;
    - `reference`: what a dataset's column of references holds, as JSON or as a value; or a whole
      row that holds tests. Values of numpy and pandas may be anywhere in it;
    - `tasks`: the row's own names for its task, such as verl's `data_source`. Unknown names mean
      nothing.
    """

    completion: object
    reference: object
    tasks: tuple[str, ...] = ()


class Grader:
    """Grades with one configuration. Safe to share between threads, and can be pickled."""

    def __init__(
        self, *, rubric: str | None = None, defaults: tuple[tuple[str, str], ...] = ()
    ) -> None:
        """Read the settings from the environment. *rubric* is a path or JSON, and replaces theirs.

        *defaults* are variables, for where the environment has none. Raises SettingsError.
        """
        self._environment = dict(defaults) | dict(os.environ)
        if rubric is not None:
            self._environment["VERIFIER_RUBRIC"] = rubric
        settings = read_settings(self._environment)
        self.settings: Settings = replace(settings, on_outage=OutagePolicy.NONE)
        self._client = Client(self.settings, self._environment)
        self._rubric = rubric
        self._defaults = defaults

    def reward_of(self, grade: Grade) -> float:
        """Return the reward; the rubric's number if there is none, where a trainer needs one."""
        return self.settings.rubric.ungraded_reward if grade.reward is None else grade.reward

    def grade_many(self, rollouts: Iterable[Rollout | Entry]) -> list[Grade]:
        """Return the grade of every rollout, in order.

        Raises IsolationRefusedError if this host may not run programs at all.
        """
        entries = [entry_of(rollout) for rollout in rollouts]
        futures = self._submit(entries)
        try:
            return [
                reported(entry, future.result())
                for entry, future in zip(entries, futures, strict=True)
            ]
        finally:
            _cancel(futures)  # those that are left when the user interrupts

    async def grade_many_async(self, rollouts: Iterable[Rollout | Entry]) -> list[Grade]:
        """Do the same without blocking the event loop."""
        entries = [entry_of(rollout) for rollout in rollouts]
        grades = await asyncio.gather(*map(asyncio.wrap_future, self._submit(entries)))
        return list(map(reported, entries, grades))

    def close(self) -> None:
        """End the connection to the sandboxes. The next call opens another one."""
        self._client.close()

    def _submit(self, entries: Iterable[Entry]) -> list["Future[Grade]"]:
        return [self._client.submit(entry) for entry in entries]

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle the arguments: another process has an environment and a connection of its own."""
        return grader_for, (self._rubric, self._defaults)


def grade_many(rollouts: Iterable[Rollout | Entry]) -> list[Grade]:
    """Return the grade of every rollout, in order, with the settings of the environment.

    Raises SettingsError, and IsolationRefusedError if this host may not run programs at all.
    """
    return default_grader().grade_many(rollouts)


async def grade_many_async(rollouts: Iterable[Rollout | Entry]) -> list[Grade]:
    """Do the same without blocking the event loop."""
    return await default_grader().grade_many_async(rollouts)


def default_grader() -> Grader:
    """Return the grader with the settings of the environment, as they are at the first call."""
    return grader_for(None)


@cache
def grader_for(rubric: str | None, defaults: tuple[tuple[str, str], ...] = ()) -> Grader:
    """Return the grader of this process for a *rubric* (a path, or JSON); None: the settings'."""
    return Grader(rubric=rubric, defaults=defaults)


def rollout_of_row(
    completion: object, row: Mapping[str, object], *, reference_column: str | None = None
) -> Rollout:
    """Return the rollout of a whole row of a dataset, whose columns hold reference and task.

    *reference_column* names a column that has an unusual name; dots lead into dicts. Raises
    ValueError if there is none.
    """
    sample = read_row(row, completion="", reference_field=reference_column)
    return Rollout(completion, sample.reference, sample.tasks)


def entry_of(rollout: Rollout | Entry) -> Entry:
    """Read a rollout. What cannot be read becomes an entry with a problem."""
    if isinstance(rollout, Entry):
        return rollout
    try:
        completion = _text_of(plain(rollout.completion))
        reference = plain(rollout.reference)
    except (UnreadableError, VerifierError) as error:
        return Entry(id=None, problem=str(error))
    reference = None if is_nan(reference) else reference
    return Entry(
        id=None, sample=Sample(completion=completion, reference=reference, tasks=rollout.tasks)
    )


def _text_of(completion: object) -> str | None:
    match completion:
        case None | str():
            return completion
        case [] | ():  # a chat in which the model wrote nothing
            return ""
        case list() | tuple():
            return read_last_turn("completion", list(completion))
        case {"role": _}:
            return read_last_turn("completion", [completion])
    raise UnreadableError(
        f"completion: expected text, or a list of messages; found {kind_of(completion)}"
    )


def _cancel(futures: Iterable["Future[Grade]"]) -> None:
    for future in futures:
        future.cancel()


def reported(entry: Entry, grade: Grade) -> Grade:
    """Log why a grade has no reward: each reason once, with the first row that it concerns."""
    if grade.reward is None and grade.problem not in _LOGGED and len(_LOGGED) < _LOGGED_MAX:
        _LOGGED.add(grade.problem)
        row = "a completion" if entry.id is None else f"a completion for row {entry.id}"
        _LOG.warning("%s is ungraded: %s", row, grade.problem)
    return grade
