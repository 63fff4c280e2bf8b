"""The kinds of places that `--on` can name, and which options go with each.

In: the text of `--on`, and the other options. Out: a place that has not been started, or an error
that names the option. A kind's own module is imported when it is named, and not before: it may need
packages that are not installed.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module

import typer

from nova_code_verifier.handlers.cli.score.places.place import Place
from nova_code_verifier.handlers.settings import Settings

ON = "--on"
_OWN_SETTINGS = "the function has its own settings"
_OWN_PROGRAMS = "it decides itself how many programs run at once"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceOptions:
    """What a place may use: the settings of this process, and options of the command.

    `concurrency` is how many chunks the place may score at once; None is its default.
    """

    settings: Settings
    workers: int | None = None
    concurrency: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceKind:
    """A kind of place. Its `module` has `open_place(target, options) -> Place`.

    `usage` shows how `--on` names it; a target in brackets may be left out. `refused` are options
    that do not go with it, each with the reason. A kind that *has own settings* refuses those of
    this process, too: they would have no effect. If `package` is missing, the error says so.
    """

    name: str
    usage: str
    module: str
    package: str = ""
    refused: Mapping[str, str] = field(default_factory=dict)
    has_own_settings: bool = False

    @property
    def needs_target(self) -> bool:
        """Whether `--on` must name more than the kind."""
        return "[" not in self.usage


_HERE = "nova_code_verifier.handlers.cli.score.places"
KINDS = (
    PlaceKind(
        name="lambda",
        usage="lambda:NAME",
        module=f"{_HERE}.aws_lambda",
        refused={
            "--docker": "the programs run in the function",
            "--workers": _OWN_PROGRAMS,
            "--rubric": _OWN_SETTINGS,
            "--checker": _OWN_SETTINGS,
            "--shared-process": _OWN_SETTINGS,
        },
        has_own_settings=True,
    ),
    PlaceKind(
        name="ray",
        usage="ray[:ADDRESS]",
        module=f"{_HERE}.ray",
        package="ray",
        refused={
            "--docker": "the programs run on the nodes of the cluster",
            "--workers": "it runs as many programs as the cluster has processors",
        },
    ),
)
USAGE = " | ".join(kind.usage for kind in KINDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedPlace:
    """What `--on` names: a kind, and its target, which may be empty."""

    kind: PlaceKind
    target: str

    def check(self, given: Mapping[str, object]) -> None:
        """Raise BadParameter for the first of the options *given* that does not go with it.

        *given* are the values of all options that some kind refuses; None is one not given.
        """
        for option, reason in self.kind.refused.items():
            if given[option] is not None:
                message = f"does not go with {ON} {self.kind.name}: {reason}"
                raise typer.BadParameter(message, param_hint=option)
        found = [name for name, text in os.environ.items() if name.startswith("VERIFIER_") and text]
        if self.kind.has_own_settings and found:
            raise typer.BadParameter(
                f"{self.kind.name} scores by the settings of its own environment; unset "
                f"these, which have no effect: {', '.join(sorted(found))}",
                param_hint=ON,
            )

    def open(self, options: PlaceOptions) -> Place:
        """Return the place. Raises SettingsError, SandboxError or BadParameter."""
        try:
            module = import_module(self.kind.module)
        except ModuleNotFoundError as error:
            if error.name != self.kind.package:
                raise
            raise typer.BadParameter(
                f"{self.kind.package} is not installed; run pip install "
                f"'nova-code-verifier[{self.kind.name}]'",
                param_hint=ON,
            ) from None
        place: Place = module.open_place(self.target, options)
        return place


def named_place(text: str) -> NamedPlace:
    """Read the value of `--on`. Raises BadParameter, which says what was found."""
    name, colon, target = text.partition(":")
    kind = next((kind for kind in KINDS if kind.name == name), None)
    if kind is None or (colon and not target) or (kind.needs_target and not target):
        raise typer.BadParameter(f"found {text[:40]!r}, expected {USAGE}")
    return NamedPlace(kind=kind, target=target)
