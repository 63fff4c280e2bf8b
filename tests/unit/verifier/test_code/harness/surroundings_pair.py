"""A script: run tests with pytest in one process and a program in another, as a session does.

Standard input is a JSON object: `program`, `tests`, `style`, `received`. Standard output ends with
a line of JSON: how many tests have passed and failed. The tests import functions of the program
from `solution`; a call carries plain JSON, and what surrounds it.
"""

import builtins
import io
import json
import os
import socket
import sys
import types
import unittest
from collections.abc import Callable
from typing import Any

import pytest

from nova_code_verifier.sandbox.guest import surroundings as guest
from nova_code_verifier.verifier.test_code.harness import surroundings as harness


def _serve(stream: Any, program: str, imports: list[list[str]]) -> None:
    module = types.ModuleType("solution")
    loader = types.SimpleNamespace(get_source=lambda _name: program)
    vars(module).update(__loader__=loader, __builtins__=builtins)
    sys.modules["solution"] = module
    around = guest.Surroundings(vars(module))
    around.install()
    exec(compile(program, "solution.py", "exec"), vars(module))
    guest.provide(vars(module), imports)
    for line in stream:
        name, arguments, sent = json.loads(line)
        around.apply(sent or {})
        answer: dict[str, object]
        try:
            answer = {"is": getattr(module, name)(*arguments)}
        except Exception as error:  # noqa: BLE001
            answer = {"raised": [type(error).__name__, str(error)]}
        stream.write(json.dumps([answer, around.collect()]) + "\n")
        stream.flush()


def _proxy(stream: Any, around: harness.Surroundings, name: str) -> Callable[..., object]:
    def call(*arguments: object) -> object:
        stream.write(json.dumps([name, arguments, around.to_send()]) + "\n")
        stream.flush()
        answer, received = json.loads(stream.readline())
        if received is not None:
            around.replay(received)
        if "raised" in answer:
            kind, text = answer["raised"]
            raise getattr(builtins, kind, Exception)(text)
        return answer["is"]

    return call


class _Counter:
    def __init__(self) -> None:
        self.passed, self.failed = 0, ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed += str(report.longrepr)
        elif report.when == "call":
            self.passed += 1


def _run_pytest(tests: str) -> dict[str, object]:
    with open("test_tests.py", "w", encoding="utf-8") as file:  # noqa: PTH123
        file.write(tests)
    counter, stdout = _Counter(), sys.stdout
    sys.stdout = io.StringIO()
    options = ["-p", "no:cacheprovider", "--rootdir=.", "-c", os.devnull, "--capture=sys"]
    pytest.main([*options, "test_tests.py"], plugins=[counter])
    sys.stdout = stdout
    return vars(counter)


def _run_unittest(tests: str) -> dict[str, object]:
    module = types.ModuleType("tests")
    exec(compile(tests, "tests.py", "exec"), vars(module))
    suite = unittest.defaultTestLoader.loadTestsFromModule(module)
    result = unittest.TestResult()
    suite.run(result)
    problems = "".join(text for _, text in [*result.errors, *result.failures])
    return {"passed": result.testsRun - len(result.errors + result.failures), "failed": problems}


def main() -> None:
    """Run one pair."""
    request = json.load(sys.stdin)
    ours, theirs = socket.socketpair()
    if os.fork() == 0:
        ours.close()
        _serve(theirs.makefile("rw", buffering=1), request["program"], request["imports"])
        os._exit(0)
    theirs.close()
    around = harness.Surroundings(request["tests"])
    stream = ours.makefile("rw")
    solution: Any = types.ModuleType("solution")
    solution.__getattr__ = lambda name: _proxy(stream, around, name)
    sys.modules["solution"] = solution
    run = _run_pytest if request["style"] == "pytest" else _run_unittest
    sys.stdout.write(json.dumps(run(request["tests"])) + "\n")


if __name__ == "__main__":
    main()
