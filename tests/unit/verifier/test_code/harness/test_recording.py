"""Tests that are rewritten for a recorder mean the same where no answer is involved."""

import ast
import traceback
from textwrap import dedent

import pytest

from nova_code_verifier.verifier.test_code.harness import recording
from nova_code_verifier.verifier.test_code.harness.recorder import Recorder


def run(code: str) -> dict[str, object]:
    """Run a rewritten script, and return its names."""
    tree = ast.parse(dedent(code), "<tests>")
    recording.rewrite(tree)
    names = Recorder().names
    exec(compile(tree, "<tests>", "exec"), names)
    return names


CODES = {
    "operators": "n = 1\nr = [n is n, None is not None, 1 in [1], 2 not in [2], not 3, 1 < 2 < 3]",
    "functions": "r = [len('ab'), sorted({2, 1}), isinstance(1, int), type(1) is int, sum([1])]",
    "super": """
        class A:
            def __init__(self): self.a = 1
        class B(A):
            def __init__(self):
                super().__init__()
                self.__b = 2
        r = vars(B())
        """,
    "local names": "def g(a, b=len('ab')):\n    return sorted(locals())\nr = g(1)",
    "control flow": """
        r = []
        for n in range(5):
            if n == 1: continue
            if n == 4: break
            r.append(n)
        else:
            r.append('end')
        try: raise ValueError('x')
        except ValueError as error: r.append(str(error))
        finally: r.append('finally')
        """,
    "generators": """
        def g():
            try:
                yield 1
                yield 2
            finally:
                r.append('closed')
        r = []
        for n in g():
            r.append(n)
            break
        """,
    "coroutines": """
        import asyncio
        async def g(n):
            await asyncio.sleep(0)
            return n
        async def main():
            async with asyncio.timeout(5):
                return await asyncio.gather(g(1), g(2))
        r = asyncio.run(main())
        """,
    "a match": "match [1, -2]:\n    case [1, -2] if not 0: r = 'yes'\n    case _: r = 'no'",
    "a global name": "r = 0\ndef g():\n    global r\n    r = 5\ng()",
    "an assignment in an expression": "r = [y for x in range(3) if (y := x * 2) is not None]",
    "a docstring": "'''text'''\nfrom __future__ import annotations\nr = __doc__",
}


@pytest.mark.parametrize("code", CODES.values(), ids=CODES)
def test_a_rewritten_script_does_the_same(code: str) -> None:
    """It leaves the same result as the script itself."""
    plain: dict[str, object] = {}
    exec(compile(dedent(code), "<tests>", "exec"), plain)

    assert run(code)["r"] == plain["r"]


def test_lines_stay_as_they_are() -> None:
    """The traceback of an error names the line of the source."""
    with pytest.raises(ZeroDivisionError) as caught:
        run("x = 1\nif x:\n    assert x is not None\n    y = [\n        1 / 0]\n")

    assert traceback.extract_tb(caught.value.__traceback__)[-1].lineno == 5


def test_a_failed_assert_is_one() -> None:
    """An assert of the tests' own values still fails."""
    with pytest.raises(AssertionError, match="no"):
        run("assert 1 is None, 'no'")
