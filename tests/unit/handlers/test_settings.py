"""Reading the settings, and refusing typing errors."""

import contextlib
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nova_code_verifier.handlers.llm_judge.types import Extraction
from nova_code_verifier.handlers.settings import (
    ExecutorSessions,
    Settings,
    SettingsError,
    SharedProcess,
    read_settings,
)
from nova_code_verifier.sandbox.types import IsolationLevel, Limits
from nova_code_verifier.verifier.rubric import OutagePolicy, Rubric
from nova_code_verifier.verifier.types import Checker, CheckerKind

NAMES = [field.name for field in fields(Settings)]


def variable(name: str) -> str:
    """Return the variable of a setting."""
    return f"VERIFIER_{name.upper()}"


def setting(name: str, text: str) -> object:
    """Return one setting, read from the text of its variable."""
    return getattr(read_settings({variable(name): text}), name)


def test_an_empty_environment_gives_the_defaults() -> None:
    """Without variables, all settings have their defaults."""
    assert read_settings({}) == Settings()


def test_the_process_environment_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """`read_settings` reads the environment of the process."""
    monkeypatch.setenv("VERIFIER_WORKERS", "3")

    assert read_settings().workers == 3


def test_variables_without_the_prefix_are_ignored() -> None:
    """A variable without the prefix `VERIFIER_` sets nothing."""
    assert read_settings({"WORKERS": "3", "CPU_SECONDS": "x"}) == Settings()


def test_a_misspelt_variable_is_refused() -> None:
    """An unknown variable raises an error that suggests the nearest one."""
    with pytest.raises(SettingsError, match=r"^VERIFIER_WORKER: .* VERIFIER_WORKERS\?$"):
        read_settings({"VERIFIER_WORKER": "3"})


def test_an_unknown_variable_is_refused_with_a_list() -> None:
    """If no variable is similar, the error lists all of them."""
    with pytest.raises(SettingsError, match="known: VERIFIER_WORKERS, VERIFIER_ISOLATION, "):
        read_settings({"VERIFIER_QQQ": "3"})


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("workers", "4", 4),
        ("isolation", "kernel", IsolationLevel.KERNEL),
        ("isolation", "Interpreter", IsolationLevel.INTERPRETER),
        ("isolation", "none", IsolationLevel.NONE),
        ("isolation", "auto", None),
        ("required_isolation", "kernel", IsolationLevel.KERNEL),
        ("cpu_seconds", "2.5", 2.5),
        ("wall_seconds", "1e2", 100.0),
        ("memory_mb", "64", 64),
        ("output_mb", "1", 1),
        ("on_outage", "value", OutagePolicy.VALUE),
        ("on_outage", "RAISE", OutagePolicy.RAISE),
        ("ungraded_reward", "-1", -1.0),
        ("ungraded_reward", "0", 0.0),
        ("shared_process", "Allow", SharedProcess.ALLOW),
        ("shared_process", "refuse", SharedProcess.REFUSE),
        ("always_envelope", "true", True),
        ("always_envelope", "1", True),
        ("always_envelope", "No", False),
        ("default_seconds", "60", 60.0),
        ("rubric", '{"reward": {"range": [-1, 1]}}', Rubric(lowest=-1.0)),
        ("rubric", "examples/rubric.toml", Rubric()),
        ("checker", "Exact", Checker(kind=CheckerKind.EXACT)),
        ("checker", '{"kind": "numeric", "abs_tol": 0.5}', Checker(abs_tol=0.5)),
        ("log_samples", "1", True),
        ("trace", "true", True),
        ("isolation", " kernel ", IsolationLevel.KERNEL),
        ("judge_model", "us.amazon.nova-pro-v1:0", "us.amazon.nova-pro-v1:0"),
        ("judge_prompt", "{reference}: {response}?", "{reference}: {response}?"),
        ("judge_prompt", '{reference} {response} {"a": 1}', '{reference} {response} {"a": 1}'),
        ("judge_concurrency", "32", 32),
        ("judge_extraction", "Flexible", Extraction.FLEXIBLE),
        ("executor_function", "nonsense", "nonsense"),
        (
            "executor_function",
            "arn:aws:lambda:us-east-1:012345678912:function:x:$LATEST",
            "arn:aws:lambda:us-east-1:012345678912:function:x:$LATEST",
        ),
        ("executor_concurrency", "64", 64),
        ("executor_batch", "8", 8),
        ("executor_fresh_environment", "true", True),
        ("executor_sessions", "never", ExecutorSessions.NEVER),
    ],
)
def test_a_variable_sets_its_setting(name: str, text: str, value: object) -> None:
    """Each setting is read from the variable of its name."""
    found = setting(name, text)

    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_variable_means_the_default(name: str) -> None:
    """Deployment templates set variables to "" for the default."""
    assert read_settings({variable(name): ""}) == Settings()


