"""Runs of test code with a candidate in the same process: a fork, which leaves no trace here."""

import json
import os
import types
import warnings
from collections.abc import Callable, Sequence
from textwrap import dedent
from typing import Any, cast

import pytest

from nova_code_verifier.verifier.test_code.harness import pytest_suite, unittest_suite
from nova_code_verifier.verifier.test_code.harness.candidates import Candidate
from nova_code_verifier.verifier.test_code.harness.run import TestRun
from nova_code_verifier.verifier.test_code.harness.runner import discover
from nova_code_verifier.verifier.test_code.protocol import (
    ItemState,
    RunReport,
    TestCodeFields,
    read_messages,
)

SUITES = (pytest_suite, unittest_suite)
"""What a harness loads before it is confined."""


class LocalCandidate(Candidate):
    """A program in this process, which notes what its functions raise and return.

    `names` may hold exceptions of `harness/candidates.py` that a function raises.
    """

    def __init__(self, program: str) -> None:
        """Load the program."""
        module = types.ModuleType("solution")
        exec(dedent(program), module.__dict__)
        self._names = module.__dict__
        for name, value in list(module.__dict__.items()):
            if isinstance(value, types.FunctionType):
                module.__dict__[name] = self._watched(value)

    def find(self, name: str) -> object:
        """Return what the program calls *name*."""
        return self._names[name] if name in self._names else super().find(name)

    def _watched(self, function: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object, **kwargs: object) -> object:
            if self.fatal is not None:
                raise self.fatal
            try:
                result = function(*args, **kwargs)
            except (Exception, SystemExit) as error:
                self.raised = error
                raise
            except BaseException as error:
                self.fatal = error
                raise
            self.has_nan |= result != result  # noqa: PLR0124  (nan alone differs from itself)
            return result

        return call

    def watch(self, module: types.ModuleType, *, is_own: bool) -> None:
        """Do nothing: there is no other process."""

    def begin_item(self, _name: str) -> None:
        """Forget what the item before has noted."""
        self.raised, self.has_nan = None, False


def in_fork(compute: Callable[[], list[Any]]) -> list[Any]:
    """Return what a function returns in a fork of this process: plain data."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        # What the pytest around this one has set.
        warnings.resetwarnings()
        pytest.mark._config = None
        try:
            data = json.dumps(["done", compute()])
        except BaseException as error:  # noqa: BLE001  (whatever it is, the parent raises it)
            data = json.dumps(["raised", repr(error)])
        with os.fdopen(writing, "w") as pipe:
            pipe.write(data)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        how, result = json.loads(pipe.read())
    os.waitpid(pid, 0)
    assert how == "done", result
    return cast("list[Any]", result)


def fields(code: str, **more: Any) -> TestCodeFields:
    """Make test code."""
    return cast("TestCodeFields", {"source": dedent(code), **more})


def discovered(code: str, **more: Any) -> RunReport:
    """Run tests without a candidate."""
    report = in_fork(lambda: list(discover(fields(code, **more))._replace(compiled=None)))
    return RunReport.parse(report)


def run_with(code: str, program: str, lost: Sequence[str] = (), **more: Any) -> list[bytes]:
    """Run tests with a program, and return the messages."""
    test_code = fields(code, **more)

    def run() -> list[str]:
        compiled = discover(test_code).compiled
        assert compiled is not None
        messages: list[str] = []
        test_run = TestRun(
            test_code,
            compiled,
            LocalCandidate(program),
            lost,
            report=lambda message: messages.append(message.decode()),
        )
        test_run.run()
        test_run.send_end()
        return messages

    return [message.encode() for message in in_fork(run)]


def graded(code: str, program: str, lost: Sequence[str] = (), **more: Any) -> RunReport:
    """Run tests with a program, and return what is reported."""
    return read_messages(run_with(code, program, lost, **more))


def states(report: RunReport) -> dict[str, ItemState]:
    """Return the state of each item."""
    return {item.name: item.state for item in report.items}
