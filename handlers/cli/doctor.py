"""Look at the wall that this machine grants, and explain every stone of it.

In: settings, and how to start the sandbox. Out: a diagnosis, as a value; as JSON; as text
for people. Must not know: samples, scores.
"""

import os
import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from nova_code_verifier.handlers.report import ISOLATION_LEVELS
from nova_code_verifier.handlers.settings import Settings
from nova_code_verifier.sandbox.errors import SandboxError
from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.sandbox.types import IsolationLevel

_LEVELS = {
    IsolationLevel.KERNEL: "the kernel refuses what a guest may not do",
    IsolationLevel.INTERPRETER: "Python refuses; stops everything short of memory corruption",
    IsolationLevel.NONE: "nothing is refused; for programs that you trust",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """One stone of the wall: what it keeps out, and what to do where it is missing."""

    protects: str
    remedy: str
    needs_kernel_level: bool = True


PROTECTIONS = {
    "seccomp": Protection(
        protects="no network, no new processes, no signals to others: calls are refused",
        remedy="needs a kernel with CONFIG_SECCOMP_FILTER, in a container that lets prctl set one",
    ),
    "landlock": Protection(
        protects="no files but the interpreter's, none to write but in the work directory",
        remedy="needs Linux 5.13 or later with landlock among its security modules; until then the "
        "audit hook stands in",
    ),
    "forgets_ctypes": Protection(
        protects="native code is out of reach wherever the audit hook guards files",
        remedy="needs landlock, or Python 3.13 or later",
    ),
    "orphans_adopted": Protection(
        protects="whatever a guest leaves running is found and ended",
        remedy="needs a container that lets prctl set PR_SET_CHILD_SUBREAPER",
    ),
    "hidden_from_peers": Protection(
        protects="memory and environment are closed to other processes of the same user",
        remedy="needs a container that lets prctl set PR_SET_DUMPABLE",
    ),
    "uid_dropped": Protection(
        protects="the guests of each worker run as a user of their own, who owns nothing",
        remedy="start as root, in a container, with an interpreter that every user may read",
        needs_kernel_level=False,
    ),
    "resource_limits": Protection(
        protects="processor time, address space, file sizes and open files are bounded",
        remedy="needs a kernel that grants setrlimit",
        needs_kernel_level=False,
    ),
}
"""Every protection, by the name under which the sandbox reports it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What was found. `level` is None where the sandbox does not start: see `problem`."""

    required: IsolationLevel
    level: IsolationLevel | None = None
    granted: Mapping[str, object]
    workers: int = 0
    problem: str = ""

    @property
    def is_enough(self) -> bool:
        """Whether samples would be scored here."""
        if self.level is None:
            return False
        return ISOLATION_LEVELS[self.level] >= ISOLATION_LEVELS[self.required]

    @property
    def kernel_refused(self) -> str:
        """Why level `kernel` was refused. Empty if it was not, or not asked for."""
        return str(self.granted.get("kernel_refused", ""))


def diagnose(settings: Settings, start: Callable[[], LocalExecutor]) -> Diagnosis:
    """Start the sandbox as configured, and see what it was granted."""
    try:
        with start() as executor:
            return Diagnosis(
                required=settings.weakest_level,
                level=executor.level,
                granted=executor.granted,
                workers=len(executor.zygote_pids),
            )
    except SandboxError as error:
        return Diagnosis(required=settings.weakest_level, granted={}, problem=str(error))


def as_json(diagnosis: Diagnosis) -> dict[str, object]:
    """Say everything in one JSON object, under names that stay."""
    return {
        "level": diagnosis.level,
        "required": diagnosis.required,
        "is_enough": diagnosis.is_enough,
        "problem": diagnosis.problem,
        "kernel_refused": diagnosis.kernel_refused,
        "workers": diagnosis.workers,
        **_machine(),
        "protections": {
            name: {
                "granted": diagnosis.granted.get(name, False),
                "protects": protection.protects,
                "remedy": _remedy(diagnosis, name),
            }
            for name, protection in PROTECTIONS.items()
        },
    }


def as_text(diagnosis: Diagnosis) -> RenderableType:
    """Lay everything out for people."""
    return Group(_facts(diagnosis), "", _stones(diagnosis))


def _facts(diagnosis: Diagnosis) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    level = diagnosis.level
    style = "green" if diagnosis.is_enough else "bold red"
    table.add_row("isolation level", Text(level or "the sandbox does not start", style=style))
    if level is not None:
        table.add_row("", _LEVELS[level])
    if diagnosis.problem:
        table.add_row("", Text(diagnosis.problem))
    if diagnosis.kernel_refused:
        table.add_row("kernel refused", Text(diagnosis.kernel_refused))
    table.add_row("required level", diagnosis.required)
    table.add_row("workers", str(diagnosis.workers))
    for name, value in _machine().items():
        table.add_row(name, value)
    return table


def _stones(diagnosis: Diagnosis) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("protection", "granted"):
        table.add_column(name, no_wrap=True)
    table.add_column("what it does, and what to do where it is missing")
    for name, protection in PROTECTIONS.items():
        remedy = _remedy(diagnosis, name)
        table.add_row(name, _granted_text(diagnosis.granted.get(name, False)), protection.protects)
        if remedy:
            table.add_row("", "", Text(f"-> {remedy}", style="yellow"))
    return table


def _granted_text(granted: object) -> Text:
    if not granted:
        return Text("no", style="yellow")
    return Text("yes" if granted is True else f"yes ({granted})", style="green")


def _remedy(diagnosis: Diagnosis, name: str) -> str:
    protection = PROTECTIONS[name]
    if diagnosis.granted.get(name, False):
        return ""
    if protection.needs_kernel_level and diagnosis.level in (
        IsolationLevel.INTERPRETER,
        IsolationLevel.NONE,
    ):
        if diagnosis.kernel_refused:
            return f"comes with level kernel, which was refused; {protection.remedy}"
        return "comes with level kernel: do not set VERIFIER_ISOLATION"
    return protection.remedy


def _machine() -> dict[str, str]:
    return {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "kernel": f"{platform.system()} {platform.release()}",
        "machine": platform.machine(),
        "user": "root" if os.geteuid() == 0 else "not root",
    }