@pytest.mark.parametrize("name", [name for name in NAMES if name != "executor_function"])
def test_nonsense_is_refused_for_every_setting(name: str) -> None:
    """The error for an unreadable value begins with the variable's name."""
    with pytest.raises(SettingsError, match=f"^{variable(name)}: "):
        read_settings({variable(name): "nonsense"})


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("workers", "0"),
        ("workers", "-1"),
        ("workers", "1.5"),
        ("workers", "9" * 5000),
        ("cpu_seconds", "0"),
        ("cpu_seconds", "nan"),
        ("wall_seconds", "inf"),
        ("wall_seconds", "-1"),
        ("memory_mb", "512MB"),
        ("output_mb", "0"),
        ("ungraded_reward", "nan"),
        ("ungraded_reward", "1e999"),
        ("always_envelope", "maybe"),
        ("always_envelope", "2"),
        ("isolation", "docker"),
        ("required_isolation", "auto"),
        ("on_outage", "ignore"),
        ("default_seconds", "0"),
        ("rubric", "no/such/file.toml"),
        ("rubric", "/dev/zero"),
        ("rubric", "/dev"),
        ("rubric", "{"),
        ("rubric", '{"a":' * 100_000),
        ("rubric", '{"weights": {"format": 0.5}}'),
        ("rubric", "\0"),
        ("checker", "{"),
        ("checker", '{"kind":' * 100_000),
        ("checker", '{"abs_tol": 1}'),
        ("judge_model", "nova"),
        ("judge_model", "amazon.nova lite"),
        ("judge_model", "a." + "b" * 5000),
        ("judge_prompt", "{response}"),
        ("judge_prompt", "{reference}"),
        ("judge_prompt", "{}"),
        ("judge_prompt", "pyproject.toml"),
        ("judge_prompt", "/dev/zero"),
        ("judge_concurrency", "0"),
        ("judge_extraction", "loose"),
        ("executor_function", "two words"),
        ("executor_concurrency", "0"),
        ("executor_batch", "1000"),
        ("executor_fresh_environment", "always"),
        ("executor_sessions", "interpreter"),
    ],
)
def test_an_unusable_value_is_refused(name: str, text: str) -> None:
    """The error for a value that no run could use begins with the variable's name."""
    with pytest.raises(SettingsError, match=f"^{variable(name)}: "):
        setting(name, text)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("isolation", "kernel, interpreter, none, auto"),
        ("required_isolation", "kernel, interpreter, none"),
        ("on_outage", "raise, value, none"),
        ("shared_process", "refuse, allow"),
    ],
)
def test_an_error_names_what_is_accepted(name: str, words: str) -> None:
    """The error for an unknown word lists the accepted words."""
    with pytest.raises(SettingsError, match=f"expected one of {words}, found nonsense$"):
        setting(name, "nonsense")


@given(name=st.sampled_from(NAMES), text=st.text())
def test_any_text_is_a_setting_or_an_error(name: str, text: str) -> None:
    """Any text in a variable is accepted, or raises SettingsError."""
    with contextlib.suppress(SettingsError):
        read_settings({variable(name): text})


def test_a_prompt_can_be_read_from_a_file(tmp_path: Path) -> None:
    """A prompt without braces is the path of a file, and the content counts."""
    path = tmp_path / "prompt.txt"
    path.write_text("同じですか {reference} {response}\n", encoding="utf-8")

    assert setting("judge_prompt", str(path)) == "同じですか {reference} {response}\n"


def test_limits_are_converted_to_bytes() -> None:
    """Megabytes in settings are mebibytes in the limits."""
    settings = Settings(cpu_seconds=1.0, wall_seconds=2.0, memory_mb=3, output_mb=4)

    assert settings.limits == Limits(
        cpu_seconds=1.0, wall_seconds=2.0, memory_bytes=3 * 2**20, output_bytes=4 * 2**20
    )


def test_the_default_limits_equal_those_of_the_sandbox() -> None:
    """The defaults here and in the sandbox are the same."""
    assert Settings().limits == Limits()


@pytest.mark.parametrize(
    ("isolation", "required", "weakest"),
    [
        (None, None, IsolationLevel.INTERPRETER),
        (IsolationLevel.NONE, None, IsolationLevel.NONE),
        (IsolationLevel.KERNEL, None, IsolationLevel.KERNEL),
        (None, IsolationLevel.KERNEL, IsolationLevel.KERNEL),
        (IsolationLevel.KERNEL, IsolationLevel.INTERPRETER, IsolationLevel.INTERPRETER),
    ],
)
def test_the_weakest_level_is_required_or_chosen_or_interpreter(
    isolation: IsolationLevel | None, required: IsolationLevel | None, weakest: IsolationLevel
) -> None:
    """`required_isolation` counts first, then `isolation`, then `interpreter`."""
    settings = Settings(isolation=isolation, required_isolation=required)

    assert settings.weakest_level is weakest
