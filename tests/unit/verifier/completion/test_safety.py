"""What a program reaches for, by its text."""

import ast
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nova_code_verifier.verifier.completion.safety import find_risks, safety_of
from nova_code_verifier.verifier.pipeline import PreparedSample, conclude, prepare
from nova_code_verifier.verifier.rubric import Policy, Rubric
from nova_code_verifier.verifier.syntax import read_python
from nova_code_verifier.verifier.types import Sample, Severity, Verdict
from tests.known.published import HUMANEVAL, read_solutions

SEVERE, MILD = Severity.SEVERE, Severity.MILD


@pytest.mark.parametrize(
    ("program", "name", "line", "severity"),
    [
        ("import os\nos.system('ls')", "os.system", 2, SEVERE),
        ("import os as o\nx = [o.fork() for _ in 'a']", "os.fork", 2, SEVERE),
        ("from os import remove as r\nr('x')", "os.remove", 1, SEVERE),
        ("import subprocess", "subprocess", 1, SEVERE),
        ("from subprocess import run", "subprocess", 1, SEVERE),
        ("def f():\n    import socket", "socket", 2, SEVERE),
        ("import http.client", "http.client", 1, SEVERE),
        ("from urllib import request", "urllib.request", 1, SEVERE),
        ("import urllib.request", "urllib.request", 1, SEVERE),
        ("import shutil\nshutil.rmtree('/')", "shutil.rmtree", 2, SEVERE),
        ("import ctypes.util", "ctypes.util", 1, SEVERE),
        ("import gc", "gc", 1, SEVERE),
        ("import sys\nsys._getframe(1)", "sys._getframe", 2, SEVERE),
        ("try: 1/0\nexcept Exception as e: e.__traceback__.tb_frame", "tb_frame", 2, SEVERE),
        ("().__class__.__subclasses__()", "__subclasses__", 1, SEVERE),
        ("async def f():\n    async with x: y += eval('1')", "eval", 2, MILD),
        ("match x:\n    case 1: exec('')", "exec", 2, MILD),
        ("a.b += __import__('os')", "__import__", 1, MILD),
        ("x" + " + x" * 50_000, "program", 0, SEVERE),
        ("from os import *\nsystem('ls')", "os.*", 1, SEVERE),
        ("import posix", "posix", 1, SEVERE),
        ("def f(): os.system('x')\nimport os", "os.system", 1, SEVERE),
        ("import os\no = os\no.system('x')", "os.system", 3, SEVERE),
        ("import os\n(o := os).system('x')", "os.system", 2, SEVERE),
        ("import os, sys\na, b = os, sys\na.system('x')", "os.system", 3, SEVERE),
        ("import os\no: object = os\no.system('x')", "os.system", 3, SEVERE),
        ("import os\ngetattr(os, 'system')('x')", "os.system", 2, SEVERE),
        ("import sys\nsys.modules['os'].system('x')", "os.system", 2, SEVERE),
        ("import sys\nsys.modules['gc']", "gc", 2, SEVERE),
        ("import socketserver", "socketserver", 1, SEVERE),
        ("from xmlrpc.client import ServerProxy", "xmlrpc.client", 1, SEVERE),
        (
            "import asyncio\nasyncio.create_subprocess_shell('x')",
            "asyncio.create_subprocess_shell",
            2,
            SEVERE,
        ),
        (
            "from concurrent import futures as f\nf.ProcessPoolExecutor()",
            "concurrent.futures.ProcessPoolExecutor",
            2,
            SEVERE,
        ),
        ("import pathlib\npathlib.Path('x').unlink()", "unlink", 2, SEVERE),
        ("from pathlib import Path\nfor p in Path().iterdir(): p.rmdir()", "rmdir", 2, SEVERE),
        ("from pathlib import Path as P\nP.unlink(P())", "pathlib.Path.unlink", 2, SEVERE),
        ("import os, pathlib\nos.unlink('x')", "os.unlink", 2, SEVERE),
        ("import builtins\nbuiltins.exec('1')", "builtins.exec", 2, MILD),
        ("import builtins\ngetattr(builtins, 'exec')('1')", "builtins.exec", 2, MILD),
        ("__builtins__.eval('1')", "builtins.eval", 1, MILD),
        ("e = eval\ne('1')", "eval", 1, MILD),
        ("(e := eval)('1')", "eval", 1, MILD),
        ("list(map(eval, input().split()))", "eval", 1, MILD),
        ("class Tree:\n    def eval(self):\n        return eval('1')", "eval", 3, MILD),
        ("import importlib\nimportlib.import_module('math')", "importlib.import_module", 2, MILD),
        ("from importlib import import_module as i\ni('math')", "importlib.import_module", 1, MILD),
        ("import runpy\nrunpy.run_path('x')", "runpy", 1, MILD),
        ("from code import interact", "code", 1, MILD),
        ("x=" + "+".join("1" * 930) + "\nimport os\nos.system('x')", "os.system", 3, SEVERE),
    ],
)
def test_risks_are_found_with_name_line_and_severity(
    program: str, name: str, line: int, severity: Severity
) -> None:
    """Each risk is found with its name, line and severity."""
    (finding,) = find_risks(program)

    assert (finding.name, finding.line, finding.severity) == (name, line, severity)
    assert finding.reason


