"""Find the gold solutions of a row.

In: a row of a data set. Out: programs that its authors call right, each with the path of its field.

| what | where |
|---|---|
| the column | the one that is named; else every column of `_COLUMNS`, also inside `_HOLDERS` |
| a text | a program, a completion with a fence, or the body of the function that a prompt begins |
| a list | texts, or dicts with a text in `code`, `solution`, `program`, `source_code` or `source` |
| a dict of lists | `{"language": [3], "solution": ["..."]}`, of code_contests |
| a JSON text of a list | as a list (APPS) |

Programs of other languages are left out, by the language beside them or because Python 3 cannot
parse them.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from nova_code_verifier.handlers.wire import value_at
from nova_code_verifier.verifier.completion.extraction import extract_candidate
from nova_code_verifier.verifier.completion.parsing import parse_completion
from nova_code_verifier.verifier.reference.fields import plain
from nova_code_verifier.verifier.syntax import read_python

_COLUMNS = (
    "canonical_solution", "gold_standard_solution", "reference_solution", "reference_solutions",
    "correct_solution", "correct_solutions", "correct_code", "correct_submissions",
    "official_solution", "gold_solution", "gold_solutions", "solution_code", "accepted",
    "accepted_solutions", "solution", "solutions", "code",
)  # fmt: skip
_HOLDERS = (
    "extra_info", "metadata", "info", "labels", "verification_info", "reward_model",
    "reference_answer",
)  # fmt: skip
_PROMPTS = ("prompt", "complete_prompt", "code_prompt", "starter_code", "declaration")
_TEXTS = ("code", "solution", "program", "source_code", "source")
_LANGUAGES = ("language", "lang", "programming_language")
_PYTHON = re.compile(r"py(thon|py)?[ _-]?(3([._]\d+)*)?", re.IGNORECASE)
_PYTHON_OF_CODE_CONTESTS = 3
_FENCE = "```"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gold:
    """A gold solution: the path of its field, and its program; "" if it is not Python 3."""

    field: str
    program: str


def find_golds(row: Mapping[str, object], column: str | None = None) -> list[Gold]:
    """Return the gold solutions of *row*; *column* names their field."""
    if column is not None:
        named = row[column] if column in row else value_at(row, column.split("."))
        fields = [(column, named)]
    else:
        fields = list(_fields(row))
    prompts = [text for key in _PROMPTS if isinstance(text := row.get(key), str)]
    programs: dict[str, Gold] = {}
    for path, text in (item for field in fields for item in _texts(*field)):
        gold = Gold(field=path, program=_program(text, prompts))
        programs.setdefault(gold.program, gold)
    return list(programs.values())


def completion_of(program: str, number: int = 0) -> str:
    """Return *program* as a completion.

    Each *number* gives a program of its own, which no cache of results knows.
    """
    longest = max(map(len, re.findall(r"`+", program)), default=0)
    fence = "`" * max(len(_FENCE), longest + 1)
    remark = f"# run {number}\n" if number else ""
    return f"{fence}python\n{program.rstrip()}\n{remark}{fence}"


def _fields(row: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    yield from ((key, row[key]) for key in _COLUMNS if row.get(key))
    for holder in _HOLDERS:
        values = row.get(holder)
        if isinstance(values, str) and values.lstrip().startswith("{"):
            with suppress(ValueError, RecursionError):
                values = json.loads(values)
        if isinstance(values, Mapping):
            yield from ((f"{holder}.{key}", values[key]) for key in _COLUMNS if values.get(key))


def _texts(field: str, value: object) -> Iterator[tuple[str, str]]:
    value = plain(value)
    if isinstance(value, str):
        items = _json_list(value)
        if items is None:
            yield field, value
        else:
            yield from _texts(field, items)
    elif isinstance(value, Mapping):
        yield from _texts_in_dict(field, value)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _texts(f"{field}[{index}]", item)


def _texts_in_dict(field: str, value: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    key = next((key for key in _TEXTS if value.get(key)), "")
    found = value.get(key)
    language = next((value[name] for name in _LANGUAGES if value.get(name)), None)
    if isinstance(found, str) and _is_python(language):
        yield f"{field}.{key}", found
    elif isinstance(found, list | tuple):
        languages = language if isinstance(language, list | tuple) else [None] * len(found)
        for index, (item, name) in enumerate(zip(found, languages, strict=False)):
            if isinstance(item, str) and _is_python(name):
                yield f"{field}.{key}[{index}]", item


def _json_list(text: str) -> list[object] | None:
    if not text.lstrip().startswith("["):
        return None
    with suppress(ValueError, RecursionError):
        value = json.loads(text)
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return value
    return None


def _is_python(language: object) -> bool:
    if isinstance(language, str):
        return _PYTHON.fullmatch(language.strip()) is not None
    return language is None or language == _PYTHON_OF_CODE_CONTESTS


def _program(text: str, prompts: Sequence[str]) -> str:
    """Return the program that *text* is, holds, or completes; "" if there is none in Python 3."""
    for whole in (text, *(prompt + text for prompt in prompts)):
        tree = read_python(whole)
        if tree is not None and tree.body:
            return whole
    found = extract_candidate(parse_completion(text)) if _FENCE in text else None
    return found.program if found and read_python(found.program) else ""
