"""Start the sandbox, and explain which protections it has on this machine.

In: settings, a function that starts the sandbox. Out: a diagnosis, as JSON or as text.
"""

import os
import platform
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from rich.console import Group, RenderableType
from rich.table import Column, Table
from rich.text import Text

from nova_code_verifier.handlers.cli.doctor.conditions import (
    Machine,
    closed_path,
    missing_condition,
)
from nova_code_verifier.handlers.settings import Settings
from nova_code_verifier.sandbox.errors import SandboxError
from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.sandbox.types import IsolationLevel
from nova_code_verifier.verifier.control import CONTROLLED, Control

_LEVELS = {
    IsolationLevel.KERNEL: "the kernel refuses network, processes and files to a program",
    IsolationLevel.INTERPRETER: (
        "Python refuses them; a program that corrupts memory can get around it"
    ),
    IsolationLevel.NONE: "nothing is refused; only for programs that you trust",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """One protection: what it does (`effect`), and how to get it if it is missing (`remedy`)."""

    effect: str
    remedy: str
    needs_kernel_level: bool = True


PROTECTIONS = {
    "seccomp": Protection(
        effect="refuses system calls for network, new processes, and signals to other processes",
        remedy="needs a kernel with CONFIG_SECCOMP_FILTER, and a container that allows prctl to "
        "install a seccomp filter",
    ),
    "landlock": Protection(
        effect="allows a program to read only the interpreter's files, and to write only in its "
        "own directories",
        remedy="needs Linux 5.13 or later with landlock enabled (lsm=landlock,...); without it, "
        "Python's audit hook guards the files",
    ),
    "forgets_ctypes": Protection(
        effect="keeps a program from ctypes, and so from native code, which the audit hook cannot "
        "guard",
        remedy="needs landlock, or Python 3.13 or later",
    ),
    "orphans_adopted": Protection(
        effect="finds and kills the processes that a program leaves running",
        remedy="needs a container that allows prctl to set PR_SET_CHILD_SUBREAPER",
    ),
    "hidden_from_peers": Protection(
        effect="hides memory and environment from other processes of the same user",
        remedy="needs a container that allows prctl to set PR_SET_DUMPABLE",
    ),
    "uid_dropped": Protection(
        effect="runs the programs of each worker as a separate user that owns no files",
        remedy="start as root, in a container, with an interpreter that every user can read",
        needs_kernel_level=False,
    ),
    "resource_limits": Protection(
        effect="limits CPU time, address space, the size of files and the number of open files",
        remedy="needs a kernel that allows setrlimit",
        needs_kernel_level=False,
    ),
}
"""Every protection, by the name that the sandbox reports."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """The findings. If the sandbox does not start, `level` is None and `problem` says why.

    `misjudged` says how control samples were misjudged, if they were (`verifier/control.py`).
    """

    required: IsolationLevel
    level: IsolationLevel | None = None
    granted: Mapping[str, object]
    workers: int = 0
    problem: str = ""
    misjudged: str = ""
    machine: Machine = field(default_factory=Machine)

    @property
    def is_enough(self) -> bool:
        """Whether samples can be scored here."""
        return self.level is not None and self.level >= self.required and not self.misjudged

    @property
    def kernel_refused(self) -> str:
        """Why level `kernel` was refused; empty if it was granted, or not requested."""
        return str(self.granted.get("kernel_refused", ""))


def diagnose(settings: Settings, start: Callable[[], LocalExecutor]) -> Diagnosis:
    """Start the sandbox with *start*, and return what it was granted and how it judges."""
    required = settings.weakest_level
    try:
        with start() as executor:
            level, granted, workers = executor.level, executor.granted, len(executor.zygote_pids)
            misjudged = Control(1).check(dict.fromkeys(CONTROLLED, 1), executor)
    except SandboxError as error:
        # A user who cannot reach the interpreter can start nothing with it.
        closed = closed_path((sys.executable,)) if os.geteuid() != 0 else ""
        problem = f"{error} ({closed})" if closed else str(error)
        return Diagnosis(required=required, granted={}, problem=problem)
    return Diagnosis(
        required=required, level=level, granted=granted, workers=workers, misjudged=misjudged
    )


def as_json(diagnosis: Diagnosis) -> dict[str, object]:
    """Return everything as one JSON object. Its names must stay: programs read them."""
    return {
        "level": diagnosis.level,
        "required": diagnosis.required,
        "is_enough": diagnosis.is_enough,
        "problem": diagnosis.problem,
        "kernel_refused": diagnosis.kernel_refused,
        "misjudged": diagnosis.misjudged,
        "workers": diagnosis.workers,
        **_machine(),
        "protections": {
            name: {
                "granted": diagnosis.granted.get(name, False),
                "protects": protection.effect,
                "remedy": _remedy(diagnosis, name),
            }
            for name, protection in PROTECTIONS.items()
        },
    }


def as_text(diagnosis: Diagnosis) -> RenderableType:
    """Return everything as tables for people."""
    level, style = diagnosis.level, "green" if diagnosis.is_enough else "bold red"
    facts = Table.grid(padding=(0, 2))
    facts.add_row("isolation level", Text(level or "the sandbox does not start", style=style))
    facts.add_row("", _LEVELS[level] if level else diagnosis.problem)
    if diagnosis.kernel_refused:
        facts.add_row("kernel refused", diagnosis.kernel_refused)
    facts.add_row("required level", diagnosis.required)
    if diagnosis.level:
        judged = diagnosis.misjudged or "judged as they should be"
        style = "bold red" if diagnosis.misjudged else "green"
        facts.add_row("control samples", Text(judged, style=style))
    facts.add_row("workers", str(diagnosis.workers))
    for name, value in _machine().items():
        facts.add_row(name, value)
    return Group(facts, "", _protection_table(diagnosis))


def _protection_table(diagnosis: Diagnosis) -> Table:
    names = (Column(name, no_wrap=True) for name in ("protection", "granted"))
    effect = "what it does, and how to get it if it is missing"
    table = Table(*names, effect, box=None, pad_edge=False, header_style="bold")
    for name, protection in PROTECTIONS.items():
        granted, remedy = diagnosis.granted.get(name, False), _remedy(diagnosis, name)
        version = "" if isinstance(granted, bool) else f" ({granted})"
        answer = Text(f"yes{version}", style="green") if granted else Text("no", style="yellow")
        if diagnosis.level is None:
            answer = Text("not tried", style="yellow")
        table.add_row(name, answer, protection.effect)
        if remedy:
            table.add_row("", "", Text(f"-> {remedy}", style="yellow"))
    return table


def _remedy(diagnosis: Diagnosis, name: str) -> str:
    protection = PROTECTIONS[name]
    if diagnosis.granted.get(name, False) or diagnosis.level is None:
        return ""
    if protection.needs_kernel_level and diagnosis.level is not IsolationLevel.KERNEL:
        if diagnosis.kernel_refused:
            return f"part of level kernel, which the kernel refused; {protection.remedy}"
        return "part of level kernel; unset VERIFIER_ISOLATION to get it"
    condition = missing_condition(name, diagnosis.machine)
    return f"{protection.remedy} (here, {condition})" if condition else protection.remedy


def _machine() -> dict[str, str]:
    return {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "kernel": f"{platform.system()} {platform.release()}",
        "machine": platform.machine(),
        "user": "root" if os.geteuid() == 0 else "not root",
    }
