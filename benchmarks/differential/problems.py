"""Problems: one program and its tests, each made from a seed.

In: a seed. Out: a `Problem`, always the same for the same seed. `stdin_programs.py` and
`test_code_programs.py` write them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from nova_code_verifier import Sample

LIMITS = {"cpu_seconds": 0.4, "wall_seconds": 1.5, "memory_mb": 128}


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A program, and the cases that judge it. `build` turns cases into a reference.

    A case is whatever `build` understands: it is here only so that cases can be left out.
    """

    seed: int
    kind: str
    program: str
    cases: tuple[object, ...]
    build: Callable[[tuple[object, ...]], object]

    @property
    def sample(self) -> Sample:
        """The program as a completion, with its reference."""
        return Sample(completion=f"```python\n{self.program}\n```", reference=self.reference)

    @property
    def reference(self) -> object:
        """The reference, with short limits if it has cases of its own."""
        reference = self.build(self.cases)
        if self.cases and isinstance(reference, dict):
            return reference | {"limits": LIMITS}
        return reference


def chance(random: Random, share: float) -> bool:
    """Return True in this *share* of all draws."""
    return random.random() < share


def indented(text: str, depth: int = 1) -> str:
    """Indent every line."""
    return "\n".join("    " * depth + line for line in text.splitlines())
