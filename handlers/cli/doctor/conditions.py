"""Find out why this machine does not grant a protection.

In: the state of this machine. Out: the condition that is missing, and what to do, in one line;
empty if it cannot be found out.
"""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

_ANY_MAY_ENTER, _ANY_MAY_READ = 0o001, 0o004
_CAPABILITIES = {
    "CAP_CHOWN": 0,
    "CAP_DAC_OVERRIDE": 1,
    "CAP_KILL": 5,
    "CAP_SETGID": 6,
    "CAP_SETUID": 7,
}
_LANDLOCK_VERSION = (5, 13)


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Hold the facts that the conditions depend on; by default, those of this process and kernel.

    `interpreter_files` are a file of its library and its program: everybody must be able to read
    them if the programs are to run as other users. `lsm` lists the kernel's security modules; empty
    if they are unknown.
    """

    uid: int = field(default_factory=os.geteuid)
    release: str = field(default_factory=lambda: os.uname().release)
    lsm: str = field(default_factory=lambda: _read("/sys/kernel/security/lsm").strip())
    status: str = field(default_factory=lambda: _read("/proc/self/status"))
    interpreter_files: tuple[str, ...] = field(default_factory=lambda: (os.__file__,))


def missing_condition(protection: str, machine: Machine) -> str:
    """Return why *machine* does not grant *protection*."""
    match protection:
        case "uid_dropped":
            return _why_uid_stays(machine)
        case "landlock":
            return _why_no_landlock(machine)
        case "forgets_ctypes":
            return "landlock is missing, and this Python is older than 3.13"
    return ""


def closed_path(files: Iterable[str]) -> str:
    """Name the first directory or file on the way to *files* that is closed to other users."""
    for name in files:
        for path in dict.fromkeys((Path(name).resolve(), Path(name).absolute())):
            for part in (*reversed(path.parents), path):
                if reason := _why_closed(part, is_last=part == path):
                    return reason
    return ""


def _why_closed(path: Path, *, is_last: bool) -> str:
    try:
        mode = path.stat().st_mode
    except OSError as error:
        return f"{path} cannot be reached ({error.strerror})"
    needed, letter = (_ANY_MAY_READ, "r") if is_last else (_ANY_MAY_ENTER, "x")
    if mode & needed:
        return ""
    return f"{path} is {mode & 0o7777:04o}: chmod o+{letter} {path}"


def _why_uid_stays(machine: Machine) -> str:
    if machine.uid != 0:
        return f"this process runs as user {machine.uid}, not as root"
    if reason := closed_path(machine.interpreter_files):
        return f"other users cannot read this interpreter, because {reason}"
    found = re.search(r"^CapEff:\s*([0-9a-f]+)", machine.status, re.MULTILINE)
    bits = int(found[1], 16) if found else -1
    lacking = [name for name, number in _CAPABILITIES.items() if not bits >> number & 1]
    return f"root has no {', '.join(lacking)} in this container" if lacking else ""


def _why_no_landlock(machine: Machine) -> str:
    version = tuple(int(number) for number in re.findall(r"\d+", machine.release)[:2])
    if version < _LANDLOCK_VERSION:
        return f"this kernel is Linux {machine.release}"
    if machine.lsm and "landlock" not in machine.lsm.split(","):
        return f"this kernel has only the security modules {machine.lsm}"
    if machine.lsm:
        return "the kernel has it, so a seccomp filter of the container refuses its system calls"
    return "the kernel is new enough, but it is not enabled, or a seccomp filter refuses its calls"
