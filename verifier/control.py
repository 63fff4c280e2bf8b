"""Grade control samples, whose verdicts are known, to notice a verifier that misjudges.

In: the sources of the samples that wait, an executor. Out: why nothing may be graded, or "".

A right and a wrong program go through the same pipeline as all samples, before the first verdict of
each source and then every few thousand samples. A broken machine (a full disk, a wrong library, a
sandbox that ends every guest) gives wrong rewards to everybody, and no sample can show it. If a
control sample is misjudged, all samples are ungraded, until the control samples that failed pass.

Each control sample has numbers of its own, so that no cache knows its verdict.
"""

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from nova_code_verifier.sandbox.types import Executor
from nova_code_verifier.verifier.pipeline import grade
from nova_code_verifier.verifier.types import Sample, Score, Source, Verdict

_STDIO = "print(int(input()) * {factor} + {shift})"
_FUNCTION = "def f(x):\n    return x * {factor} + {shift}"

CONTROLLED = (Source.STDIO, Source.CALL, Source.CODE)
"""The sources for which there are control samples: those that run programs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlSample:
    """A sample, and whether its program is right."""

    source: Source
    sample: Sample
    is_right: bool

    def misjudgement(self, score: Score, *, may_refuse: bool) -> str:
        """Return how *score* differs from the known verdict; "" if it does not.

        An executor function *may refuse* sessions: then samples are ungraded, not misjudged.
        """
        expected = Verdict.ACCEPTED if self.is_right else Verdict.WRONG_ANSWER
        if score.verdict is expected or (may_refuse and score.verdict is Verdict.UNGRADED):
            return ""
        program = "right" if self.is_right else "wrong"
        found = f"a {program} program with {self.source} tests was judged {score.verdict}"
        return f"{found}: {score.problem}" if score.problem else found


class Control:
    """Says whether samples may be graded. Keep one for all batches of an executor."""

    def __init__(
        self, samples_between: int, *, on_misjudged: Callable[[str], None] = lambda _problem: None
    ) -> None:
        """Grade control samples again after *samples_between* samples of the same source.

        *on_misjudged* is called with each problem that is found.
        """
        self._samples_between = samples_between
        self._on_misjudged = on_misjudged
        self._left: dict[Source, int] = {}
        self._problems: dict[Source, str] = {}

    @property
    def problem(self) -> str:
        """How control samples were misjudged; "" if the last ones of each source were not."""
        return "; ".join(f"control samples: {problem}" for problem in self._problems.values())

    def check(self, counts: Mapping[Source, int], executor: Executor) -> str:
        """Return why the samples that wait must not be graded; "" if they may be.

        *counts* are their numbers by source. Raises SandboxError if the sandbox cannot start.
        """
        due = {source for source in counts if self._left.get(source, 0) <= 0} | {*self._problems}
        problems: dict[Source, str] = {}
        for control, score in graded_controls(sorted(due), executor) if due else ():
            if score.is_outage:
                return score.problem
            if problem := control.misjudgement(score, may_refuse=executor.isolates_trusted_code):
                problems[control.source] = problem
        self._problems = problems
        self._left |= {source: 0 if source in problems else self._samples_between for source in due}
        for source, count in counts.items():
            self._left[source] -= count
        if problems:
            self._on_misjudged(self.problem)
        return self.problem


def graded_controls(
    sources: Sequence[Source], executor: Executor
) -> Iterator[tuple[ControlSample, Score]]:
    """Grade the control samples of *sources*."""
    controls = [control for source in sources for control in control_samples(source)]
    for graded in grade([control.sample for control in controls], executor):
        yield controls[graded.index], graded.score


def control_samples(source: Source) -> list[ControlSample]:
    """Return right and wrong programs with tests of this kind, and numbers of their own."""
    # Small enough that no tolerance accepts the wrong value.
    factor, shift, *inputs = (secrets.randbelow(1000) + 1 for _ in range(4))
    values = [number * factor + shift for number in inputs]
    program = _STDIO if source is Source.STDIO else _FUNCTION
    return [
        ControlSample(
            source=source,
            sample=Sample(
                completion=f"```python\n{program.format(factor=written, shift=shift)}\n```",
                reference={"tests": tests},
            ),
            is_right=written == factor,
        )
        for tests in _tests(source, inputs, values)
        for written in (factor, factor + 1)
    ]


def _tests(source: Source, inputs: list[int], values: list[int]) -> list[dict[str, object]]:
    """Return tests which ask for the *values* of a function at the *inputs*."""
    cases = list(zip(inputs, values, strict=True))
    match source:
        case Source.STDIO:
            texts = [{"stdin": f"{x}\n", "stdout": f"{value}\n"} for x, value in cases]
            return [{"kind": "stdio", "cases": texts}]
        case Source.CALL:
            calls = [{"args": [x], "expected": value} for x, value in cases]
            return [{"kind": "call", "entry_point": "f", "cases": calls}]
        case Source.CODE:
            # Plain asserts may need no session. So some tests are not plain.
            plain = "\n".join(f"assert f({x}) == {value}" for x, value in cases)
            other = f"assert list(map(f, {inputs})) == {values}"
            return [{"kind": "code", "code": code} for code in (plain, other)]
        case _:
            return []
