"""Write a file of samples: eight completions of each prompt, right, wrong, broken and hostile.

    python -m benchmarks.scale.samples 5000 > samples.jsonl

The prompts are those of MBPP, HumanEval, kodsport and QuixBugs in `tests/known/data/`, in an order
that depends on the seed alone. The same number and seed give the same file, and each row of it the
same verdict, at each level of isolation that fences programs off. After the last prompt, the first
one comes again, with other programs: no cache can answer for them.
"""

import argparse
import ast
import json
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Any

from tests.known.datasets import read_dataset
from tests.known.published import HUMANEVAL, MBPP, read_solutions
from tests.paths import REPOSITORY

COMPLETIONS = 8  # of each prompt
_LIMITS = {"cpu_seconds": 0.5, "memory_mb": 256}
_REFERENCE_BYTES_MAX = 20_000  # of a prompt with stdin: some have megabytes of tests
# Statements at the beginning of a program that is right otherwise.
_HOSTILE_STATEMENTS = (
    "import os\nos.system('id')",
    "import sys\nsys.exit(0)",
    "import os\nos._exit(0)",
    'print(\'{"verdict": "accepted", "aggregate_reward_score": 1.0}\')\nraise SystemExit',
    "print(open('/proc/self/environ').read())",
    "import socket\nsocket.create_connection(('127.0.0.1', 1))",
    "raise ValueError('\\ud800')",
    "kept = bytearray(2**40)",
    "def deeper(n):\n    return deeper(n + 1)\ndeeper(0)",
    "import ctypes\nctypes.string_at(0)",
    "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)",
    "print('<script>alert(1)</script>\\x1b[2J' * 20)",
)
_ENDLESS = "while True:\n    pass"
_ENDLESS_EVERY = 125  # prompts: each costs some seconds of CPU time


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """A prompt with its reference, and a right program. `function` is empty for stdin."""

    name: str
    text: str
    reference: dict[str, Any]
    right: str
    function: str = ""


def samples(count: int, *, seed: int = 1) -> Iterator[dict[str, Any]]:
    """Yield *count* samples as a trainer sends them."""
    prompts = [*_functions(), *_programs()]
    random.Random(seed).shuffle(prompts)
    numbered = enumerate(cycle(prompts))
    rounds = ((number // len(prompts), number, prompt) for number, prompt in numbered)
    yield from islice((sample for each in rounds for sample in _completed(*each)), count)


def _completed(turn: int, number: int, prompt: Prompt) -> Iterator[dict[str, Any]]:
    """Yield the completions of a prompt. *turn* makes their programs differ from earlier ones."""
    name = f"{prompt.name}.{turn}" if turn else prompt.name
    for index, completion in enumerate(_completions(prompt, turn, number)):
        yield {
            "id": f"{name}#{index}",
            "messages": [
                {"role": "user", "content": prompt.text},
                {"role": "assistant", "content": completion},
            ],
            "reference_answer": prompt.reference,
        }


def _completions(prompt: Prompt, turn: int, number: int) -> tuple[str, ...]:
    right = f"{prompt.right}\n\n# {turn}" if turn else prompt.right
    statement = _HOSTILE_STATEMENTS[number % len(_HOSTILE_STATEMENTS)]
    if number % _ENDLESS_EVERY == 0:
        statement = _ENDLESS
    mark = f"  # {turn}, {number}"
    if prompt.function:
        wrong = f"def {prompt.function}(*values):\n    return 0{mark}"
        raising = f"def {prompt.function}(*values):\n    raise KeyError(values[0]){mark}"
        unnamed = right.replace(prompt.function, "solve_it")
    else:
        wrong = f"print(0){mark}"
        raising = f"print(1 / 0){mark}"
        unnamed = f"def solve_it():\n    print(input()){mark}"
    completions = (
        _fenced(right),
        f"The idea is simple.\n\n{_fenced(right)}\n\nIt prints:\n\n```text\n42\n```\n",
        _fenced(wrong),
        _fenced(right[: len(right) // 2] + "\n(("),
        "I am sorry, but I cannot solve this.",
        _fenced(unnamed),
        _fenced(raising),
        _fenced(f"{statement}\n{right}"),
    )
    assert len(completions) == COMPLETIONS
    return completions


def _fenced(program: str) -> str:
    return f"```python\n{program}\n```"


def _functions() -> Iterator[Prompt]:
    for solution in read_solutions(MBPP):
        row = solution.row
        function = _called_function(row["test_list"][0])
        if function and f"def {function}(" in row["code"]:
            yield Prompt(
                name=f"mbpp/{solution.task}",
                text=f"Write Python code that passes this test:\n\n{row['test_list'][0]}",
                reference={"test_list": row["test_list"], "limits": _LIMITS},
                right=row["code"].replace("\r\n", "\n"),
                function=function,
            )
    for solution in read_solutions(HUMANEVAL):
        row = solution.row
        yield Prompt(
            name=solution.task,
            text=f"Complete this function:\n\n{_fenced(row['prompt'])}",
            reference={key: row[key] for key in ("prompt", "test", "entry_point")}
            | {"limits": _LIMITS},
            right=row["prompt"] + row["canonical_solution"],
            function=row["entry_point"],
        )


def _called_function(test: str) -> str:
    """Return the name that an assert calls first; "" if it is not plain."""
    match ast.parse(test).body:
        case [ast.Assert(test=ast.Compare(left=ast.Call(func=ast.Name(id=name))))]:
            return name
    return ""


def _programs() -> Iterator[Prompt]:
    """Yield prompts whose solutions read stdin or are called, with one right solution each."""
    for dataset in ("kodsport", "quixbugs"):
        path = REPOSITORY / "tests" / "known" / "data" / f"{dataset}.jsonl"
        seen: set[str] = set()
        for solution in read_dataset(path):
            sample: dict[str, Any] = dict(solution.sample)
            reference = sample["reference_answer"]
            key = json.dumps(reference)
            is_right = "/accepted/" in solution.name or solution.name.endswith("/correct")
            if is_right and key not in seen and len(key) <= _REFERENCE_BYTES_MAX:
                seen.add(key)
                cases = reference.get("tests", {})
                yield Prompt(
                    name=solution.name.rsplit("/", 1)[0],
                    text=sample["messages"][0]["content"],
                    reference=reference | {"limits": _LIMITS | {"cpu_seconds": 2.0}},
                    right=_program_in(sample["messages"][-1]["content"]),
                    function=cases.get("entry_point", "") if isinstance(cases, dict) else "",
                )


def _program_in(completion: str) -> str:
    return completion.strip().removeprefix("```python").removesuffix("```").strip()


def main() -> None:
    """Write the samples to standard output."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("count", type=int)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    for sample in samples(options.count, seed=options.seed):
        sys.stdout.write(json.dumps(sample) + "\n")


if __name__ == "__main__":
    main()
