"""The settings of an operator, read once from the environment.

In: variables named `VERIFIER_*`. Out: `Settings`. An unknown variable or an unusable value stops
the start, with the variable's name: a typo must not silently change rewards.
"""

import json
import math
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, get_type_hints

from nova_code_verifier.handlers.llm_judge.prompt import DEFAULT_PROMPT, check_prompt
from nova_code_verifier.handlers.llm_judge.types import Extraction
from nova_code_verifier.sandbox.types import IsolationLevel, Limits
from nova_code_verifier.verifier.errors import nearest_key
from nova_code_verifier.verifier.reference.limits import default_totals
from nova_code_verifier.verifier.rubric import DEFAULT_RUBRIC, OutagePolicy, Rubric
from nova_code_verifier.verifier.rubric_file import read_checker, read_rubric
from nova_code_verifier.verifier.types import Checker

_PREFIX = "VERIFIER_"
SERVICE_TOKEN = "VERIFIER_SERVE_TOKEN"  # noqa: S105  (its name)
"""The secret of `verifier serve`. It is no setting: nothing else reads it."""

_MIB = 2**20
_FILE_BYTES_MAX = 2**20
_Reader = Callable[[str], object]


class SharedProcess(StrEnum):
    """What happens to tests that only one process with the candidate carries."""

    REFUSE = "refuse"  # the sample is ungraded
    ALLOW = "allow"  # they get that process, where a candidate could cheat


class ExecutorSessions(StrEnum):
    """Which executor functions may get tests that need a process beside the candidate's."""

    KERNEL = "kernel"  # those whose kernel protects the tests from the candidate
    NEVER = "never"  # none: the sample is ungraded


class SettingsError(ValueError):
    """A setting cannot be used. The message names the variable and what it accepts."""


def _number(kind: type[float], expected: str, accepts: Callable[[float], bool]) -> _Reader:
    def read(text: str) -> object:
        try:
            number = kind(text)
        except ValueError:
            number = math.nan
        if not accepts(number):
            raise ValueError(f"expected {expected}, found {text}")
        return number

    return read


def _positive(kind: type[float], most: float, *, least: float = 0) -> _Reader:
    expected = "a whole number" if kind is int else "a number"
    expected += f" from {least:g} to {most:g}" if least else f" above 0 to {most:g}"
    return _number(kind, expected, lambda number: number > 0 and least <= number <= most)


_count = _number(int, "a whole number, 0 or more", lambda number: number >= 0)
_finite = _number(float, "a finite number", math.isfinite)


def _one_of(kind: type[StrEnum], **others: object) -> _Reader:
    choices = {member.value: member for member in kind} | others

    def read(text: str) -> object:
        if text.lower() not in choices:
            raise ValueError(f"expected one of {', '.join(choices)}, found {text}")
        return choices[text.lower()]

    return read


def _boolean(text: str) -> bool:
    words = dict.fromkeys(("1", "true", "yes", "on"), True)
    words |= dict.fromkeys(("0", "false", "no", "off"), False)
    if text.lower() not in words:
        raise ValueError(f"expected true or false, found {text}")
    return words[text.lower()]


def _function_name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9:._$/-]{1,256}", text, re.ASCII):
        raise ValueError("expected the name or the ARN of a Lambda function")
    return text


def load_rubric(text: str) -> Rubric:
    """Read a rubric from *text* if that is JSON, otherwise from the TOML or JSON file it names.

    Raises ValueError.
    """
    path = "" if text.startswith("{") else text
    written = _read_small_file(path) if path else text
    try:
        is_json = written.lstrip().startswith("{")
        return read_rubric(_table(written, is_json=is_json))
    except RecursionError:
        raise ValueError("expected a rubric, found JSON that is nested too deeply") from None
    except ValueError as error:
        raise ValueError(f"{path}: {error}" if path else str(error)) from None


def load_checker(text: str) -> Checker:
    """Read a checker from *text*: its kind, or a table as JSON. Raises ValueError."""
    is_json = text.startswith("{")
    try:
        return read_checker(_table(text, is_json=True) if is_json else text.lower())
    except RecursionError:
        raise ValueError("expected a checker, found JSON that is nested too deeply") from None


def load_prompt(text: str) -> str:
    """Return *text* if it has placeholders, otherwise the content of the file that it names.

    Raises ValueError for a prompt without the two placeholders.
    """
    return check_prompt(text if "{" in text else _read_small_file(text))


