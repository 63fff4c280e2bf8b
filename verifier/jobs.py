"""Build the job for the sandbox from a candidate and a test plan.

This is the only module that sees both a candidate and the test cases. A `Job` has no field for an
expected answer, so none can leak into the sandbox.
"""

from typing import assert_never

from nova_code_verifier.sandbox.types import Call, Job, Question, Run
from nova_code_verifier.verifier.errors import VerifierError
from nova_code_verifier.verifier.syntax import read_python
from nova_code_verifier.verifier.types import CallCase, Candidate, StdioCase, TestCase, TestPlan

# The depth that the sandbox's encoding carries, minus the list that holds the arguments.
ARGUMENT_DEPTH_MAX = 150


def job_for(candidate: Candidate, plan: TestPlan) -> Job:
    """Return the job that puts every question of the plan to the candidate's program.

    Raises VerifierError for arguments that are nested too deeply to be sent.
    """
    questions = tuple(_question(index, case) for index, case in enumerate(plan.cases))
    return Job(program=candidate.program, questions=questions, limits=plan.limits)


def program_with(prompt: str, candidate: Candidate) -> str:
    """Return the prompt, which may hold imports and helpers, followed by the candidate."""
    if not prompt.strip():
        return candidate.program
    lines = candidate.program.splitlines(keepends=True)
    # Python requires these before everything else.
    future = [line for line in lines if line.startswith("from __future__ import")]
    rest = "".join(line for line in lines if line not in future)
    between = "\n" if rest[:1] in (" ", "\t") else "\n\n"
    return "".join(future) + _closed(prompt, rest) + between + rest


def _closed(prompt: str, rest: str) -> str:
    """Return the prompt with a body for the function that it begins, unless *rest* is that body."""
    return (
        prompt if rest[:1] in (" ", "\t") or read_python(prompt) else f"{prompt.rstrip()}\n    pass"
    )


def _question(index: int, case: TestCase) -> Question:
    match case:
        case StdioCase():
            return Run(stdin=case.stdin.encode("utf-8", "surrogatepass"))
        case CallCase():
            if _is_too_deep(case.arguments):
                problem = f"found arguments nested more than {ARGUMENT_DEPTH_MAX} levels deep"
                raise VerifierError(f"tests.cases[{index}].args", problem)
            return Call(entry_point=case.entry_point, arguments=case.arguments)
        case _:
            assert_never(case)


def _is_too_deep(arguments: tuple[object, ...]) -> bool:
    level: list[object] = list(arguments)
    for _ in range(ARGUMENT_DEPTH_MAX):
        containers = [
            container.values() if isinstance(container, dict) else container
            for container in level
            if isinstance(container, dict | list)
        ]
        if not containers:
            return False
        level = [item for container in containers for item in container]
    return True
