"""Fixtures for tests that run test code in real guests."""

import sys
from collections.abc import Callable, Iterator
from textwrap import dedent

import pytest

from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.sandbox.types import Limits
from nova_code_verifier.verifier.test_code.discovery import DiscoveryCache
from nova_code_verifier.verifier.test_code.grading import TestCodeRun, grade_all
from nova_code_verifier.verifier.types import CodePlan, TestCode


@pytest.fixture(autouse=True)
def _own_main(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give this process its main module back: a harness puts the tests' in its place."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.fixture(scope="module")
def executor() -> Iterator[LocalExecutor]:
    """Keep one worker warm for the tests of a module, and one for harnesses of each kind."""
    with LocalExecutor(workers=1) as executor:
        yield executor


@pytest.fixture
def run_test_code(executor: LocalExecutor) -> Callable[[str, str], TestCodeRun]:
    """Return a function that runs a program with test code, and returns the run."""

    def run(program: str, code: str) -> TestCodeRun:
        plan = CodePlan(test_code=TestCode(source=dedent(code)), limits=Limits(cpu_seconds=2.0))
        test_code_run = TestCodeRun(program=dedent(program), plan=plan)
        list(grade_all([test_code_run], executor, DiscoveryCache()))
        assert test_code_run.problem == ""
        return test_code_run

    return run
