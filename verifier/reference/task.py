"""Read which task a sample asks for, and the rubric for it.

In: an opened reference, the task names of the sample, the rubric of the run. Out: a `TaskSpec`.

| key of the reference | value |
|---|---|
| `task` | `code`, `sentiment` or `similarity`; default: seen from the reference's shape |
| `rubric` | a table that overrides parts of the run's rubric |
| `format` | a list of what a response must have: `solution_marks`, `boxed`, or nothing |
| `solution` | a right program, for the rubric's `similarity`; also `canonical_solution`, `code` |

The sample's own `task` or `data_source` counts if it contains the name of one of these tasks as a
word (`livecodebench/code`, `chabsa`) and the reference holds no tests. Every other name belongs to
the dataset and is ignored; so is a `rubric` or a `format` with none of our words.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from nova_code_verifier.verifier.errors import VerifierError, nearest_key
from nova_code_verifier.verifier.reference.datasets.shapes import OWN_TEST_KEYS, TEST_KEYS
from nova_code_verifier.verifier.reference.fields import (
    bad_value,
    did_you_mean,
    plain,
    read_dict,
    unpack,
)
from nova_code_verifier.verifier.rubric import Rubric, RubricError
from nova_code_verifier.verifier.rubric_file import SECTIONS, read_rubric

_NAME_CHARACTERS_MAX = 64
_PROBLEM_CHARACTERS_MAX = 300
_WORD = re.compile(r"[a-z]+")
_FORMATS = ("solution_marks", "boxed")
_OF_THE_RUN = ("on_outage", "ungraded_reward")
_SOLUTIONS = ("solution", "canonical_solution", "code")
_TEXTS = ("answer", "text", "reference", "solution")


class Task(StrEnum):
    """What a completion should be: a program, a sentiment answer, or a text."""

    CODE = "code"
    SENTIMENT = "sentiment"
    SIMILARITY = "similarity"


_TASKS = {task.value: task for task in Task} | {"chabsa": Task.SENTIMENT}


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSpec:
    """The task of a sample (None: see the reference's shape), its rubric, a right program."""

    task: Task | None
    rubric: Rubric
    solution: str = ""


def read_task(opened: object, names: Iterable[str], rubric: Rubric) -> TaskSpec:
    """Read the task of a reference that `open_reference` returned. Raises VerifierError."""
    named = (_task_of(name) for name in names)
    task = next((task for task in named if task is not None), None)
    if not isinstance(opened, Mapping):
        return TaskSpec(task=task, rubric=rubric)
    if any(opened.get(key) is not None for key in TEST_KEYS):
        # Tests are run, whatever the name of the dataset says, and whatever its other columns are.
        task = Task.CODE if any(opened.get(key) for key in OWN_TEST_KEYS) else None
    return TaskSpec(
        task=_own_task(opened.get("task")) or task,
        rubric=_with_format(opened.get("format"), _with_table(opened.get("rubric"), rubric)),
        solution=_first_text(opened, _SOLUTIONS),
    )


def read_text_reference(opened: object, reference: object) -> str:
    """Return the text that a response is compared with. Raises VerifierError.

    *reference* is what was *opened*. It is the text itself if it is JSON without such a text.
    """
    text = _first_text(opened, _TEXTS) if isinstance(opened, Mapping) else opened
    if not text and isinstance(reference, str):
        text = reference
    if not isinstance(text, str) or not text.strip():
        keys = ", ".join(_TEXTS)
        raise VerifierError("reference", f"expected a text to compare with, or one as {keys}")
    return text


def open_reference(reference: object) -> object:
    """Decode a reference that is a JSON object in a string; return any other as plain values."""
    reference = plain(reference)
    match reference:
        case {"text": str() as text, **rest} if not any(rest.values()):
            reference = text  # how Bedrock wraps a reference that is a string
    if isinstance(reference, str) and reference.lstrip()[:1] in ("{", '"'):
        try:
            decoded = unpack("reference", reference, "JSON of a dict")
        except VerifierError:
            return reference  # the reader of this task reports what is wrong
        return decoded if isinstance(decoded, dict) else reference
    return reference


def _task_of(name: str) -> Task | None:
    if len(name) > _NAME_CHARACTERS_MAX or " " in name:
        return None
    tasks = {_TASKS[word] for word in _WORD.findall(name.casefold()) if word in _TASKS}
    return tasks.pop() if len(tasks) == 1 else None


def _own_task(name: object) -> Task | None:
    """Read the reference's `task`. Other words belong to the dataset, unless they are near ours."""
    if not isinstance(name, str):
        return None
    task = _TASKS.get(name.casefold())
    if task is None and nearest_key(name, _TASKS):
        raise bad_value("task", name, ", ".join(Task) + did_you_mean(name, _TASKS))
    return task


def _with_table(table: Any, rubric: Rubric) -> Rubric:  # noqa: ANN401  (narrowed here)
    """Read the sample's own rubric. A `rubric` of another meaning in its dataset is ignored."""
    if isinstance(table, str) and table.lstrip()[:1] == "{":
        table = read_dict("rubric", table)
    if not isinstance(table, Mapping) or not _has_name_near(SECTIONS, table):
        return rubric
    for key in _OF_THE_RUN:
        if isinstance(table.get("reward"), Mapping) and table["reward"].get(key) is not None:
            raise VerifierError(f"rubric.reward.{key}", "can only be set in the run's rubric")
    try:
        return read_rubric(table, rubric)
    except RubricError as error:
        raise VerifierError("rubric", str(error)[:_PROBLEM_CHARACTERS_MAX]) from None


def _with_format(wanted: object, rubric: Rubric) -> Rubric:
    words = [wanted] if isinstance(wanted, str) else wanted
    if not isinstance(words, list) or (words and not _has_name_near(_FORMATS, words)):
        return rubric
    for word in words:
        if word not in _FORMATS:
            hint = did_you_mean(str(word), _FORMATS)
            raise bad_value("format", word, ", ".join(_FORMATS) + hint)
    return replace(rubric, solution_marks="solution_marks" in words, boxed="boxed" in words)


def _has_name_near(known: Iterable[str], words: Iterable[object]) -> bool:
    return any(isinstance(word, str) and nearest_key(word, known) for word in words)


def _first_text(values: Mapping[Any, Any], keys: Iterable[str]) -> str:
    texts = (values.get(key) for key in keys)
    return next((text for text in texts if isinstance(text, str) and text.strip()), "")