def read_model(text: str) -> str:
    """Return *text* if it has the form of a model's id or ARN. Raises ValueError.

    All ids of Bedrock have this form: `amazon.nova-lite-v1:0`, `us.amazon…`, `arn:aws:…`.
    """
    if not re.fullmatch(r"(?=.*[.:])[\w.:/-]{1,2048}", text, re.ASCII):
        raise ValueError("expected the id of a model, such as amazon.nova-lite-v1:0, or its ARN")
    return text


def _table(written: str, *, is_json: bool) -> dict[str, Any]:
    try:
        table: dict[str, Any] = json.loads(written) if is_json else tomllib.loads(written)
    except ValueError as error:
        raise ValueError(f"not {'JSON' if is_json else 'TOML'}: {error}") from None
    return table


def _read_small_file(path: str) -> str:
    try:
        if not Path(path).is_file():  # reading a device might not end, reading a pipe not begin
            raise ValueError(f"{path} cannot be read: not a regular file")
        with Path(path).open("rb") as file:
            content = file.read(_FILE_BYTES_MAX + 1)
        if len(content) > _FILE_BYTES_MAX:
            problem = f"it is too big for a setting, which has at most {_FILE_BYTES_MAX} bytes"
            raise ValueError(f"{path} cannot be read: {problem}")
        return content.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} cannot be read: {error}") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings and their defaults. Each has a variable: `VERIFIER_` and its name in capitals.

    Where candidates run:

    - `fast_paths`: whether to try cheaper ways to accept a sample first. Verdicts are the same.
    - `control_samples`: how many samples of one kind of tests are graded until control samples are
      graded again (`verifier/control.py`). They are also graded first. 0: never.
    - `workers`: how many candidates run at the same time; None is one more than the processors.
    - `isolation`: the isolation level; None (`auto` in the variable) is the strongest available.
    - `required_isolation`: the weakest acceptable level; None is `isolation`, or `interpreter`.
    - `executor_function`: the name or ARN of the function that runs candidates; "" runs them here.
    - `executor_concurrency`: how many calls of it are open at the same time.
    - `executor_batch`: candidates in one call; more than one needs its level `kernel`.
    - `executor_fresh_environment`: serve each call in an environment that served no other. The
      function needs tenant isolation. A function at level `none` accepts no other calls.
    - `executor_sessions`: `kernel` sends it tests that need a process beside the candidate's, if
      its kernel protects them there; `never` leaves their samples ungraded.

    The limits of a run, if the reference sets none: `cpu_seconds`, `wall_seconds`, `memory_mb`,
    `output_mb`. Those of all runs of a sample together: `total_cpu_seconds`, `total_wall_seconds`
    (None: by `default_totals` of `verifier/reference/limits.py`). `default_seconds` is the time of
    an invocation whose context has no limit.

    The reward: `rubric` is a path, or JSON. `on_outage`, `ungraded_reward` and `checker` (a kind,
    or JSON), if set, override those of the rubric. `shared_process` decides about tests that need
    one process with the candidate, where a reference does not ask for that. `always_envelope`
    puts every response into an HTTP envelope.

    The LLM judge:

    - `judge_model`: a model id or ARN for Bedrock's Converse; "" is no judge.
    - `judge_prompt`: a path, or the prompt itself.
    - `judge_concurrency`: how many calls are open at the same time.
    - `judge_extraction`: where in an answer the score may stand.

    Telemetry: `log_samples` logs the beginnings of completions and outputs; `trace` sends traces to
    X-Ray.

    An annotation holds the function that reads a setting from the text of its variable.
    """

    workers: Annotated[int | None, _positive(int, 1024)] = None
    isolation: Annotated[IsolationLevel | None, _one_of(IsolationLevel, auto=None)] = None
    required_isolation: Annotated[IsolationLevel | None, _one_of(IsolationLevel)] = None
    cpu_seconds: Annotated[float, _positive(float, 3600)] = 10.0
    wall_seconds: Annotated[float, _positive(float, 10_800)] = 30.0
    total_cpu_seconds: Annotated[float | None, _positive(float, 86_400)] = None
    total_wall_seconds: Annotated[float | None, _positive(float, 86_400)] = None
    fast_paths: Annotated[bool, _boolean] = True
    control_samples: Annotated[int, _count] = 5000
    # A guest that runs nothing uses 12.
    memory_mb: Annotated[int, _positive(int, 65_536, least=16)] = 512
    output_mb: Annotated[int, _positive(int, 1024)] = 16
    on_outage: Annotated[OutagePolicy | None, _one_of(OutagePolicy)] = None
    ungraded_reward: Annotated[float | None, _finite] = None
    checker: Annotated[Checker | None, load_checker] = None
    shared_process: Annotated[SharedProcess, _one_of(SharedProcess)] = SharedProcess.REFUSE
    always_envelope: Annotated[bool, _boolean] = False
    default_seconds: Annotated[float, _positive(float, 86_400)] = 840.0
    rubric: Annotated[Rubric, load_rubric] = DEFAULT_RUBRIC
    judge_model: Annotated[str, read_model] = ""
    judge_prompt: Annotated[str, load_prompt] = DEFAULT_PROMPT
    judge_concurrency: Annotated[int, _positive(int, 1000)] = 8
    judge_extraction: Annotated[Extraction, _one_of(Extraction)] = Extraction.STRICT
    log_samples: Annotated[bool, _boolean] = False
    trace: Annotated[bool, _boolean] = False
    executor_function: Annotated[str, _function_name] = ""
    executor_concurrency: Annotated[int, _positive(int, 1000)] = 16
    executor_batch: Annotated[int, _positive(int, 100)] = 1
    executor_fresh_environment: Annotated[bool, _boolean] = False
    executor_sessions: Annotated[ExecutorSessions, _one_of(ExecutorSessions)] = (
        ExecutorSessions.KERNEL
    )

    def __post_init__(self) -> None:
        """Let `on_outage`, `ungraded_reward` and `checker` override those of the rubric."""
        own = {name: getattr(self, name) for name in ("on_outage", "ungraded_reward", "checker")}
        overrides: dict[str, Any] = {name: own[name] for name in own if own[name] is not None}
        object.__setattr__(self, "rubric", replace(self.rubric, **overrides))

    @property
    def weakest_level(self) -> IsolationLevel:
        """The weakest isolation level that is acceptable."""
        return self.required_isolation or self.isolation or IsolationLevel.INTERPRETER

    @property
    def limits(self) -> Limits:
        """The limits for references that set none."""
        total_cpu, total_wall = default_totals(Limits(), self.cpu_seconds, self.wall_seconds)
        return Limits(
            cpu_seconds=self.cpu_seconds,
            wall_seconds=self.wall_seconds,
            memory_bytes=self.memory_mb * _MIB,
            output_bytes=self.output_mb * _MIB,
            total_cpu_seconds=self.total_cpu_seconds or total_cpu,
            total_wall_seconds=self.total_wall_seconds or total_wall,
        )


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings. Raises SettingsError."""
    hints = get_type_hints(Settings, include_extras=True)
    known = {name: _PREFIX + name.upper() for name in hints}
    for variable in environment:
        if variable.startswith(_PREFIX) and variable not in (*known.values(), SERVICE_TOKEN):
            near = nearest_key(variable.removeprefix(_PREFIX), known)
            hint = f"did you mean {known[near]}?" if near else f"known: {', '.join(known.values())}"
            raise SettingsError(f"{variable}: no such setting; {hint}")
    values = {}
    for name, variable in known.items():
        if environment.get(variable):
            values[name] = _read(variable, environment[variable], hints[name].__metadata__[0])
    return Settings(**values)


def with_rubric(settings: Settings, text: str) -> Settings:
    """Return *settings* with the rubric that *text* names. Raises SettingsError."""
    return replace(settings, rubric=_read("--rubric", text, load_rubric))


def with_checker(settings: Settings, text: str) -> Settings:
    """Return *settings* with the checker that *text* names. Raises SettingsError."""
    return replace(settings, checker=_read("--checker", text, load_checker))


def with_shared_process(settings: Settings, text: str) -> Settings:
    """Return *settings* with what *text* says about a shared process. Raises SettingsError."""
    choice = _read("--shared-process", text, _one_of(SharedProcess))
    return replace(settings, shared_process=choice)


def with_model(settings: Settings, text: str) -> Settings:
    """Return *settings* with the judge model that *text* names. Raises SettingsError."""
    return replace(settings, judge_model=_read("--model", text, read_model))


def _read(variable: str, text: str, reader: _Reader) -> Any:  # noqa: ANN401
    try:
        return reader(text.strip())
    except ValueError as error:
        raise SettingsError(f"{variable}: {error}") from None
