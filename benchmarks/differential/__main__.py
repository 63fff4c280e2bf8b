"""Judge generated programs with fast paths on and off; report every row that differs.

    python -m benchmarks.differential --programs 20000
    python -m benchmarks.differential --seed 4711 --programs 1 --kind stdio
    python -m benchmarks.differential --known

Programs for `stdio` leave traces (attributes of modules, decimal contexts, files, descriptors,
threads, `atexit`, streams, …), look for the traces of the case before, and end in many ways.
Functions for asserts (as script, `check`, pytest, unittest) and calls answer with all kinds of
values, change their arguments and surroundings, and keep state from call to call. The program of a
seed is always the same. Rows are compared as a trainer gets them, with the details behind them, but
without durations and memory.

For each difference, the shortest program that still shows it is printed, with the fewest cases, and
the exit status is 1. A program whose row changes from run to run without fast paths is reported as
unsteady, and does not count.
"""

import argparse
import sys
from collections import Counter

from rich.console import Console
from rich.progress import Progress

from benchmarks.differential.known_programs import known_problems
from benchmarks.differential.problems import Problem
from benchmarks.differential.rows import Judges
from benchmarks.differential.stdin_programs import write_stdin_problem
from benchmarks.differential.test_code_programs import (
    PROGRAMS_PER_TEST,
    write_call_problem,
    write_test_code_problem,
)

BATCH = 300
WRITERS = {
    "stdio": write_stdin_problem,
    "code": write_test_code_problem,
    "call": write_call_problem,
}


def write_problems(first: int, count: int, kinds: list[str]) -> list[Problem]:
    """Return the problems of the seeds from *first* on; every kind gets the same number."""
    return [
        # Several programs in a row have the same tests, so the kind changes only after them.
        WRITERS[kinds[seed // PROGRAMS_PER_TEST % len(kinds)]](seed)
        for seed in range(first, first + count)
    ]


def main() -> int:
    """Judge all problems and print; return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--programs", type=int, default=2000, metavar="N")
    parser.add_argument(
        "--seed", type=int, default=1, metavar="N", help="seed of the first program"
    )
    parser.add_argument("--kind", choices=WRITERS, help="one kind of tests only")
    parser.add_argument(
        "--known",
        action="store_true",
        help="the repository's solutions, cheats and escapes instead",
    )
    parser.add_argument("--workers", type=int, metavar="N", help="workers of each executor")
    parser.add_argument("--show", action="store_true", help="print the programs, judge nothing")
    arguments = parser.parse_args()
    console, errors = Console(), Console(stderr=True)
    kinds = [arguments.kind] if arguments.kind else list(WRITERS)
    if arguments.known:
        problems = known_problems()
    else:
        problems = write_problems(arguments.seed, arguments.programs, kinds)
    if arguments.show:
        for problem in problems:
            print(f"# seed {problem.seed}, {problem.kind}\n{problem.program}\n{problem.cases}\n")
        return 0
    judges = Judges(arguments.workers)
    counts: Counter[str] = Counter()
    with Progress(console=errors) as progress:
        bar = progress.add_task("judging", total=len(problems))
        for first in range(0, len(problems), BATCH):
            for difference in judges.differences(problems[first : first + BATCH]):
                counts["unsteady" if difference.is_unsteady else "different"] += 1
                console.print(str(difference), markup=False, highlight=False)
            progress.advance(bar, BATCH)
    judges.close()
    verdicts = ", ".join(f"{count} {verdict}" for verdict, count in judges.verdicts.most_common())
    console.print(f"verdicts: {verdicts}")
    console.print(
        f"{len(problems)} programs, seeds {problems[0].seed} to {problems[-1].seed}: "
        f"{counts['different']} differ, {counts['unsteady']} are unsteady"
    )
    return int(counts["different"] > 0)


if __name__ == "__main__":
    sys.exit(main())
