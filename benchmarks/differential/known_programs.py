"""Problems that the repository has: known solutions, honest programs, cheats and escapes."""

from collections.abc import Iterator

from benchmarks.differential.problems import Problem
from nova_code_verifier import Sample
from nova_code_verifier.handlers.wire import read_event
from tests.escapes.test_escapes import _references
from tests.known import published
from tests.known.datasets import read_dataset
from tests.paths import REPOSITORY

_COLLECTIONS = (*(published.HUMANEVAL, published.BUGGY, published.MBPP, published.BIGCODEBENCH),)


def known_problems() -> list[Problem]:
    """Return all of them. Their numbers are their seeds."""
    return [_problem(number, *found) for number, found in enumerate(_samples())]


def _problem(number: int, name: str, sample: Sample) -> Problem:
    program = (sample.completion or "").removeprefix("```python\n").removesuffix("\n```")
    return Problem(
        seed=number, kind=name, program=program, cases=(), build=lambda _: sample.reference
    )


def _samples() -> Iterator[tuple[str, Sample]]:
    for path in sorted((REPOSITORY / "tests" / "known" / "data").glob("*.jsonl")):
        for solution in read_dataset(path):
            [entry] = read_event([solution.sample]).entries
            if entry.sample:
                yield solution.name, entry.sample
    for collection in _COLLECTIONS:
        for published_solution in published.read_solutions(collection):
            limits = {"limits": {"cpu_seconds": collection.cpu_seconds}}
            reference = published_solution.row | limits
            sample = Sample(completion=published_solution.sample.completion, reference=reference)
            yield f"{collection.name} {published_solution.task}", sample
    for folder in ("honest", "cheats"):
        for path in sorted((REPOSITORY / "tests" / "escapes" / folder).glob("*.py")):
            completion = f"```python\n{path.read_text('utf-8')}\n```"
            for name, _, tests in _references(path):
                yield f"{path.stem} {name}", Sample(completion=completion, reference=tests)
