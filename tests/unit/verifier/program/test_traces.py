"""Tests of `leaves_no_trace`."""

import pytest

from nova_code_verifier.verifier.program.traces import MAX_CHARS, leaves_no_trace

PLAIN = [
    "print(sum(map(int, input().split())))",
    "import sys\ninput = sys.stdin.readline\nn = int(input())\nsys.stdout.write(str(n))",
    "import sys\nsys.setrecursionlimit(10**6)\ndata = sys.stdin.buffer.read().split()\nsys.exit()",
    "data = open(0).read().split()",
    "from collections import *\nprint(Counter(input()).most_common(1), deque([1]))",
    "import collections as c\nd = c.defaultdict(c.Counter)\nd[1][2] += 1",
    "from collections import defaultdict, Counter\nd = defaultdict(Counter)",
    "import heapq\npush = heapq.heappush\npush([], 1)\nprint(heapq.nlargest(2, [1, 2, 3]))",
    "from functools import lru_cache\n@lru_cache(maxsize=None)\ndef f(n): return n\nprint(f(3))",
    "import functools\n@functools.cache\ndef f(n): return n",
    "from math import *\nprint(gcd(4, 6), pi)",
    "from decimal import *\ngetcontext().prec = 50\nprint(*map(Decimal, input().split()))",
    "from fractions import Fraction\nprint(isinstance(1, (int, Fraction)))",
    "from typing import List\nimport typing\ndef f(x: List[int]) -> typing.Dict[int, int]: ...",
    "import random\nrandom.seed(3)\nprint(random.randint(1, 6))",
    "import sys, io\nsys.stdin = io.StringIO('3')\nsys.stdout = io.StringIO()",
    (
        "class Node:\n  __slots__ = ('next', 'value')\n  def __init__(self, v): self.value = v\n"
        "a = Node(1)\na.next = Node(2)\nNode.count = 3\nprint(a.next.value)"
    ),
    "class P(Exception):\n  def __init__(self): super().__init__('x')",
    "class A:\n  def __hash__(self): return 1\n  def __eq__(self, o): return True\nprint({A()})",
    "print('{:.2f} {x:>{w}}'.format(1.5, x=3, w=4), f'{3!r:>5}', '%d' % 3)",
    (
        "def main():\n  try:\n    print(int(input()))\n  except (ValueError, EOFError) as e:\n"
        "    print(e.args)\nif __name__ == '__main__':\n  main()"
    ),
    "if type(3) is int or type([]) == list: exit()",
    "match input().split():\n  case ['a', *r]: print(r)\n  case [x, 'b'] | [x, 'c']: print(x)",
    "from __future__ import annotations\nprint(1)",
    "import re\nprint(re.sub('a+', lambda m: m.group(0)[0], input()))",
    "def f():\n  x = yield 1\n  return x\ng = f()\nnext(g)\ng.send(3)",
]


@pytest.mark.parametrize("program", PLAIN)
def test_what_contest_programs_do_leaves_no_trace(program: str) -> None:
    """Usual programs qualify."""
    assert leaves_no_trace(program)


