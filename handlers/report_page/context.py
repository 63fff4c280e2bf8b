"""Read what surrounds a reward: the prompt, the data set, the step of the training, the time.

In: a sample, a row of a data set or a row of a reward function, as parsed JSON. Out: a `Context`.
Nothing here raises: what cannot be read is unknown.

| what | where it is looked for, the first counts |
|---|---|
| prompt | the turns before the completion in `messages`, `conversations` or `prompt`; a text in |
| | `_PROMPTS` |
| data set | `data_source`, `dataset`, `source`, `task`, also in `_HOLDERS` |
| step | `step`, `global_step`, `global_steps`, `training_step`, `train_step`, `trainer_step`, |
| | `iteration`, `epoch`, also in `_HOLDERS`: a number |
| time | `time`, `timestamp`, `created_at`, `ingestionTime`, also in `_HOLDERS`: seconds or |
| | milliseconds since 1970, or a date of ISO 8601 (UTC, if it names no zone) |
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

from nova_code_verifier.handlers.dataset_row import read_conversation
from nova_code_verifier.handlers.messages import UnreadableError, completion_in, prompt_in
from nova_code_verifier.handlers.prompt_groups import group_of
from nova_code_verifier.handlers.report_page.bounds import (
    COMPLETION_CHARACTERS,
    LABEL_CHARACTERS,
    PROMPT_CHARACTERS,
    number_of,
    one_line,
    text_of,
)

SOURCE_CHARACTERS = 80
_CONVERSATIONS = ("messages", "conversations", "prompt")
_PROMPTS = (
    "prompt", "instruct_prompt", "complete_prompt", "question", "problem", "instruction",
    "problem_description", "problem_statement", "question_content", "statement", "description",
    "text", "input",
)  # fmt: skip
_COMPLETIONS = ("completion", "response", "generation", "solution_str", "output")
_SOURCES = ("data_source", "dataset", "source", "task")
_STEPS = (
    "step", "global_step", "global_steps", "training_step", "train_step", "trainer_step",
    "iteration", "epoch",
)  # fmt: skip
_TIMES = ("time", "timestamp", "created_at", "ingestionTime")
_HOLDERS = ("extra_info", "metadata", "info")
_MILLISECONDS_FROM = 1e11  # as seconds, the year 5138


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What is known of a sample beside its row; "" or None stands for unknown.

    Samples of one prompt share their `group`. `prompt` and `completion` are cut, the completion has
    `completion_length` characters. `label` is the beginning of what the user asks.
    """

    prompt: str = ""
    label: str = ""
    completion: str = ""
    completion_length: int | None = None
    group: str | None = None
    source: str = ""
    step: float | None = None
    time: float | None = None


def read_context(
    raw: object, *, completion: str | None = None, group: int | None = None
) -> Context:
    """Return the context that *raw* holds. A known *completion* or *group* counts first."""
    values = raw if isinstance(raw, Mapping) else {}
    turns = _turns(values)
    asked = prompt_in(turns) or _question(values)
    prompt = "\n\n".join(f"{role}: {text}" if len(asked) > 1 else text for role, text in asked)
    if completion is None:
        completion = _completion(values, turns)
    if group is None and prompt:
        group = group_of((prompt,), None)
    return Context(
        prompt=text_of(prompt, PROMPT_CHARACTERS) or "",
        label=one_line(asked[-1][1], LABEL_CHARACTERS) if asked else "",
        completion=text_of(completion, COMPLETION_CHARACTERS) or "",
        completion_length=None if completion is None else len(completion),
        group=None if group is None else f"{group:016x}",  # a browser's numbers have 53 bits
        source=next((one_line(v, SOURCE_CHARACTERS) for v in _texts(values, _SOURCES)), ""),
        step=next((n for v in _values(values, _STEPS) if (n := _number(v)) is not None), None),
        time=next((t for v in _values(values, _TIMES) if (t := _seconds(v)) is not None), None),
    )


def _turns(raw: Mapping[str, object]) -> list[tuple[str, str]]:
    for key in _CONVERSATIONS:
        if isinstance(raw.get(key), list):
            try:
                return read_conversation(key, raw[key])
            except UnreadableError:
                continue
    return []


def _question(raw: Mapping[str, object]) -> Sequence[tuple[str, str]]:
    texts = (text for key in _PROMPTS if isinstance(text := raw.get(key), str) and text)
    return [("user", text) for text in islice(texts, 1)]


def _completion(raw: Mapping[str, object], turns: list[tuple[str, str]]) -> str | None:
    try:
        found = completion_in({}, turns)
    except UnreadableError:
        found = None
    texts = (text for key in _COMPLETIONS if isinstance(text := raw.get(key), str))
    return next(texts, found)


def _values(raw: Mapping[str, object], names: tuple[str, ...]) -> Iterator[object]:
    holders = (holder for key in _HOLDERS if isinstance(holder := raw.get(key), Mapping))
    for values in (raw, *holders):
        yield from (values[name] for name in names if values.get(name) is not None)


def _texts(raw: Mapping[str, object], names: tuple[str, ...]) -> Iterator[str]:
    return (value for value in _values(raw, names) if isinstance(value, str) and value)


def _number(value: object) -> float | None:
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    return None if isinstance(value, bool) else number_of(value)


def _seconds(value: object) -> float | None:
    """Return a time as seconds since 1970; None if it is none."""
    number = _number(value)
    if number is None and isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return None
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    return _of_number(number)


def _of_number(number: float | None) -> float | None:
    if number is None or number <= 0:
        return None
    return number / 1000 if number >= _MILLISECONDS_FROM else number
