r"""Ask a checker program of the dataset about outputs, and read what it says.

In: the source of a checker program, test cases and outputs. Out: a job with one question for each
output, and from each execution an `Opinion`. Each output is checked in a guest of its own, in which
no candidate ever runs. This module never sees a candidate's program, only what it printed.

| contract | dataset | how the program is asked |
|---|---|---|
| `argv` | open-r1/codeforces | run as `__main__` with the names of three files: input, |
| | (`generated_checker`) | expected output, observed output. It prints a score |
| `function` | HardTests | `output_judging_function(input_str, candidate_output,` |
| | | `reference_output)` returns True or False |

A score of 1 or of 100 accepts; any other number from 0 to 100 refuses, so there is no partial
credit within a case. Everything else is no opinion: a crash, a limit, another exit status than 0
with an accepting score, no number, two numbers. The files of `argv` are those that the checkers of
open-r1 were made for (guipenedo/piston, packages/codeforces/1.0.0/run): `\r\n` became `\n`, and
empty lines are left out of both outputs. The texts of `function` are unchanged; invalid UTF-8 in
an output is replaced.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, assert_never

from nova_code_verifier.sandbox.types import (
    NO_TOTAL_SECONDS,
    Ending,
    Execution,
    Executor,
    Job,
    Limits,
    Run,
)
from nova_code_verifier.verifier.types import (
    CheckerContract,
    CheckerProgram,
    FailureClass,
    StdioCase,
)

CHECKER_LIMITS = Limits(
    cpu_seconds=10.0,
    wall_seconds=30.0,
    memory_bytes=2**30,
    output_bytes=2**20,
    total_cpu_seconds=NO_TOTAL_SECONDS,
    total_wall_seconds=NO_TOTAL_SECONDS,
)
"""The limits of one check. A checker may also write as much as its biggest text."""

_FILES = ("input.txt", "correct_output.txt", "solution_output.txt")
# The texts arrive on stdin, one after the other; the arguments are their lengths.
_ARGV = """\
import sys
for name, size in zip({files!r}, sys.argv[1:]):
    with open(name, "wb") as file:
        file.write(sys.stdin.buffer.read(int(size)))
del name, size, file
sys.argv = ["checker.py", *{files!r}]
exec(compile({source!r}, "checker.py", "exec", dont_inherit=True), globals())
"""
# HardTests passes the texts by name. What the function prints is no verdict. float() refuses a
# tuple like (False, "reason"), which would be true.
_FUNCTION = """\
import contextlib, sys
_stdout, _sizes, sys.argv = sys.stdout, sys.argv[1:], ["checker.py"]
_names = ("input_str", "reference_output", "candidate_output")
_texts = {{
    name: sys.stdin.buffer.read(int(size)).decode("utf-8", "replace")
    for name, size in zip(_names, _sizes)
}}
with contextlib.redirect_stdout(sys.stderr):
    exec(compile({source!r}, "checker.py", "exec", dont_inherit=True), globals())
    _code = getattr(output_judging_function, "__code__", None)
    if _code and {{*_code.co_varnames[: _code.co_argcount]}} == {{*_names}}:
        _accepts = output_judging_function(**_texts)
    else:
        _stdin, _expected, _observed = map(_texts.get, _names)
        _accepts = output_judging_function(_stdin, _observed, _expected)
print(float(_accepts), file=_stdout)
"""
_EMPTY_LINES = re.compile(rb"\n{2,}")
_SCORE = re.compile(rb"\d{1,3}(?:\.\d{0,20})?")
_FULL_SCORES = (1.0, 100.0)
_MAX_SCORE = 100.0
_SHOWN_CHARACTERS = 200
# A right output is rarely so much longer than input and expected output. Others are not checked,
# because all outputs of a batch of samples wait in memory for their checks.
_OUTPUT_FACTOR, _OUTPUT_SPARE = 16, 2**18


class Check(NamedTuple):
    """An output that a checker is asked about, and its test case. Secret."""

    case: StdioCase
    output: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What a checker said about an output: whether it accepts it, or None if that is not known.

    `message` is for people. It may quote what was expected: secret. If the checker could
    not be asked, `failure` says why. It is *certain* unless a crash or a limit ended the checker.
    """

    accepts: bool | None
    message: str
    seconds: float = 0.0
    failure: FailureClass = FailureClass.NONE
    is_certain: bool = True


class CheckRequest(NamedTuple):
    """The checks to make by one checker, and the seconds for all of them."""

    program: CheckerProgram
    checks: Sequence[Check]
    total_seconds: float = NO_TOTAL_SECONDS