TRACES = [
    "import random\nrandom.seed()\nprint(random.random())",
    "import random\nrandom.seed(None)\nprint(random.random())",
    "import random\nrandom.seed(int(input()) or None)",
    "from random import seed\nrenew = seed\nrenew()",
    "from random import Random\nprint(Random().random())",
    "import random\nprint(random.Random(3).random())",
    # Modules, and what is in them.
    "import math\nmath.x = 1",
    "import sys\nsys.x = 1",
    "import sys\nprint(sys.modules)",
    "import sys\nm = sys",
    "import sys\nprint(sys)",
    "import sys\nsys.setrecursionlimit.n = 1",
    "import sys\nf = sys.setrecursionlimit\nf.n = 1",
    "import sys\nfor sys.maxsize in [1]: pass",
    "import sys\ndel sys.stdin",
    "import sys\ndef f(m=sys): pass",
    "import math as m\n(x := m).y = 1",
    "import os", "import threading", "import time", "import ctypes", "import gc", "import atexit",
    "import numpy", "import signal", "import builtins", "import __main__", "import importlib",
    "import os.path", "import collections.abc", "from . import x", "from os import *",
    "class A:\n  import sys\nA.sys.x = 1",
    "class A:\n  if 1:\n    from collections import Counter\nA.Counter.x = 1",
    # Classes and functions of the library that can be changed.
    "from collections import Counter\nCounter.x = 1",
    "import collections\ncollections.Counter.x = 1",
    "from collections import Counter\nC = Counter",
    "from collections import Counter\n[Counter][0].x = 1",
    "from collections import Counter\ndef f(c): c.x = 1\nf(Counter)",
    "from collections import Counter\ndef map(c, d): c.x = 1\nmap(Counter, [])",
    "from collections import Counter\nfrom re import sub as map\nmap(Counter, [])",
    ("from collections import Counter\nclass D:\n  def defaultdict(self, c): c.x = 1\n"
    "D().defaultdict(Counter)"),
    "from collections import Counter, defaultdict\ndefaultdict(Counter).default_factory.x = 1",
    "from collections import Counter\nclass D: pass\nd = D()\nd.map = lambda c: c\nd.map(Counter)",
    ("from collections import Counter\nclass D: pass\nD.defaultdict = lambda c: c\n"
    "D.defaultdict(Counter).x = 1"),
    ("from collections import Counter\nclass E:\n  def __eq__(self, o): o.x = 1\n"
    "type(Counter()) == E()"),
    ("from collections import Counter\nclass E:\n  def __eq__(self, o): o.x = 1\n"
    "type(Counter()) in [E()]"),
    "class E:\n  def __eq__(self, o): o.x = 1\nint = E()\ntype(3) == int",
    "import functools\nfunctools.wraps(print).func.x = 1",
    "from collections import Counter\ntype(Counter()).x = 1",
    "from collections import Counter\nCounter().__class__.x = 1",
    "from collections import Counter\nclass C(Counter): pass\nC.mro()[1].x = 1",
    "from fractions import Fraction\nFraction.register(int)",
    "from functools import lru_cache\nlru_cache.n = 1",
    "from heapq import merge\nmerge.n = 1",
    "from typing import List\nG = List[int]\nG._inst = False",
    "from typing import List\ndef f(x: (y := List)): pass",
    "import decimal\ndecimal.DefaultContext.prec = 3",
    "import re\nre.purge()",
    "import re\nre._cache.clear()",
    "exit.n = 1",
    "x = exit",
    # Caches of the library, which meet the old objects again.
    ("import re\nclass S(str):\n  def __eq__(self, o): return 1\n  def __hash__(self): return 1\n"
    "re.sub('(a)', S('\\\\1'), 'a')"),
    "import datetime\nclass S(str): pass\ndatetime.datetime.strptime('1', S('%d'))",
    "from fractions import Fraction\nclass I(int): pass",
    "from typing import List\nclass A: pass\ndef f(x: List[A]): pass",
    # Code that would run when an object is freed.
    "def g():\n  try: yield\n  finally: print(1)",
    "def g():\n  with open(0) as f:\n    for line in f: yield line",
    "def g():\n  while True:\n    try:\n      yield 1\n    except BaseException: pass",
    ("class I:\n  def __iter__(self): return self\n  def __next__(self): return 1\n"
    "  def close(self): print(1)\ndef g(): yield from I()"),
    "import io\nclass S(io.StringIO):\n  def close(self): print(1)",
    "import io\nB = io.StringIO\nclass S(B): pass",
    "import sys\nsys.stdin.close = lambda: print(1)",
    "import sys\nsys.stdout.buffer.flush = lambda: print(1)",
    "f = open(0)\nf.close = lambda: print(1)",
    "license.x = 1",
    # Ways around names.
    "exec('x')", "eval('1')", "compile('1', '', 'eval')", "globals()", "locals()", "vars()",
    "setattr(print, 'x', 1)", "getattr(print, 'x')", "delattr(print, 'x')", "__import__('os')",
    "__builtins__.x = 1", "x = __builtins__", "__builtins__ = {}", "def __builtins__(): pass",
    "import math as __builtins__", "print.__self__.x = 1", "(lambda: 0).__globals__",
    "x = ().__class__.__base__.__subclasses__()", "id(3)", "hash(print)", "dir()", "help()",
    "open('file')", "open(1, 'w')", "open(False)", "f = open", "breakpoint()", "memoryview(b'')",
    "print('{0.__class__}'.format(3))", "print('{0[a]}'.format({}))", "x = '{}'.format",
    "print('{:{0.x}}'.format(3))", "str.format('{0.x}', 3)", "f = '{0.__class__}'\nf.format(3)",
    "print('{0.a}'.format_map({}))",
    "def f(): yield\nf().gi_frame.f_builtins['x'] = 1",
    "class A: gi_frame = 0\nfor x in (1 for _ in '1'): x.gi_frame.f_back",
    "try: pass\nexcept Exception as e: e.with_traceback(None)",
    "try: pass\nexcept Exception as e: e.__traceback__.tb_frame",
    "try: pass\nexcept AttributeError as e: e.obj.x = 1",
    "from operator import attrgetter", "from operator import methodcaller",
    # What outlives its `__main__`, or tells which run it is.
    "class A:\n  def __del__(self): print(1)",
    "class A(metaclass=type): pass",
    "class A:\n  def __init_subclass__(cls): pass",
    "class A:\n  def __getattr__(self, name): pass",
    "class A: pass\nprint({A(), A()})",
    "class A: pass\nprint(set([A()]))",
    "import array\nprint(array.array('b').buffer_info())",
    "import sys\nprint(sys.stdin.fileno())",
    "import sys\nsys.stderr.write('x')",
    "import datetime\nprint(datetime.datetime.now())",
    "import functools\nprint(functools.lru_cache.cache_info())",
    "async def f(): pass",
    # No program, or one that would take long to read.
    "print(", "x = 1\n" * MAX_CHARS, "(" * 500 + ")" * 500, "\0",
]  # fmt: skip


@pytest.mark.parametrize("program", TRACES)
def test_what_may_leave_a_trace_is_refused(program: str) -> None:
    """Programs that could change or observe what outlives a run do not qualify."""
    assert not leaves_no_trace(program)


def test_all_texts_of_a_program_count() -> None:
    """A prelude may leave a trace, too, and its imports are those of the program."""
    assert leaves_no_trace("import math\n", "print(math.pi)")
    assert not leaves_no_trace("import math\n", "math.pi = 3")
    assert not leaves_no_trace("import os\n", "print(1)")
