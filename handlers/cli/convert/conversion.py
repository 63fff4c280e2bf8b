"""Convert one row of a data set.

In: a row, as a file has it. Out: a row for a trainer, and facts about it for the report.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from nova_code_verifier.handlers.cli.convert.options import Options
from nova_code_verifier.handlers.cli.convert.prompt import (
    Message,
    find_prompt,
    names_any,
    with_text_added,
)
from nova_code_verifier.handlers.cli.convert.references import (
    Label,
    Tests,
    case_bytes,
    json_text,
    read_reference,
    text_without_cases,
    with_chosen_cases,
)
from nova_code_verifier.handlers.cli.convert.refusal import RefusedRowError
from nova_code_verifier.handlers.cli.convert.rows import (
    Row,
    TaskRow,
    build_row,
    row_bytes,
    size_of_row,
)
from nova_code_verifier.handlers.cli.convert.selection import Budget, choose_cases
from nova_code_verifier.handlers.dataset_row import read_task_row
from nova_code_verifier.verifier.reference.entry_points import entry_points
from nova_code_verifier.verifier.types import CodePlan

_DATA_SOURCES = ("data_source", "dataset", "source")


class _TooLargeError(RefusedRowError):
    """A row is larger than --max-bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvertedRow:
    """A row for a trainer, its id, its size in bytes, and how many of its test cases it has.

    `unnamed` says that tests call a function that the prompt does not name. `cases` is 0 for test
    code, whose cases are not counted before it runs. `notes` say what was read otherwise than it is
    written.
    """

    row: Row
    id: str
    size_bytes: int
    cases: int = 0
    cases_chosen: int = 0
    unnamed: bool = False
    notes: tuple[str, ...] = ()


def convert_row(value: object, *, number: int, index: int, options: Options) -> ConvertedRow:
    """Convert the row *value*, the one at *number* of its file, from 1.

    *index* is the number of rows written before. Raises RefusedRowError.
    """
    entry = read_task_row(value, options.columns)
    if entry.sample is None or not isinstance(value, Mapping):
        raise RefusedRowError(str(entry.problem))
    reference = read_reference(entry.sample)
    messages = find_prompt(value, options.prompt_column)
    unnamed = False
    if isinstance(reference, Tests):
        messages, unnamed = _with_names(messages, reference, options)
    if options.instruction:
        messages = with_text_added(messages, options.instruction)
    task = TaskRow(
        id=_id_text(entry.id, number),
        index=index,
        messages=messages,
        reference=reference,
        data_source=_data_source(value),
        extra={},
    )
    converted = _fitted(task, options)
    return replace(converted, unnamed=unnamed)


def _fitted(task: TaskRow, options: Options) -> ConvertedRow:
    """Build the row with all test cases, or with as many as the limits allow."""
    tests = task.reference
    if isinstance(tests, Label):
        return _whole(task, options, count=0)
    if isinstance(tests.plan, CodePlan):
        return replace(_whole(task, options, count=0), notes=tests.notes)
    count = len(tests.plan.cases)
    if options.tests_max is None or count <= options.tests_max:
        with suppress(_TooLargeError):
            return replace(_whole(task, options, count=count), notes=tests.notes)
    chosen = _choose(task, tests, options)
    mark = _mark(len(chosen), count, options)
    smaller = replace(task, reference=with_chosen_cases(tests, chosen), extra=mark)
    converted = _whole(smaller, options, count=len(chosen))
    return replace(converted, cases=count, notes=tests.notes)


def _whole(task: TaskRow, options: Options, *, count: int) -> ConvertedRow:
    """Build the row of *task* with all its *count* cases. Raises RefusedRowError."""
    row = build_row(task, options.target)
    size = row_bytes(row)
    _refuse_size(size, options, "its tests cannot be divided")
    return ConvertedRow(row=row, id=task.id, size_bytes=size, cases=count, cases_chosen=count)


def _choose(task: TaskRow, tests: Tests, options: Options) -> list[int]:
    """Return the indices of the cases to keep: at least one. Raises RefusedRowError."""
    plan = tests.plan
    assert not isinstance(plan, CodePlan)  # noqa: S101  (the caller has seen it)
    try:
        sizes = [case_bytes(case) for case in plan.cases]
        fixed = text_without_cases(tests, _mark(len(sizes), len(sizes), options))
    except (TypeError, ValueError) as error:
        raise RefusedRowError(f"tests: found a value that JSON has not ({error})") from None
    size = size_of_row(task, options.target, fixed)
    left = None if options.bytes_max is None else options.bytes_max - size
    chosen = choose_cases(
        sizes,
        Budget(cases=options.tests_max, size_bytes=left),
        seed=f"{options.seed}:{task.id}",
        groups=plan.groups.of_case if plan.groups else (),
    )
    if not chosen:
        _refuse_size(size + min(sizes), options, "no test case fits")
        raise RefusedRowError("tests.groups: more groups than --max-tests; raise it")
    return chosen


def _mark(kept: int, count: int, options: Options) -> dict[str, object]:
    """Return what the reference says about a choice: nothing else tells that tests are missing."""
    return {"chosen": {"tests": kept, "of": count, "seed": options.seed}}


def _refuse_size(size_bytes: int, options: Options, reason: str) -> None:
    limit = options.bytes_max
    if limit is not None and size_bytes > limit:
        raise _TooLargeError(f"row: larger than {limit} bytes, and {reason}; raise --max-bytes")


def _with_names(
    messages: list[Message], tests: Tests, options: Options
) -> tuple[list[Message], bool]:
    """Return the prompt, and whether it does not name the function that the tests call."""
    names = sorted(entry_points(tests.plan))
    if not names or names_any(messages, names):
        return messages, False
    if not options.names_function:
        return messages, True
    starter = tests.plan.setup.starter_code
    if starter.strip():
        text = f"Complete this code:\n\n```python\n{starter.rstrip()}\n```"
    else:
        text = f"The program must define {', '.join(f'`{name}`' for name in names)}."
    return with_text_added(messages, text), False


def _id_text(entry_id: object, number: int) -> str:
    """Return the id as a text, which Amazon's clients ask for; *number* replaces a missing one."""
    if entry_id is None or entry_id == "":
        return f"row-{number}"
    text = entry_id if isinstance(entry_id, str) else json_text(entry_id)
    return text.encode("utf-8", "replace").decode()


def _data_source(row: Mapping[str, object]) -> str:
    names = (row.get(key) for key in _DATA_SOURCES)
    name = next((name for name in names if isinstance(name, str) and name.strip()), "code")
    return name.encode("utf-8", "replace").decode()
