"""Read the hostile programs of this folder.

The first lines of a program say what it *tries*, and what it *must* end as: verdicts, with a `|`
between them. `harmless` is the verdict of a program that ends by itself, and has a wrong answer. If
level `interpreter` must end it in another way, `interpreter` has the verdicts. Optional lines:

- `asked`: `call`, if it is a function `f` that is called, and no whole program;
- `cases`: how many test cases it gets;
- `limits`: other limits, such as `cpu_seconds=0.2 memory_mb=64`;
- `machine`: the only machine that it is for.

A program prints BREACH if it did what it must not do.
"""

import platform
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from nova_code_verifier import Sample
from nova_code_verifier.sandbox.types import IsolationLevel
from nova_code_verifier.verifier.types import Verdict

FOLDER = Path(__file__).parent
KINDS = ("dos", "leak", "escape", "persist")
_LIMITS = {"cpu_seconds": 0.5, "wall_seconds": 1.0, "memory_mb": 64.0, "output_bytes": 2**20}
_KEYS = {"tries", "must", "interpreter", "asked", "cases", "limits", "machine"}


@dataclass(frozen=True, slots=True, kw_only=True)
class HostileProgram:
    """A hostile program, and the verdicts that it may have at each level."""

    name: str
    text: str
    is_called: bool
    cases: int
    limits: Mapping[str, float]
    verdicts: Mapping[IsolationLevel, frozenset[Verdict]]


def read_program(path: Path) -> HostileProgram:
    """Read one program. Raises ValueError for a header that is incomplete or unknown."""
    text = path.read_text("utf-8")
    head = _head(text)
    if not {"tries", "must"} <= head.keys() <= _KEYS:
        raise ValueError(f"{path.name}: found {sorted(head)}")
    own_limits = dict(pair.split("=") for pair in head.get("limits", "").split())
    kernel = _verdicts(head["must"])
    return HostileProgram(
        name=path.stem,
        text=text,
        is_called=head.get("asked") == "call",
        cases=int(head.get("cases", "1")),
        limits=_LIMITS | {name: float(value) for name, value in own_limits.items()},
        verdicts={
            IsolationLevel.KERNEL: kernel,
            IsolationLevel.INTERPRETER: _verdicts(head.get("interpreter", head["must"])),
        },
    )


def _head(text: str) -> dict[str, str]:
    lines = text.partition("\n\n")[0].splitlines()
    return dict(line.removeprefix("# ").split(": ", 1) for line in lines)


def _verdicts(words: str) -> frozenset[Verdict]:
    return frozenset(
        Verdict.WRONG_ANSWER if word == "harmless" else Verdict(word) for word in words.split("|")
    )


def sample_of(program: HostileProgram, facts: str, secret: str) -> Sample:
    """Return a sample whose right answers begin with a *secret*; *facts* go before the program."""
    reference: dict[str, object] = {"limits": dict(program.limits)}
    numbers = range(program.cases)
    if program.is_called:
        cases = [{"args": [n], "expected": f"{secret}{n}"} for n in numbers]
        reference["tests"] = {"kind": "call", "entry_point": "f", "cases": cases}
    else:
        reference["inputs"] = [f"{n}\n" for n in numbers]
        reference["outputs"] = [f"{secret}{n}\n" for n in numbers]
    return Sample(completion=f"```python\n{facts}{program.text}\n```", reference=reference)


def read_all() -> list[HostileProgram]:
    """Return all programs that are for this machine."""
    return [read_program(path) for path in _paths() if _machine(path) == platform.machine()]


def parameters() -> list[ParameterSet]:
    """Return all programs, as parameters of a test."""
    found = []
    for path in _paths():
        machine = _machine(path)
        skip = pytest.mark.skipif(machine != platform.machine(), reason=f"it needs {machine}")
        found.append(pytest.param(path, id=f"{path.parent.name}/{path.stem}", marks=skip))
    return found


def _paths() -> Iterator[Path]:
    for kind in KINDS:
        yield from sorted((FOLDER / kind).glob("*.py"))


def _machine(path: Path) -> str:
    return _head(path.read_text("utf-8")).get("machine", platform.machine())
