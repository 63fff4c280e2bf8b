"""Judge problems with fast paths on and off, and compare what comes out.

In: problems and two executors. Out: for each problem whose rows differ, the smallest program and
the fewest cases that still differ.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from benchmarks.differential.problems import Problem
from nova_code_verifier import DiscoveryCache, LocalExecutor, Score, judge
from nova_code_verifier.handlers.report import details_of, metrics_of

Row = dict[str, str]
_REFERENCE_CHARACTERS = 5000
_MEASURED = ("cpu_seconds", "wall_seconds", "memory_mb")
_ADDRESS = re.compile(r"0x[0-9a-f]{6,}|\[\d+ chars\][0-9a-f]+>|/\S*verifier-\w+\S*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A problem whose rows differ with fast paths `on` and `off`.

    If it `is_unsteady`, the rows differ from run to run without fast paths, or not every time.
    """

    problem: Problem
    on: Row
    off: Row
    is_unsteady: bool

    def __str__(self) -> str:
        """Return the report: seed, program, tests, and what differs."""
        names = [name for name in self.on if self.on[name] != self.off.get(name)]
        names += [name for name in self.off if name not in self.on]
        return "\n".join(
            [
                f"seed {self.problem.seed}, {self.problem.kind}"
                + (", and it differs from run to run" if self.is_unsteady else ""),
                "--- program",
                self.problem.program,
                "--- reference",
                repr(self.problem.reference)[:_REFERENCE_CHARACTERS],
                *(
                    f"--- {name}\n  on:  {self.on.get(name)}\n  off: {self.off.get(name)}"
                    for name in names
                ),
            ]
        )


class Judges:
    """Two executors that differ in their fast paths only."""

    def __init__(self, workers: int | None = None) -> None:
        """Start both. `verdicts` counts those without fast paths."""
        self.verdicts: Counter[str] = Counter()
        self._on = LocalExecutor(workers=workers, fast_paths=True)
        self._off = LocalExecutor(workers=workers, fast_paths=False)
        self._caches = {executor: DiscoveryCache() for executor in (self._on, self._off)}

    def close(self) -> None:
        """End both executors."""
        self._on.close()
        self._off.close()

    def differences(self, problems: Sequence[Problem]) -> list[Difference]:
        """Judge *problems* both ways, and return those whose rows differ, made small."""
        on, off = self._rows(self._on, problems), self._rows(self._off, problems)
        self.verdicts.update(row["verdict"] for row in off)
        found = zip(problems, on, off, strict=True)
        return [
            self._reduced(Difference(problem=problem, on=one, off=other, is_unsteady=True))
            for problem, one, other in found
            if one != other
        ]

    def _rows(self, executor: LocalExecutor, problems: Sequence[Problem]) -> list[Row]:
        scores = judge(
            [problem.sample for problem in problems],
            executor,
            discovery_cache=self._caches[executor],
        )
        return [row_of(score, executor) for score in scores]

    def _reduced(self, difference: Difference) -> Difference:
        """Leave out lines and cases as long as the rows differ, if they differ every time."""
        problem = difference.problem
        if not self._is_steady(problem) or not self._differs(problem):
            return difference
        problem = self._with_fewer_lines(self._with_fewer_cases(problem))
        [on], [off] = self._rows(self._on, [problem]), self._rows(self._off, [problem])
        return Difference(problem=problem, on=on, off=off, is_unsteady=False)

    def _is_steady(self, problem: Problem) -> bool:
        rows = [*self._rows(self._off, [problem] * 3)]
        return rows[0] == rows[1] == rows[2]

    def _differs(self, problem: Problem) -> bool:
        return self._rows(self._on, [problem]) != self._rows(self._off, [problem])

    def _with_fewer_cases(self, problem: Problem) -> Problem:
        for case in problem.cases:
            fewer = replace(problem, cases=tuple(c for c in problem.cases if c is not case))
            if fewer.cases and self._differs(fewer):
                problem = fewer
        return problem

    def _with_fewer_lines(self, problem: Problem) -> Problem:
        """Delete runs of lines, long ones first."""
        size = len(problem.program.splitlines()) // 2
        while size:
            lines = problem.program.splitlines()
            for start in range(len(lines) - size, -1, -size):
                shorter = "\n".join(lines[:start] + lines[start + size :])
                if self._differs(replace(problem, program=shorter)):
                    problem, lines = replace(problem, program=shorter), shorter.splitlines()
            size //= 2
        return problem


def row_of(score: Score, executor: LocalExecutor) -> Row:
    """Return the row of a score and the details behind it, without what is measured."""
    # How often a time-out was confirmed says how busy the machine is.
    score = replace(score, reruns=0)
    details = details_of(score)
    cases = details.pop("cases")
    assert isinstance(cases, list)
    found: dict[str, object] = {"reward": score.reward, **details}
    for metric in metrics_of(score, level=executor.level, duration_ms=0.0, no_completion=False):
        found[metric.name] = metric.value
    for number, (details_of_case, case) in enumerate(
        zip(cases, score.cases, strict=False), start=1
    ):
        kept = {name: value for name, value in details_of_case.items() if name not in _MEASURED}
        found[f"case {number}"] = {
            name: value for name, value in kept.items() if value not in ("", None)
        }
        found[f"message of case {number}"] = case.message
    # Addresses and names of work directories change from guest to guest.
    return {name: _ADDRESS.sub("…", str(value)) for name, value in found.items()}