def ask_checkers(
    requests: Sequence[CheckRequest], executor: Executor
) -> Iterator[tuple[int, tuple[Opinion, ...]]]:
    """Ask each checker about its outputs; yield the index of each request with the opinions."""
    # A checker is trusted code that holds secrets: it runs where no candidate runs.
    trusted = executor.with_preloaded(())
    jobs = [check_job(request) for request in requests]
    for index, executions in trusted.run(jobs) if jobs else ():
        yield index, tuple(map(read_opinion, executions))


def check_job(request: CheckRequest) -> Job:
    """Return the job that asks a checker about outputs."""
    program, checks, total_seconds = request
    texts = [_texts(program, check) for check in checks]
    questions = [Run(stdin=b"".join(t), argv=tuple(str(len(text)) for text in t)) for t in texts]
    longest = max((len(text) for t in texts for text in t), default=0)
    limits = replace(
        CHECKER_LIMITS,
        output_bytes=CHECKER_LIMITS.output_bytes + longest,
        total_cpu_seconds=total_seconds,
        total_wall_seconds=total_seconds,
    )
    return Job(program=_main_program(program), questions=tuple(questions), limits=limits)


def read_opinion(execution: Execution) -> Opinion:
    """Read what a checker said about one output."""
    if execution.ending is Ending.NOT_RUN:
        return Opinion(accepts=None, message=execution.detail, failure=FailureClass.of(execution))
    printed = execution.stdout[: 4 * _SHOWN_CHARACTERS].strip()
    is_score = len(execution.stdout) <= len(printed) + _SHOWN_CHARACTERS
    score = float(printed) if is_score and _SCORE.fullmatch(printed) else None
    if execution.ending is not Ending.FINISHED or score is None or score > _MAX_SCORE:
        accepts = None
    elif score in _FULL_SCORES:
        accepts = True if execution.exit_status == 0 else None
    else:
        accepts = False
    message, seconds = _message(execution, printed), execution.wall_seconds
    is_certain = execution.ending is Ending.FINISHED
    return Opinion(accepts=accepts, message=message, seconds=seconds, is_certain=is_certain)


def longest_output(case: StdioCase) -> int:
    """Return how long an output may be, in bytes. A longer one is wrong."""
    return _OUTPUT_FACTOR * (len(case.stdin) + len(case.expected_stdout)) + _OUTPUT_SPARE


def is_expected(case: StdioCase, output: bytes) -> bool:
    """Return whether an output is the expected one, apart from its line breaks and its end."""
    return _unix(output).rstrip() == _unix(encoded(case.expected_stdout)).rstrip()


def encoded(text: str) -> bytes:
    """Encode the text of a test case."""
    return text.encode("utf-8", "surrogatepass")


def _main_program(program: CheckerProgram) -> str:
    match program.contract:
        case CheckerContract.ARGV:
            return _ARGV.format(files=_FILES, source=program.source)
        case CheckerContract.FUNCTION:
            return _FUNCTION.format(source=program.source)
        case _:
            assert_never(program.contract)


def _texts(program: CheckerProgram, check: Check) -> tuple[bytes, bytes, bytes]:
    stdin, expected = encoded(check.case.stdin), encoded(check.case.expected_stdout)
    if program.contract is CheckerContract.FUNCTION:
        return stdin, expected, check.output
    return _unix(stdin), _without_empty_lines(expected), _without_empty_lines(check.output)


def _unix(text: bytes) -> bytes:
    return text.replace(b"\r\n", b"\n")


def _without_empty_lines(text: bytes) -> bytes:
    lines = _EMPTY_LINES.sub(b"\n", _unix(text)).strip(b"\n")
    return lines + b"\n" if lines else b""


def _message(execution: Execution, printed: bytes) -> str:
    error = execution.error
    facts = (
        "" if execution.ending is Ending.FINISHED else f"ended {execution.ending}",
        execution.detail,
        f"raised {error.type_name}: {error.message}" if error else "",
        f"exited with status {execution.exit_status}" if execution.exit_status else "",
        f"printed {_quoted(printed)}",
        f"wrote {_quoted(execution.stderr.strip())}" if execution.stderr and not error else "",
    )
    return f"the checker {', '.join(filter(None, facts))}"


def _quoted(text: bytes) -> str:
    """Quote the end of a text."""
    return ascii(text[-_SHOWN_CHARACTERS:].decode("utf-8", "replace")) if text else "nothing"
