"""Find the libraries that programs import and the sandbox has not.

In: programs, an executor. Out: names of modules. The sandbox itself is asked, because it may find
other libraries than this process.
"""

import ast
import sys
from collections.abc import Iterable

from nova_code_verifier.sandbox.types import Ending, Executor, Job, Limits, Run
from nova_code_verifier.verifier.syntax import read_python

_PROBE = """
import importlib.util, sys
for name in sys.stdin.read().split():
    try:
        found = importlib.util.find_spec(name) is not None
    except Exception:
        found = False
    print(name, int(found))
"""


def imported_modules(programs: Iterable[str]) -> frozenset[str]:
    """Return the modules outside the standard library that *programs* import."""
    names = set()
    for program in programs:
        tree = read_python(program)
        for node in ast.walk(tree) if tree else ():
            match node:
                case ast.Import(names=aliases):
                    names |= {alias.name.partition(".")[0] for alias in aliases}
                case ast.ImportFrom(module=str(module), level=0):
                    names.add(module.partition(".")[0])
    return frozenset(names - sys.stdlib_module_names)


class Libraries:
    """Knows which modules programs find in the sandbox. It asks for each module once."""

    def __init__(self, executor: Executor) -> None:
        """Ask *executor*."""
        self._executor = executor
        self._found: dict[str, bool] = {}

    def missing(self, modules: Iterable[str]) -> list[str]:
        """Return which of *modules* the sandbox has not, sorted."""
        wanted = sorted(set(modules))
        unknown = [name for name in wanted if name not in self._found]
        if unknown:
            self._ask(unknown)
        return [name for name in wanted if self._found.get(name) is False]

    def _ask(self, names: list[str]) -> None:
        question = Run(stdin="\n".join(names).encode("utf-8", "replace"))
        jobs = [Job(program=_PROBE, questions=(question,), limits=Limits())]
        for _, (execution,) in self._executor.run(jobs):
            if execution.ending is Ending.FINISHED:
                lines = execution.stdout.decode("utf-8", "replace").splitlines()
                pairs = (line.rpartition(" ") for line in lines)
                self._found |= {name: found == "1" for name, _, found in pairs if name in names}
