"""What runs before a program: in its namespace, without a trace in its lines."""

from collections.abc import Callable

import pytest

from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.sandbox.remote.executor import RemoteExecutor
from nova_code_verifier.sandbox.remote.request import read_request
from nova_code_verifier.sandbox.remote.response import RunResponse, write_response
from nova_code_verifier.sandbox.types import Call, Ending, Execution, Executor, Job, Run
from nova_code_verifier.verifier.checking.answers import with_value

TAGGED = "import heapq\nnumber = 3\n"


@pytest.fixture(params=["local", "remote"])
def prelude_executor(request: pytest.FixtureRequest, executor: LocalExecutor) -> Executor:
    """Return an executor of this machine, or one that sends all jobs to it as bytes."""
    if request.param == "local":
        return executor

    def invoke(payload: bytes) -> bytes:
        jobs = read_request(payload).jobs
        executions = dict(executor.run(jobs))
        results = tuple(executions[index] for index in range(len(jobs)))
        return write_response(RunResponse(level=executor.level, results=results), jobs)

    def refuse(modules: tuple[str, ...]) -> LocalExecutor:
        raise NotImplementedError(modules)

    return RemoteExecutor(invoke, refuse, concurrency=1)


@pytest.fixture
def run(prelude_executor: Executor) -> Callable[..., Execution]:
    """Return a function that runs a program after a prelude."""

    def run_program(program: str, prelude: str = TAGGED) -> Execution:
        job = Job(program=program, prelude=prelude, questions=(Run(),))
        [(_, (execution,))] = prelude_executor.run([job])
        return execution

    return run_program


@pytest.fixture
def call(prelude_executor: Executor) -> Callable[..., Execution]:
    """Return a function that calls `f()` of a program after a prelude."""

    def call_program(program: str, prelude: str = TAGGED) -> Execution:
        job = Job(program=program, prelude=prelude, questions=(Call(entry_point="f"),))
        [(_, (execution,))] = prelude_executor.run([job])
        return with_value(execution)

    return call_program


def test_a_program_finds_the_names_of_its_prelude(
    run: Callable[..., Execution], call: Callable[..., Execution]
) -> None:
    """Both kinds of programs run in the namespace that the prelude filled."""
    assert run("print(number, heapq.heappop([1]))").stdout == b"3 1\n"
    assert call("def f(): return number + heapq.heappop([1])").value == 4


def test_a_program_without_a_prelude_finds_none(run: Callable[..., Execution]) -> None:
    """A prelude belongs to one job: the next guest has nothing of it."""
    assert run("print(number)").exit_status == 0
    assert run("print(number)", prelude="").exit_status == 1


def test_line_numbers_stay_the_program_s_own(run: Callable[..., Execution]) -> None:
    """A traceback names the line of the program, and shows its text where the program prints it."""
    raising = "import traceback\ntry:\n    1 / 0  # here\nexcept ArithmeticError:\n    "
    prelude = "\n" * 50 + TAGGED
    stderr = run(raising + "raise", prelude).stderr

    assert b'File "solution.py", line 3, in <module>\n' in stderr
    assert b"main.py" not in stderr
    assert b"1 / 0  # here\n" in run(raising + "traceback.print_exc()", prelude).stderr


PROGRAMS = {
    "source": (
        "import inspect\ndef f():\n    return inspect.getsource(f)\n",
        "def f():\n    return inspect.getsource(f)\n",
    ),
    "docstring": ('"""The docstring."""\ndef f(): return __doc__\n', "The docstring."),
    "no docstring": ("def f(): return __doc__\n", None),
    "future": (
        "from __future__ import annotations\ndef f(x: none = 1): return f.__annotations__['x']\n",
        "none",
    ),
    "own name": ("number = 4\ndef f(): return number\n", 4),
    "star import": ("from math import *\ndef f(): return pow(2, 2)\n", 4.0),
    "name": ("def f(): return __name__\n", "solution"),
    "first line": ("def f(): return f.__code__.co_firstlineno\n", 1),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_does_not_notice_its_prelude(name: str, call: Callable[..., Execution]) -> None:
    """Source, docstring, future statements and own names are the program's."""
    program, value = PROGRAMS[name]

    assert call(program, prelude='"""Another docstring."""\n' + TAGGED).value == value


def test_a_failing_prelude_ends_the_program(
    run: Callable[..., Execution], call: Callable[..., Execution]
) -> None:
    """No line of the program runs after a prelude that raises."""
    raised = run("print(1)", prelude="import nonesuch")
    not_loaded = call("def f(): return 1", prelude="import nonesuch")

    assert (raised.exit_status, raised.stdout) == (1, b"")
    assert not_loaded.ending is Ending.NOT_LOADED
    assert raised.error == not_loaded.error


def test_an_error_of_syntax_comes_first(call: Callable[..., Execution]) -> None:
    """A program that cannot be compiled is reported as that, whatever its prelude does."""
    assert call("def f(:", prelude="import nonesuch").ending is Ending.NOT_COMPILED


def test_any_characters_reach_the_guest(run: Callable[..., Execution]) -> None:
    """Prelude and program are divided where they should be, also after characters of many bytes."""
    execution = run("print(len(text), '値')", prelude="text = '売上高'\n")

    assert execution.stdout.decode() == "3 値\n"
