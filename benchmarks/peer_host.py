"""Other graders, each in an interpreter of its own: `python peer_host.py NAME PROCESSES`.

In: a line of JSON for each round, a list of completions. Out: for each line, `[seconds, passed]`.
It needs the standard library alone, so that any interpreter can run it, and it is small, so that
its forks cost what theirs cost. None of them protects anything from a hostile program.

    naive       a new interpreter for each completion; for each of its cases, if it has any
    joined      human-eval, open-instruct: a process of `multiprocessing` executes the program
                and its tests, joined to one text
    streams     LiveCodeBench, verl's prime_code, open-instruct: a process of `multiprocessing`
                imports what programs use, writes the program anew from its syntax tree, and
                executes it once for each case, with streams replaced by `unittest.mock`
    floor       no grader that anybody uses, but what is left of the two before: a fork, the
                program, and a comparison
    evalplus    the package itself; inputs and tolerances are taken from HumanEval's tests, in
                place of a download
"""

import ast
import contextlib
import copy
import io
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from types import CodeType
from typing import Any
from unittest import mock

SECONDS = 10
Item = dict[str, Any]
Results = Any  # an array that both processes share
_FORK = multiprocessing.get_context("fork")


# -- a new interpreter -----------------------------------------------------------------


def run_naive(item: Item) -> bool:
    """Run a completion in new interpreters."""
    with tempfile.TemporaryDirectory() as directory:
        for name, text in item["files"].items():
            Path(directory, name).write_text(text, "utf-8", newline="")
        cases = item["cases"] or [("", None)]
        # All of them, also after a wrong one: partial credit needs that.
        results = [_interpreted(item, directory, case) for case in cases]
    return all(results)


