"""Build the job for the sandbox from a candidate and a test plan.

A `Job` has no field for an expected answer, so a candidate's job cannot leak one into the sandbox.
"""

import re
from dataclasses import replace
from functools import lru_cache

from nova_code_verifier.sandbox.types import Call, Job, Question, Run
from nova_code_verifier.verifier.errors import VerifierError
from nova_code_verifier.verifier.program.prelude import DEEP_RECURSION, imports_for
from nova_code_verifier.verifier.program.starter_code import complete, continued
from nova_code_verifier.verifier.syntax import read_python
from nova_code_verifier.verifier.types import (
    CallCase,
    Candidate,
    CodePlan,
    StdioCase,
    TestCase,
    TestPlan,
)

_METHOD = re.compile(r"\bSolution\(\)\.\w++")

# The depth that the sandbox's encoding carries, minus the list that holds the arguments.
ARGUMENT_DEPTH_MAX = 150


def job_for(candidate: Candidate, plan: TestPlan, *, prelude: str = "") -> Job:
    """Return the job that puts every question of the plan to the candidate's program.

    The *prelude* runs before the program. Raises VerifierError for arguments that are nested too
    deeply to be sent.
    """
    questions = questions_of(plan)
    return Job(program=candidate.program, questions=questions, limits=plan.limits, prelude=prelude)


def questions_of(plan: TestPlan) -> tuple[Question, ...]:
    """Return the questions of the plan's test cases. Raises VerifierError, as `job_for`."""
    return tuple(_question(index, case) for index, case in enumerate(plan.cases))


def completed(candidate: Candidate, plan: TestPlan | CodePlan) -> Candidate:
    """Return the candidate with the head of its class or function, if it leaves that out."""
    if isinstance(plan, TestPlan) and isinstance(plan.cases[0], StdioCase):
        return candidate
    text = complete(candidate.program, plan.setup.starter_code, _entry_point(plan))
    return replace(candidate, program=text)


def prelude_for(program: str, plan: TestPlan | CodePlan) -> str:
    """Return what runs before *program*: what its row states, or what judge sites run."""
    if plan.setup.prelude is not None:
        return plan.setup.prelude
    return DEEP_RECURSION + imports_for(program, entry_point=_entry_point(plan))


def _entry_point(plan: TestPlan | CodePlan) -> str:
    if isinstance(plan, CodePlan):
        called = _METHOD.search(plan.test_code.source)
        return plan.test_code.entry_point or (called[0] if called else "")
    first = plan.cases[0]
    return first.entry_point if isinstance(first, CallCase) else ""


def program_with(prompt: str, candidate: Candidate) -> str:
    """Return the prompt, which may hold imports and helpers, followed by the candidate."""
    if not prompt.strip():
        return candidate.program
    lines = candidate.program.splitlines(keepends=True)
    # Python requires these before everything else.
    future = [line for line in lines if line.startswith("from __future__ import")]
    rest = "".join(line for line in lines if line not in future)
    is_body = rest[:1] in (" ", "\t")
    if not is_body and (text := continued(prompt, rest)) is not None:
        return "".join(future) + text
    closed = prompt if is_body else _closed(prompt)
    return "".join(future) + closed + ("\n" if is_body else "\n\n") + rest


@lru_cache(maxsize=64)  # many completions have one prompt
def _closed(prompt: str) -> str:
    """Return *prompt* with a body for the function that it begins, if it begins one."""
    return prompt if read_python(prompt) else f"{prompt.rstrip()}\n    pass"


def _question(index: int, case: TestCase) -> Question:
    if isinstance(case, StdioCase):
        return Run(stdin=case.stdin.encode("utf-8", "surrogatepass"))
    if is_deeper_than(ARGUMENT_DEPTH_MAX, list(case.arguments)):
        problem = f"found arguments nested more than {ARGUMENT_DEPTH_MAX} levels deep"
        raise VerifierError(f"test case {index + 1}", problem)
    return Call(entry_point=case.entry_point, arguments=case.arguments)


def is_deeper_than(depth: int, value: object) -> bool:
    """Return whether dicts and lists in *value* are nested more than *depth* levels deep.

    Walk level by level: a recursive walk of a deep value is the crash that callers want to avoid.
    """
    level = [value]
    for _ in range(depth + 1):
        containers = [item for item in level if isinstance(item, dict | list)]
        if not containers:
            return False
        contents = (item.values() if isinstance(item, dict) else item for item in containers)
        level = [item for items in contents for item in items]
    return True