MODERN = """
from __future__ import annotations
import asyncio, dataclasses, os, sys
from collections import deque as d

@dataclasses.dataclass
class _Private[T]:
    __slots__ = ("_x",)
    _x: int = 0
    async def _run(self, *, n: int = 1, **kw: T) -> list[int] | None:
        async with asyncio.Lock() as lock:
            return [await y async for y in self._items(n) if (z := y) > 0]
    def area(self):
        match self:
            case _Private(_x=0) | None: return f"{self._x!r:>{10}}"
            case {"a": [1, *rest], **others}: return rest
        self._x += 1
        del self._x
        global g
        g = lambda *a, **k: (yield)

if __name__ == "__main__":
    sys.setrecursionlimit(10**6)
    print(os.path.join("a", "b"), sys.stdin.read(), *d(), sep="", end="")
    try: ...
    except* ValueError: raise
"""


@pytest.mark.parametrize(
    ("program", "names"),
    [
        ("__import__('subprocess').run('x')", {"__import__", "subprocess"}),
        ("import importlib as i\ni.import_module('os').system('x')",
         {"importlib.import_module", "os.system"}),
        ("from importlib import import_module\nm = import_module('os')\nm.fork()",
         {"importlib.import_module", "os.fork"}),
    ],
)  # fmt: skip
def test_a_module_imported_by_a_string_is_found(program: str, names: set[str]) -> None:
    """A risky module that is imported by its name in a string is a finding, too."""
    assert {finding.name for finding in find_risks(program)} == names


@pytest.mark.parametrize(
    "program",
    [
        "def eval(tree): return tree\nprint(eval(1))",
        "from re import compile\ncompile('x').match('x')",
        "import re\nexec = re.compile('x')\nexec.match('x')",
        "def run(compile): return compile(1)",
        "class Node:\n    def unlink(self): ...\nimport pathlib\nNode().unlink()",
        "class Node:\n    def unlink(self): ...\nNode().unlink()",
        "node.unlink()",
        "code = 'x'\ncode.strip()",
        "from .socket import x\nfrom . import gc",
        "import asyncio\nasync def f(): await asyncio.sleep(0)\nasyncio.run(f())",
        "from concurrent.futures import ThreadPoolExecutor\nThreadPoolExecutor().map(print, [])",
        "import sys\nsys.modules[__name__]; sys.modules['math']",
        "from pathlib import Path\nPath('x').read_text()",
        "import importlib.util, builtins\nbuiltins.print(1)",
        "import os\ngetattr(os, 'sep'); getattr(self, 'system')()",
        "def getattr(a, b): ...\nimport os\ngetattr(os, 'system')",
        "modules = {'os': 1}\nmodules['os'].system",
    ],
)  # fmt: skip
def test_harmless_namesakes_are_not_findings(program: str) -> None:
    """The program's own names and harmless neighbours of risky functions are not findings."""
    assert find_risks(program) == ()


def test_modern_python_is_not_a_finding() -> None:
    """Private names, annotations, match and async are not findings."""
    program = MODERN.replace("[T]", "").replace(": T", "")

    assert find_risks(program) == ()


def test_humaneval_solutions_have_no_findings() -> None:
    """The reference solutions of HumanEval have no findings."""
    accused = [
        solution.task
        for solution in read_solutions(HUMANEVAL)
        if any(
            finding.severity is SEVERE
            for finding in find_risks(solution.row["prompt"] + solution.row["canonical_solution"])
        )
    ]

    assert accused == []


def test_the_strict_policy_adds_the_rules_of_restricted_python() -> None:
    """The strict policy finds more than the default policy, and continues after a finding."""
    findings = find_risks("x._y\nasync def f(): pass\nz: int = 1\n", Policy.STRICT)

    assert [finding.line for finding in findings] == [1, 2, 3]
    assert find_risks("x = 1 + 2\n", Policy.STRICT) == ()


@pytest.mark.parametrize(
    "program",
    ["import os, subprocess; os.system('x')", "import gc", "eval('1')", "\n" * 9 + "import socket"],
)
def test_the_strict_policy_includes_the_default_policy(program: str) -> None:
    """Every severe finding of the default policy is a finding of the strict policy."""
    strict = find_risks(program, Policy.STRICT)

    assert set(strict) >= set(find_risks(program))


def test_the_strict_policy_can_be_enforced() -> None:
    """An enforced strict policy refuses a program that uses the network."""
    stopped = conclude(
        prepared("import socket\nprint(1)", Rubric(policy=Policy.STRICT, enforce=True))
    )

    assert stopped.verdict is Verdict.SECURITY_VIOLATION


def test_findings_lower_the_safety() -> None:
    """A mild finding costs a quarter; a severe finding costs all."""
    mild = find_risks("eval('1')\nexec('2')")

    assert safety_of(()) == 1.0
    assert safety_of(mild) == 0.5
    assert safety_of(mild * 5) == 0.0
    assert safety_of((*mild, *find_risks("import socket"))) == 0.0


