"""Arguments and options that several commands share, and the settings behind them."""

from typing import Annotated

import typer

from nova_code_verifier.handlers.settings import (
    Settings,
    read_settings,
    with_checker,
    with_rubric,
    with_shared_process,
)

_SHOWN_CHARACTERS = 40

SamplesArgument = Annotated[
    str,
    typer.Argument(
        metavar="SAMPLES.jsonl",
        help="The samples, one JSON object per line, or another format; - is standard input.",
    ),
]
RubricOption = Annotated[
    str | None,
    typer.Option(
        metavar="RUBRIC.toml",
        help="The rubric: a TOML or JSON file, or JSON text. It replaces VERIFIER_RUBRIC.",
    ),
]
CheckerOption = Annotated[
    str | None,
    typer.Option(
        metavar="KIND",
        help="The checker where a reference names none: a kind, such as exact, or JSON. "
        "It replaces VERIFIER_CHECKER and the rubric's. Test code has no checker.",
    ),
]
SharedProcessOption = Annotated[
    str | None,
    typer.Option(
        metavar="CHOICE",
        help="allow or refuse (the default): whether tests that need one process with the program "
        "get that. A program could cheat there. It replaces VERIFIER_SHARED_PROCESS.",
    ),
]
CompletionFieldOption = Annotated[
    str | None,
    typer.Option(
        "--completion-field",
        metavar="COLUMN",
        help="The column with the completion, if it has an unusual name; a.b is b in a.",
    ),
]
ReferenceFieldOption = Annotated[
    str | None,
    typer.Option("--reference-field", metavar="COLUMN", help="The column with the reference."),
]
IdFieldOption = Annotated[
    str | None, typer.Option("--id-field", metavar="COLUMN", help="The column with the id.")
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print one JSON object instead of a table.")
]


def count(text: str) -> int:
    """Read a whole number of 1 or more. Raises BadParameter, which says what was found."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        found = text[:_SHOWN_CHARACTERS]
        raise typer.BadParameter(f"found {found}, expected a whole number of 1 or more")
    return number


def settings_with(
    rubric: str | None, checker: str | None = None, shared_process: str | None = None
) -> Settings:
    """Read the settings; the arguments replace theirs. Raises SettingsError."""
    settings = read_settings()
    if rubric is not None:
        settings = with_rubric(settings, rubric)
    if checker is not None:
        settings = with_checker(settings, checker)
    return settings if shared_process is None else with_shared_process(settings, shared_process)
