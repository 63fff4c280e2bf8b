"""Grade the reference solutions of datasets: `python -m benchmarks.references FILE.jsonl...`.

    python -m benchmarks.references FILE... [--workers N] [--json OUT] [--only ID...]

In: files of rows with test code and a reference, in the shapes of HumanEval, HumanEvalPack,
MBPP, BigCodeBench, ClassEval and KodCode. Each reference is graded by the library, and is also run
with its tests in a fresh interpreter, which is the floor: what passes there must earn full marks,
or be ungraded with a reason. Wrong programs (`buggy_solution`) must not be paid.

Out: a table for each file, with the rows that are ungraded by reason, and those that are silently
below full marks with the first message. The exit status is 1 if there are any of the latter, or if
a wrong program is paid that does not pass its tests plainly, too.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nova_code_verifier import DiscoveryCache, LocalExecutor, Sample, Score, Verdict, judge

PLAIN_SECONDS = 60.0
BATCH = 32
_MESSAGE_MAX = 160
_UNITTEST_MAIN = "\nif __name__ == '__main__':\n    import unittest\n    unittest.main()\n"
Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One program and its tests. `files` are what the plain run has, and `command` what it runs."""

    id: str
    row: Row
    program: str
    files: dict[str, str]
    command: tuple[str, ...]
    is_right: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one program fared. `reason` says why it is ungraded, or what failed first."""

    id: str
    is_right: bool
    passes_plainly: bool
    correctness: float
    is_ungraded: bool
    reason: str
    self_compared: int
    seconds: float

    @property
    def is_silently_below(self) -> bool:
        """Whether a reference that passes plainly is graded and does not get full marks."""
        is_full = self.correctness == 1.0 or self.is_ungraded
        return self.is_right and self.passes_plainly and not is_full

    @property
    def is_wrongly_paid(self) -> bool:
        """Whether a program that is wrong, also plainly, gets full marks."""
        return not self.is_right and not self.passes_plainly and self.correctness == 1.0


# -- read ------------------------------------------------------------------------------


def entries_of(path: Path) -> Iterator[Entry]:
    """Read the programs of a file, right and wrong ones. Rows without test code are left out."""
    # Not splitlines(): it would split a row at U+2028, which JSON may contain.
    for number, line in enumerate(path.read_text("utf-8").split("\n"), start=1):
        row = json.loads(line) if line.strip() else {}
        task = str(row.get("task_id") or row.get("question_id") or row.get("id") or number)
        for program, tests, is_right in _programs(row):
            name = task if is_right else f"{task}/wrong"
            files, command = _plain(program, tests)
            yield Entry(
                id=name, row=row, program=program, files=files, command=command, is_right=is_right
            )


def _programs(row: Row) -> Iterator[tuple[str, str, bool]]:
    """Yield each program of a row, the tests for a plain run, and whether it is right."""
    match row:
        case {"test_list": tests, "code": program}:  # MBPP
            lines = [*row.get("test_imports", ()), row.get("test_setup_code", ""), *tests]
            yield program, "\n".join([*lines, *row.get("challenge_test_list", ())]), True
        case {"class_name": _, "solution_code": program, "test": tests}:  # ClassEval
            yield "\n".join([*row["import_statement"], program]), tests, True
        case {"prompt": prompt, "canonical_solution": body, "test": tests}:
            calls_itself = f"\ncheck({row['entry_point']})" in tests or "unittest" in tests
            call = "" if calls_itself else f"\ncheck({row['entry_point']})\n"
            yield prompt + body, tests + call, True
            if "buggy_solution" in row:
                yield prompt + row["buggy_solution"], tests + call, False
        case {"solution": program, "test": tests}:  # KodCode
            yield program, tests, True
            if "wrong_solution" in row:
                yield row["wrong_solution"], tests, False


def _plain(program: str, tests: str) -> tuple[dict[str, str], tuple[str, ...]]:
    if re.search(r"^(from|import) solution\b", tests, re.MULTILINE):
        command = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "test_solution.py")
        return {"solution.py": program, "test_solution.py": tests}, command
    if re.search(r"\bunittest\b|\(TestCase\)", tests):
        return {"program.py": f"{program}\n{tests}{_UNITTEST_MAIN}"}, ("program.py",)
    return {"program.py": f"{program}\n{tests}\n"}, ("program.py",)


def passes_plainly(entry: Entry) -> bool:
    """Run a program with its tests in a fresh interpreter, in a directory of its own."""
    with tempfile.TemporaryDirectory() as directory:
        for name, text in entry.files.items():
            Path(directory, name).write_text(text, "utf-8", newline="")
        try:
            done = subprocess.run(
                [sys.executable, *entry.command],
                cwd=directory,
                env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=PLAIN_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return False
        return done.returncode == 0


# -- grade -----------------------------------------------------------------------------


def outcomes_of(entries: list[Entry], workers: int, say: Callable[[str], None]) -> list[Outcome]:
    """Grade all programs by the library, in batches, and run each plainly."""
    with ThreadPoolExecutor(workers) as pool:
        plain = list(pool.map(passes_plainly, entries))
    outcomes: list[Outcome] = []
    cache = DiscoveryCache()
    with LocalExecutor(workers=workers) as executor:
        for start in range(0, len(entries), BATCH):
            batch = entries[start : start + BATCH]
            samples = [
                Sample(completion=f"```python\n{entry.program}\n```", reference=entry.row)
                for entry in batch
            ]
            started = time.perf_counter()
            scores = judge(samples, executor, discovery_cache=cache)
            seconds = (time.perf_counter() - started) / len(batch)
            for entry, score, passes in zip(batch, scores, plain[start:], strict=False):
                outcomes.append(_outcome(entry, score, passes, seconds))
            say(f"{start + len(batch)}/{len(entries)} rows, {seconds:.2f} s a row")
    return outcomes


def _outcome(entry: Entry, score: Score, passes: bool, seconds: float) -> Outcome:  # noqa: FBT001
    return Outcome(
        id=entry.id,
        is_right=entry.is_right,
        passes_plainly=passes,
        correctness=score.correctness,
        is_ungraded=score.verdict is Verdict.UNGRADED,
        reason=_reason(score),
        self_compared=score.self_compared,
        seconds=seconds,
    )


def _reason(score: Score) -> str:
    if score.problem:
        return score.problem
    for case in score.cases:
        if case.verdict is not Verdict.ACCEPTED:
            error = case.execution.error
            raised = f"{error.type_name}: {error.message}" if error else case.execution.detail
            parts = (case.name, str(case.verdict), raised, case.message)
            return " | ".join(" ".join(part.split()) for part in parts if part)
    return str(score.verdict)


# -- print -----------------------------------------------------------------------------


def print_outcomes(name: str, outcomes: list[Outcome]) -> None:
    """Print the figures of one file, and every row that needs a look."""
    right = [outcome for outcome in outcomes if outcome.is_right]
    plain = [outcome for outcome in right if outcome.passes_plainly]
    ungraded = [outcome for outcome in plain if outcome.is_ungraded]
    below = [outcome for outcome in plain if outcome.is_silently_below]
    wrong = [outcome for outcome in outcomes if not outcome.is_right]
    paid = [outcome for outcome in wrong if outcome.is_wrongly_paid]
    print(f"\n== {name}")
    print(
        f"rows {len(right)}, pass plainly {len(plain)}: full marks "
        f"{len(plain) - len(ungraded) - len(below)}, ungraded {len(ungraded)}, silently below full "
        f"{len(below)} ({sum(outcome.correctness == 0 for outcome in below)} of them 0); "
        f"wrong programs {len(wrong)}, paid {len(paid)}; "
        f"self-compared in {sum(outcome.self_compared > 0 for outcome in right)}"
    )
    reasons: defaultdict[str, list[str]] = defaultdict(list)
    for outcome in ungraded:
        reasons[re.sub(r"\d+", "N", outcome.reason)[:_MESSAGE_MAX]].append(outcome.id)
    for reason, ids in sorted(reasons.items(), key=lambda pair: -len(pair[1])):
        print(f"  ungraded {len(ids):3}: {reason} [{' '.join(ids)}]")
    for outcome in below:
        print(f"  below {outcome.id} {outcome.correctness:.2f}: {outcome.reason[:_MESSAGE_MAX]}")
    for outcome in right:
        if not outcome.passes_plainly:
            verdict = "ungraded" if outcome.is_ungraded else f"{outcome.correctness:.2f}"
            print(f"  fails plainly: {outcome.id} (here {verdict})")
    for outcome in paid:
        print(f"  WRONG AND PAID: {outcome.id}")
    for outcome in wrong:
        if outcome.passes_plainly:
            print(f"  called wrong, and passes plainly: {outcome.id} ({outcome.correctness:.2f})")


def main() -> int:
    """Grade all files and print; return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE.jsonl")
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--json", type=Path, metavar="OUT")
    parser.add_argument("--only", nargs="+", metavar="ID", help="grade these rows alone")
    arguments = parser.parse_args()
    results: dict[str, list[Outcome]] = {}
    for path in arguments.files:
        entries = [
            entry for entry in entries_of(path) if not arguments.only or entry.id in arguments.only
        ]
        if not entries:
            print(f"{path}: no rows with test code and a reference solution")
            continue
        say = lambda text, name=path.stem: print(f"{name}: {text}", file=sys.stderr)  # noqa: E731
        results[path.stem] = outcomes_of(entries, arguments.workers, say)
        print_outcomes(path.stem, results[path.stem])
        if arguments.json:
            written = {name: list(map(asdict, found)) for name, found in results.items()}
            arguments.json.write_text(json.dumps(written, indent=1) + "\n")
    totals = Counter(
        kind
        for found in results.values()
        for outcome in found
        for kind in ("below", "paid")
        if (outcome.is_silently_below if kind == "below" else outcome.is_wrongly_paid)
    )
    print(f"\nsilently below full: {totals['below']}, wrong and paid: {totals['paid']}")
    return int(totals.total() > 0)


if __name__ == "__main__":
    raise SystemExit(main())
