"""Fuzz what finds a program, or an answer in words, in the text of a model.

In: bytes that atheris generates. Out: nothing, or an exception that must not be, with the bytes
that caused it. An input that takes seconds ends the fuzzer (`-timeout=`). `make fuzz` runs this.
"""

import sys
from pathlib import Path
from typing import Any

import atheris  # type: ignore[import-untyped]  # no part of our environments

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.fuzz.shapes import make_text

with atheris.instrument_imports(include=["nova_code_verifier.verifier"]):
    from nova_code_verifier.verifier.pipeline import prepare
    from nova_code_verifier.verifier.program.traces import leaves_no_trace
    from nova_code_verifier.verifier.rubric import Rubric
    from nova_code_verifier.verifier.types import Sample

_PARTS = [
    "```", "```python\n", "\n```\n", "~~~", "~~~py\n", "````", "   ```", "> ```py\n", "- ```\n",
    "\n", "\r\n", "\t", "    ", " ", "<think>", "</think>", "<|im_end|>", "<|endoftext|>",
    "[/INST]", "<answer>", "</answer>", "<solution>", "</solution>", "\\boxed{", "}", "{",
    "def f(x):\n", "    return x\n", "class Solution:\n", "import os\n", "print(input())\n",
    "x = '''", '"""', "'", "#", "\\", "\\\n", "f'{", "if __name__ == '__main__':\n", "@", "(",
    ")", "[", "]", "lambda: ", "async ", "await ", "match x:\n", "case _:\n", "1", "0x", "_",
    "\ufeff", "\x00", "\x0c", "é", "\ud800", "Here is the code:", "The answer is positive.",
    "ポジティブ", "eval(", "exec(", "None", "from __future__ import annotations\n", "try:\n",
    "except* E:\n", "type X = int\n", ":=", "...",
]  # fmt: skip


_RUBRIC = Rubric(solution_marks=True, boxed=True)


def _references(prompt: str) -> list[object]:
    """Return references of all kinds, and tasks that begin with *prompt*."""
    tests = {"test": "def check(candidate):\n    assert candidate(1) == 1\n", "entry_point": "f"}
    return [
        {"inputs": ["1\n", "2\n"], "outputs": ["1\n", "2\n"]},
        {"inputs": [[1], [2]], "outputs": [1, 2], "fn_name": "f", "starter_code": prompt},
        tests | {"prompt": prompt},
        "positive",
        {"task": "similarity", "text": "A text."},
    ]


def fuzz_one(data: bytes) -> None:
    """Read the input, or a text of parts that matter, as a completion."""
    some: Any = atheris.FuzzedDataProvider(data[1:])
    text = some.ConsumeUnicode(4096) if data[:1] < b"\x20" else make_text(some, _PARTS)
    prompt = make_text(some, _PARTS, 8) if data[:1] > b"\xc0" else "def f(x):\n"
    for reference in _references(prompt):
        prepared = prepare(Sample(completion=text, reference=reference), rubric=_RUBRIC)
        if prepared.candidate is not None:
            leaves_no_trace(prepared.candidate.program)


if __name__ == "__main__":
    atheris.Setup(sys.argv, fuzz_one)
    atheris.Fuzz()