@pytest.mark.parametrize("policy", Policy)
@given(
    program=st.one_of(
        st.text(),
        st.recursive(st.sampled_from(["x", "f(x)", "a.b"]), lambda inner: inner.map("({})".format)),
    )
)
def test_any_text_can_be_searched_for_risks(policy: Policy, program: str) -> None:
    """No text of a candidate raises an error."""
    assert 0.0 <= safety_of(find_risks(program, policy)) <= 1.0


@pytest.mark.parametrize("policy", Policy)
@pytest.mark.parametrize(
    "program", ["-" * 50_000 + "1", "(" * 90 + ")" * 90, "x" + ".a" * 40_000, "import gc\n" * 9_000]
)
def test_hostile_text_can_be_searched_for_risks(policy: Policy, program: str) -> None:
    """Deep and long programs raise no error."""
    assert len(find_risks(program, policy)) <= 200


def test_mild_findings_do_not_displace_a_severe_one() -> None:
    """A severe finding is kept after any number of mild ones."""
    findings = find_risks("eval('')\n" * 500 + "import socket")

    assert safety_of(findings) == 0.0


@pytest.mark.parametrize("policy", Policy)
def test_findings_do_not_depend_on_the_callers_stack(policy: Policy) -> None:
    """A deep stack of the caller changes no finding."""
    program = "x=" + "+".join("1" * 90) + "\nimport os\nos.system('x')\n"

    def ask(depth: int) -> tuple[object, ...]:
        return ask(depth - 1) if depth else find_risks(program, policy)

    assert ask(0) == ask(400)


def prepared(program: str, rubric: Rubric) -> PreparedSample:
    """Prepare a program for the sandbox."""
    reference = {"tests": {"kind": "stdio", "cases": [{"stdin": "", "stdout": "1"}]}}
    completion = f"```python\n{dedent(program)}\n```"
    return prepare(Sample(completion=completion, reference=reference), rubric=rubric)


def test_an_enforced_policy_refuses_a_program() -> None:
    """A severe finding is a violation and nothing runs; a mild one is not."""
    rubric = Rubric(enforce=True, lowest=-1.0)

    stopped = conclude(prepared("import socket\nprint(1)", rubric))

    assert (stopped.verdict, stopped.reward) == (Verdict.SECURITY_VIOLATION, -1.0)
    assert [finding.name for finding in stopped.findings] == ["socket"]
    assert prepared("print(eval('1'))", rubric).is_runnable


@pytest.mark.parametrize(
    ("program", "compile_"), [("import socket", 0.4), ("import socket\n" + "x" * 100_000, 0.2)]
)
def test_a_refused_program_is_described_but_not_paid(program: str, compile_: float) -> None:
    """Format, compile step and number of cases are reported, and the reward is the lowest."""
    stopped = conclude(prepared(program, Rubric(enforce=True, budget=50.0)))

    assert (stopped.compile, stopped.format, stopped.tests_total) == (compile_, 1.0, 1)
    assert (stopped.reward, stopped.correctness, stopped.safety) == (0.0, 0.0, 0.0)
    assert stopped.conciseness == (compile_ == 0.4)


def test_a_policy_that_is_not_enforced_blocks_nothing() -> None:
    """Without `enforce`, findings are reported and the program runs."""
    told = prepared("import socket\nprint(1)", Rubric())

    assert told.is_runnable
    assert [finding.name for finding in told.findings] == ["socket"]


@pytest.mark.timeout(20)  # quadratic work takes minutes
def test_a_long_chain_of_attributes_is_read_in_bounded_work() -> None:
    """Each link of a chain is resolved only as far as a known name can go."""
    chains = ("a" + ".b" * 1500 + "\n") * 32

    assert find_risks(chains) == ()


def test_parser_warnings_about_a_candidate_are_silent(capfd: pytest.CaptureFixture[str]) -> None:
    """Warnings about a candidate's text are not printed."""
    find_risks(r"x = '\d'")

    assert capfd.readouterr().err == ""


def test_what_a_prelude_imports_is_known_to_be_that() -> None:
    """A program that leaves an import to its prelude is read as if it had it itself."""
    program = "def f():\n    return sys._getframe()"

    (finding,) = find_risks(program, prelude="import sys\n")

    assert (finding.name, finding.line) == ("sys._getframe", 2)


def test_a_prelude_is_not_the_candidate_s_risk() -> None:
    """Only the program is read for risks; what its row runs before it is not its doing."""
    assert find_risks("x = 1", prelude="import socket\nimport os\nos.fork()\n") == ()


def test_the_strict_policy_changes_no_tree_of_others() -> None:
    """RestrictedPython rewrites what it reads, and other stages read the same program."""
    program = "print([x for x in (1, 2)])\n"
    before = ast.dump(read_python(program) or ast.Module([], []))

    find_risks(program, Policy.STRICT)

    assert ast.dump(read_python(program) or ast.Module([], [])) == before