def _interpreted(item: Item, directory: str, case: tuple[str, str | None]) -> bool:
    command = [sys.executable, *item["command"]]
    try:
        done = subprocess.run(
            command, input=case[0], capture_output=True, text=True,
            timeout=SECONDS, check=False, cwd=directory,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return False
    is_right = case[1] is None or done.stdout.split() == case[1].split()
    return done.returncode == 0 and is_right


# -- a child ---------------------------------------------------------------------------


def run_joined(item: Item) -> bool:
    """Execute program and tests in a child."""
    return all(_in_child(_execute_joined, item, 1))


def run_streams(item: Item) -> bool:
    """Execute all cases in one child."""
    return all(_in_child(_execute_cases, item, len(item["cases"])))


def _in_child(target: Callable[[Item, Results], None], item: Item, count: int) -> list[int]:
    results: Results = _FORK.Array("i", count)
    process = _FORK.Process(target=target, args=(item, results))
    process.start()
    process.join(SECONDS * count + 1)
    if process.is_alive():
        process.kill()
        process.join()
    return list(results[:])


def _execute_joined(item: Item, results: Results) -> None:
    sys.stdout = sys.stderr = io.StringIO()
    with contextlib.suppress(BaseException), _time_limit():
        exec(compile(item["joined"], "joined", "exec"), {"__name__": "__main__"})
        results[0] = 1


def _execute_cases(item: Item, results: Results) -> None:
    names: dict[str, object] = {}
    exec(_IMPORTS, names)
    code = compile(ast.unparse(ast.parse(item["program"])), "program", "exec")
    for index, (text, expected) in enumerate(item["cases"]):
        stdin = io.TextIOWrapper(io.BytesIO(text.encode()))
        sys.stdout = output = io.StringIO()
        with (
            mock.patch("builtins.open", mock.mock_open(read_data=text)),
            mock.patch("sys.stdin", stdin),
            mock.patch("sys.stdin.readline", iter(text.split("\n")).__next__),
            mock.patch("sys.stdin.readlines", partial(text.split, "\n")),
            mock.patch("sys.stdin.read", partial(str, text)),
        ):
            results[index] = _is_right(code, names | {"__name__": "__main__"}, output, expected)


def _is_right(code: CodeType, names: dict[str, Any], output: io.StringIO, expected: str) -> bool:
    try:
        with _time_limit(), contextlib.suppress(SystemExit):
            exec(code, names)
    except BaseException:  # noqa: BLE001  (whatever a candidate raises)
        return False
    return output.getvalue().split() == expected.split()


_IMPORTS = "".join(
    f"from {name} import *\nimport {name}\n"
    for name in (
        *("string", "re", "datetime", "collections", "heapq", "bisect", "copy", "math", "random"),
        *("statistics", "itertools", "functools", "operator", "io", "sys", "json", "typing"),
    )
) + "sys.setrecursionlimit(50000)\n"  # fmt: skip


@contextlib.contextmanager
def _time_limit() -> Iterator[None]:
    def stop(*_: object) -> None:
        raise TimeoutError

    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def run_floor(item: Item) -> bool:
    """Execute program and tests, or all cases, in a bare child."""
    pid = os.fork()
    if pid == 0:
        is_right = False
        try:
            is_right = _executes_bare(item)
        finally:
            os._exit(not is_right)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def _executes_bare(item: Item) -> bool:
    code = compile(item["joined"], "program", "exec")
    results = []
    for text, expected in item["cases"] or [("", "")]:
        sys.stdin = io.TextIOWrapper(io.BytesIO(text.encode()))
        sys.stdout = output = io.StringIO()
        results.append(_is_right(code, {"__name__": "__main__"}, output, expected))
    return all(results)


# -- evalplus --------------------------------------------------------------------------

_PROBLEMS: dict[str, Any] = {}


def run_evalplus(item: Item) -> bool:
    """Judge a completion as `evalplus.evaluate` does."""
    from evalplus.evaluate import check_correctness  # type: ignore[import-not-found]  # noqa: PLC0415

    problem, expected = item["problem"]
    result = check_correctness(
        "humaneval", 0, problem, item["program"], expected, base_only=True, fast_check=True
    )
    return bool(result["base"][0] == "pass")


def _evalplus_problem(row: dict[str, str]) -> tuple[Item, Item]:
    from evalplus.gen.util import trusted_exec  # type: ignore[import-not-found]  # noqa: PLC0415

    inputs: list[tuple[object, ...]] = []
    names: dict[str, Any] = {}
    name, solution = row["entry_point"], row["prompt"] + row["canonical_solution"]
    exec(solution + row["test"], names)

    def candidate(*arguments: object) -> object:
        inputs.append(copy.deepcopy(arguments))
        return names[name](*arguments)

    names["check"](candidate)
    outputs, seconds = trusted_exec(solution, inputs, name, record_time=True)
    atol = 1e-4 if name == "find_zero" else 0
    problem = {key: row[key] for key in ("task_id", "entry_point")}
    return problem | {"base_input": inputs, "atol": atol}, {"base": outputs, "base_time": seconds}


# -- the host --------------------------------------------------------------------------

_RUNNERS = {
    "naive": run_naive,
    "joined": run_joined,
    "streams": run_streams,
    "floor": run_floor,
    "evalplus": run_evalplus,
}


def _pool(name: str, processes: int) -> Executor:
    # A child of `multiprocessing` needs a parent with one thread only.
    return ThreadPoolExecutor(processes) if name == "naive" else ProcessPoolExecutor(processes)


def main() -> None:
    """Grade the completions of each line."""
    name, processes = sys.argv[1], int(sys.argv[2])
    with _pool(name, processes) as pool:
        list(pool.map(abs, range(processes)))
        for line in sys.stdin:
            items: list[Item] = json.loads(line)
            for item in items if name == "evalplus" else ():
                task = item["row"]["task_id"]
                if task not in _PROBLEMS:
                    _PROBLEMS[task] = _evalplus_problem(item["row"])
                item["problem"] = _PROBLEMS[task]
            started = time.perf_counter()
            passed = list(pool.map(_RUNNERS[name], items))
            print(json.dumps([time.perf_counter() - started, passed]), flush=True)


if __name__ == "__main__":
    main()
