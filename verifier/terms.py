"""Read what a sample says beside its tests: the task, and what is paid for it.

In: a reference, the names that the sample gives to its task, the rubric of the run. Out: `Terms`,
and the reference, opened if it was text. Must not know: tests, completions.

| key of the reference | value |
|---|---|
| `task` | `code`, `sentiment` or `similarity`; if not given, seen from the reference's shape |
| `rubric` | a table of a rubric: what it says goes before the rubric of the run |
| `format` | what a response should have: a list of `solution_marks`, `boxed`, `fence` |
| `solution` | a right program, for the rubric's `similarity`; also `canonical_solution`, `code` |

The sample's own `task` or `data_source` counts where it names one of these tasks, as a word
(`livecodebench/code`, `chabsa`); every other name is the dataset's own business.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from verifier.errors import VerifierError
from verifier.reference import did_you_mean, mismatch, quote, read_dict, unpack
from verifier.rubric import Rubric, RubricError
from verifier.rubric_table import read_rubric

_NAME_CHARACTERS_MAX = 64
_PROBLEM_CHARACTERS_MAX = 300
_WORD = re.compile(r"[a-z]+")
_FORMATS = ("fence", "solution_marks", "boxed")  # a fence is always asked for
_SOLUTIONS = ("solution", "canonical_solution", "code")
_TEXTS = ("answer", "text", "reference", "solution")


class Task(StrEnum):
    """What a completion is asked to be."""

    CODE = "code"
    SENTIMENT = "sentiment"
    SIMILARITY = "similarity"


_TASKS = {task.value: task for task in Task} | {"chabsa": Task.SENTIMENT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a sample asks for, as far as it says so, and what is paid for it."""

    task: Task | None
    rubric: Rubric
    solution: str = ""


def read_terms(reference: object, names: Iterable[str], rubric: Rubric) -> tuple[Terms, object]:
    """Read the terms of a *reference*, and open it. Raises VerifierError."""
    opened = open_reference(reference)
    named = [task for name in names if (task := _task_of(name)) is not None]
    first = named[0] if named else None
    if not isinstance(opened, Mapping):
        return Terms(task=first, rubric=rubric), opened
    own = opened.get("task")
    terms = Terms(
        task=(_TASKS.get(own.casefold()) if isinstance(own, str) else None) or first,
        rubric=_with_format(opened.get("format"), _with_table(opened.get("rubric"), rubric)),
        solution=_first_text(opened, _SOLUTIONS),
    )
    return terms, opened


def read_text_reference(opened: object) -> str:
    """Read the text that a response is compared with. Raises VerifierError."""
    text = opened if isinstance(opened, str) else ""
    if isinstance(opened, Mapping):
        text = _first_text(opened, _TEXTS)
    if not text.strip():
        keys = ", ".join(_TEXTS)
        raise VerifierError("reference", f"expected a text to compare with, or one as {keys}")
    return text


def open_reference(reference: object) -> object:
    """Decode a reference once, for all who read it; what is no JSON of a dict stays as it is."""
    match reference:
        case {"text": str() as text, **rest} if not any(rest.values()):
            reference = text  # how Bedrock wraps a reference that is a string
    if isinstance(reference, str) and reference.lstrip()[:1] in ("{", '"'):
        try:
            decoded = unpack("reference", reference, "JSON of a dict")
        except VerifierError:
            return reference  # whoever reads it says what is wrong with it
        return decoded if isinstance(decoded, dict) else reference
    return reference


def _task_of(name: str) -> Task | None:
    if len(name) > _NAME_CHARACTERS_MAX or " " in name:
        return None
    tasks = {_TASKS[word] for word in _WORD.findall(name.casefold()) if word in _TASKS}
    return tasks.pop() if len(tasks) == 1 else None


def _with_table(table: Any, rubric: Rubric) -> Rubric:  # noqa: ANN401  (narrowed here)
    if table is None:
        return rubric
    try:
        return read_rubric(read_dict("rubric", table, "a table of a rubric"), rubric)
    except RubricError as error:
        raise VerifierError("rubric", str(error)[:_PROBLEM_CHARACTERS_MAX]) from None


def _with_format(wanted: object, rubric: Rubric) -> Rubric:
    if wanted is None:
        return rubric
    words = [wanted] if isinstance(wanted, str) else wanted
    if not isinstance(words, list):
        raise mismatch("format", wanted, f"a list of {', '.join(_FORMATS)}")
    for word in words:
        if word not in _FORMATS:
            hint = did_you_mean(str(word), _FORMATS)
            raise VerifierError(
                "format", f"found {quote(word)}, expected {', '.join(_FORMATS)}{hint}"
            )
    return replace(rubric, solution_marks="solution_marks" in words, boxed="boxed" in words)


def _first_text(values: Mapping[Any, Any], keys: Iterable[str]) -> str:
    texts = (values.get(key) for key in keys)
    return next((text for text in texts if isinstance(text, str) and text.strip()), "")
