"""Read a row as a problem to audit.

In: a record of a file. Out: its tests, gold solutions and trivial programs; or why it is refused.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from nova_code_verifier.handlers.cli.audit.options import Options
from nova_code_verifier.handlers.cli.audit.solutions import Gold, find_golds
from nova_code_verifier.handlers.cli.audit.trivial import Trivial, trivial_programs
from nova_code_verifier.handlers.cli.convert.prompt import find_prompt
from nova_code_verifier.handlers.cli.convert.refusal import RefusedRowError
from nova_code_verifier.handlers.cli.dataset_files.record import Record
from nova_code_verifier.handlers.dataset_row import read_task_row
from nova_code_verifier.handlers.settings import Settings
from nova_code_verifier.verifier.pipeline import prepare
from nova_code_verifier.verifier.types import CodePlan, Sample, TestPlan

_PROMPTS = ("prompt", "complete_prompt", "docstring")


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A row with its tests, or with the reason why it is *refused*.

    A row without tests (a label, a text) has neither. The `digest` is that of the tests.
    """

    record: Record
    id: object = None
    sample: Sample | None = None
    plan: TestPlan | CodePlan | None = None
    digest: bytes = b""
    golds: tuple[Gold, ...] = ()
    trivials: tuple[Trivial, ...] = ()
    refusal: str = ""

    @property
    def programs(self) -> list[Gold]:
        """The gold solutions that are programs."""
        return [gold for gold in self.golds if gold.program]


def read_problem(record: Record, settings: Settings, options: Options) -> Problem:
    """Read the row in *record*."""
    if record.problem:
        return Problem(record=record, refusal=f"row: {record.problem}")
    row = record.value
    entry = read_task_row(row, options.columns)
    if entry.sample is None or not isinstance(row, Mapping):
        return Problem(record=record, id=entry.id, refusal=entry.problem or "row: unreadable")
    prepared = prepare(entry.sample, rubric=settings.rubric, default_limits=settings.limits)
    planned = prepared.planned
    if prepared.problem or planned is None:
        return Problem(record=record, id=entry.id, refusal=prepared.problem)
    return Problem(
        record=record,
        id=entry.id,
        sample=entry.sample,
        plan=planned.plan,
        digest=planned.digest,
        golds=_chosen(find_golds(row, options.solution_column), options.solutions_max),
        trivials=tuple(trivial_programs(planned.plan, _prompt_text(row, options))),
    )


def _chosen(golds: list[Gold], solutions_max: int) -> tuple[Gold, ...]:
    """Return the first programs, or else the first field that holds none."""
    return tuple([gold for gold in golds if gold.program][:solutions_max] or golds[:1])


def _prompt_text(row: Mapping[str, object], options: Options) -> str:
    texts = [text for key in _PROMPTS if isinstance(text := row.get(key), str)]
    with suppress(RefusedRowError):
        texts += [message["content"] for message in find_prompt(row, options.prompt_column)]
    return "\n".join(dict.fromkeys(texts))
