"""From a candidate and a test plan to the job for the sandbox.

In: a candidate, a plan. Out: a `Job`, which has no field for an expected answer. This is
the only place that sees both sides and passes one on. Must not know: how a job is run.
"""

from typing import assert_never

from nova_code_verifier.sandbox.types import Call, Job, Question, Run
from nova_code_verifier.verifier.errors import VerifierError
from nova_code_verifier.verifier.syntax import read_python
from nova_code_verifier.verifier.types import CallCase, Candidate, StdioCase, TestCase, TestPlan

# What the sandbox's encoding carries, less the list that the arguments are in.
ARGUMENT_DEPTH_MAX = 150


def job_for(candidate: Candidate, plan: TestPlan) -> Job:
    """Put every question of the plan to the candidate's program.

    Raises VerifierError for arguments that are nested too deeply to be sent.
    """
    questions = tuple(_question(number, case) for number, case in enumerate(plan.cases))
    return Job(program=candidate.program, questions=questions, limits=plan.limits)


def program_with(prompt: str, candidate: Candidate) -> str:
    """Put a candidate behind the prompt that it completes, which may hold what it needs."""
    if not prompt.strip():
        return candidate.program
    lines = candidate.program.splitlines(keepends=True)
    # Python wants these before everything else.
    future = [line for line in lines if line.startswith("from __future__ import")]
    rest = "".join(line for line in lines if line not in future)
    between = "\n" if rest[:1] in (" ", "\t") else "\n\n"
    return "".join(future) + _closed(prompt, rest) + between + rest


def _closed(prompt: str, rest: str) -> str:
    """Give the function that a prompt begins a body, unless *rest* is its body."""
    return (
        prompt if rest[:1] in (" ", "\t") or read_python(prompt) else f"{prompt.rstrip()}\n    pass"
    )


def _question(number: int, case: TestCase) -> Question:
    match case:
        case StdioCase():
            return Run(stdin=case.stdin.encode("utf-8", "surrogatepass"))
        case CallCase():
            if is_deeper_than(ARGUMENT_DEPTH_MAX, list(case.arguments)):
                problem = f"found arguments nested more than {ARGUMENT_DEPTH_MAX} levels deep"
                raise VerifierError(f"tests.cases[{number}].args", problem)
            return Call(entry_point=case.entry_point, arguments=case.arguments)
        case _:
            assert_never(case)


def is_deeper_than(depth: int, value: object) -> bool:
    """Return whether dicts and lists in *value* are nested more than *depth* levels deep.

    Walk level by level: a recursive walk of a deep value is the crash that callers want to avoid.
    """
    level = [value]
    for _ in range(depth + 1):
        boxes = [item for item in level if isinstance(item, dict | list)]
        if not boxes:
            return False
        contents = (box.values() if isinstance(box, dict) else box for box in boxes)
        level = [item for items in contents for item in items]
    return True
