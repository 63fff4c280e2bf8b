"""A guest behaves like a plain interpreter: both run each program, and must agree.

The tests compare the bytes on standard output, and the exit status as a shell reports it (128 plus
the number of the signal that ended the program). They compare nothing else.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.sandbox.types import Ending, Execution, IsolationLevel, Job, Run
from tests.conformance import surroundings

# Every guest has a fixed locale, time zone and hash seed.
ENVIRONMENT = {
    "LC_ALL": "C.UTF-8",
    "PATH": "/usr/bin:/bin",
    "PYTHONHASHSEED": "0",
    "PYTHONINTMAXSTRDIGITS": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
    "TZ": "UTC",
}
LINES = b"3 4\n5 6\n7 8\n"
NUMBERS = b"200000\n" + b" ".join(b"%d" % n for n in range(200_000)) + b"\n"

FAST_IO = """
import os, sys
from io import BytesIO, IOBase
BUFSIZE = 8192
class FastIO(IOBase):
    newlines = 0
    def __init__(self, file):
        self._fd = file.fileno()
        self.buffer = BytesIO()
        self.writable = "x" in file.mode or "r" not in file.mode
        self.write = self.buffer.write if self.writable else None
    def read(self):
        while True:
            b = os.read(self._fd, max(os.fstat(self._fd).st_size, BUFSIZE))
            if not b: break
            ptr = self.buffer.tell()
            self.buffer.seek(0, 2), self.buffer.write(b), self.buffer.seek(ptr)
        self.newlines = 0
        return self.buffer.read()
    def readline(self):
        while self.newlines == 0:
            b = os.read(self._fd, max(os.fstat(self._fd).st_size, BUFSIZE))
            self.newlines = b.count(b"\\n") + (not b)
            ptr = self.buffer.tell()
            self.buffer.seek(0, 2), self.buffer.write(b), self.buffer.seek(ptr)
        self.newlines -= 1
        return self.buffer.readline()
    def flush(self):
        if self.writable:
            os.write(self._fd, self.buffer.getvalue())
            self.buffer.truncate(0), self.buffer.seek(0)
class IOWrapper(IOBase):
    def __init__(self, file):
        self.buffer = FastIO(file)
        self.flush = self.buffer.flush
        self.writable = self.buffer.writable
        self.write = lambda s: self.buffer.write(s.encode("ascii"))
        self.read = lambda: self.buffer.read().decode("ascii")
        self.readline = lambda: self.buffer.readline().decode("ascii")
sys.stdin, sys.stdout = IOWrapper(sys.stdin), IOWrapper(sys.stdout)
input = lambda: sys.stdin.readline().rstrip("\\r\\n")
"""

INPUT = {
    "buffer": "import sys; print(sys.stdin.buffer.read())",
    "lines": "import sys\nfor line in sys.stdin: print(repr(line))",
    "input": "print(input()); print(repr(input())); print(input())",
    "past the end": "while True: print(input())",
    "past the end, caught": "try:\n  while True: input()\nexcept EOFError: print('end')",
    "read past the end": "import sys; print([sys.stdin.readline() for _ in range(5)])",
    "open(0)": "print(open(0).read().split())",
    "open(0) twice": "a = open(0, closefd=False).read(); print(a, open(0).read())",
    "open(0, 'rb')": "print(open(0, 'rb').readlines())",
    "/dev/stdin": "print(open('/dev/stdin').read())",
    "os.read": "import os; print(os.read(0, 5), os.read(0, 99), os.read(0, 1))",
    "os.read after input": "import os; print(input(), os.read(0, 99))",
    "readline, then os.read": "import os, sys; print(sys.stdin.readline(), os.read(0, 99))",
    "seek": "import sys; a = sys.stdin.read(); sys.stdin.seek(0); print(a == sys.stdin.read())",
    "tell": "import sys; print(sys.stdin.tell(), sys.stdin.readline(), sys.stdin.buffer.seek(2))",
    "seekable": "import sys; print(sys.stdin.seekable(), sys.stdin.isatty(), sys.stdin.fileno())",
    "size": "import os; print(os.fstat(0).st_size, os.lseek(0, 0, 1))",
    "mmap": "import mmap; print(mmap.mmap(0, 0, prot=mmap.PROT_READ)[:])",
    "fileinput": "import fileinput; print([line for line in fileinput.input()])",
    "reopened with other ends": "print(open(0, newline='').read().encode())",
    "reconfigured": "import sys; sys.stdin.reconfigure(encoding='latin-1'); print(input())",
    "FastIO": FAST_IO + "print(input() + '|' + sys.stdin.read())\nsys.stdout.flush()",
    "FastIO, flushed by the interpreter": FAST_IO + "sys.stdout.write(input())",
    "iter": "print(list(iter(input, '7 8')))",
    "map": "a, b = map(int, input().split()); print(a + b, *map(str.strip, open(0)))",
    "select": "import select, sys; print(bool(select.select([sys.stdin], [], [], 1)[0]))",
    "select.poll": "import select; p = select.poll(); p.register(0, 1); print(p.poll(9))",
    "asyncio executor": """
import asyncio, sys
async def main():
    print(await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline))
asyncio.run(main())
""",
    "mode": "import sys; i = sys.stdin; print(i.mode, i.name, i.encoding, i.errors)",
    "closed": "import sys; sys.stdin.close(); print(input())",
    "os.close": "import os; os.close(0); print(input())",
    "exhausted": "import sys; sys.stdin.read(); print(repr(sys.stdin.read()), input())",
}

ODD_INPUT = {
    "returns": (b"1 2\r\n3 4\r\n", "import sys; print(repr(input()), repr(sys.stdin.read()))"),
    "lone returns": (b"1\r2\r3", "print(repr(input()), repr(input()))"),
    "no bytes": (b"", "import sys; print(repr(sys.stdin.read())); print(input())"),
    "no last newline": (b"1\n2", "print(input(), input())"),
    "not UTF-8": (b"caf\xe9\n\xff\xfe\n", "print(ascii(input())); print(input())"),
    "not UTF-8, echoed": (b"\xff\x80x\n", "import sys; sys.stdout.write(sys.stdin.read())"),
    "surrogates echoed": (b"\xed\xa0\x80\n", "print(input())"),
    "zero bytes": (b"a\0b\0\n\0", "import sys; print(repr(sys.stdin.read()))"),
    "mark of order": (b"\xef\xbb\xbf1\n", "print(ascii(input()))"),
    "Japanese": ("日本語\n".encode(), "s = input(); print(s, len(s), s[::-1])"),
    "form feeds": (b"1\x0c2\x0b3\x1c4\xc2\x855\n", "print(input().split(), open(0).read())"),
    "10 MB": (b"0123456789abcde\n" * 655_360, "import sys; print(len(sys.stdin.read()))"),
    "10 MB by line": (b"0123456789abcde\n" * 655_360, "print(sum(len(s) for s in open(0)))"),
    "numbers": (NUMBERS, "input(); print(sum(map(int, input().split())))"),
    "a long line": (b"x" * 3_000_000, "print(len(input()))"),
    "an int of 10000 digits": (b"7" * 10_000, "n = int(input()); print(n % 997, n)"),
}

OUTPUT = {
    "buffer": "import sys; sys.stdout.buffer.write(b'\\xff\\0x'); print('after')",
    "buffer after print": "import sys; print('a'); sys.stdout.buffer.write(b'b\\n'); print('c')",
    "os.write": "import os; os.write(1, b'raw\\n')",
    "os.write before print": "import os; print('a'); os.write(1, b'b\\n'); print('c')",
    "flush": "import os; print('a', flush=True); os.write(1, b'b\\n'); print('c')",
    "open(1)": "f = open(1, 'w'); f.write('unclosed')",
    "open(1) and print": "print('a'); f = open(1, 'w', closefd=False); f.write('b'); print('c')",
    "/dev/stdout": "open('/dev/stdout', 'w').write('x')",
    "StringIO": "import io, sys; out, sys.stdout = sys.stdout, io.StringIO(); print('a')\n"
    "out.write(sys.stdout.getvalue())",
    "StringIO, forgotten": "import io, sys; sys.stdout = io.StringIO(); print('lost')",
    "redirect_stdout": "import contextlib, io\n"
    "with contextlib.redirect_stdout(io.StringIO()) as f: print('in')\nprint(f.getvalue())",
    "None": "import sys; sys.stdout = None; print('lost')",
    "write method": "import sys; w = sys.stdout.write; w('a'); w('b'); print(w('cde'))",
    "writelines": "import sys; sys.stdout.writelines(['a', 'b\\n'])",
    "line buffered": "import os, sys; sys.stdout.reconfigure(line_buffering=True); print('a')\n"
    "os.write(1, b'b\\n')",
    "wrapped": "import io, sys; sys.stdout = io.TextIOWrapper(open(1, 'wb'), 'utf-16'); print('x')",
    "detached": "import sys; b = sys.stdout.detach(); b.write(b'x'); b.flush()",
    "closed": "import sys; print('a'); sys.stdout.close()",
    "os.close": "import os; print('a'); os.close(1)",
    "dup": "import os; print('a'); fd = os.dup(1); os.write(fd, b'b')",
    "dup2 of stderr": "import os; print('a', flush=True); os.dup2(2, 1); print('b')",
    "1 MB without a newline": "print('x' * 2**20, end='')",
    "5 MB of lines": "for i in range(500_000): print('%09d' % i)",
    "large write": "import os; print(os.write(1, b'x' * 2**21) and '')",
    "surrogates": "print('before'); print('\\ud800')",
    "surrogates, escaped": "print('\\udcff')",
    "emoji": "print('\\U0001f600', 'ß', 'e\\u0301')",
    "print options": "print(1, 2, sep='|', end='!\\n'); print(*[]); print('', 'x', sep='')",
    "zero bytes": "print('a\\0b')",
    "an int of 10000 digits": "print(7 ** 12_000); print(int('9' * 10_000) + 1)",
    "warnings": "import warnings; warnings.warn('not here'); print('here')",
    "syntax warnings": "print('\\d' if 1 is 1 else 2)",
    "stderr": "import sys; print('not here', file=sys.stderr); print('here')",
    "logging": "import logging; logging.warning('not here'); print('here')",
    "traceback": "import traceback as t\ntry: 1 / 0\nexcept Exception: t.print_exc()\nprint('x')",
    "names": "import sys; print(sys.stdout.name, sys.stdout.mode, sys.stdout.encoding,"
    " sys.stdout.errors, sys.stdout.fileno(), sys.stdout.isatty(), sys.stdout.line_buffering)",
    "stderr's names": "import sys; print(sys.stderr.errors, sys.stderr.encoding,"
    " sys.stderr.line_buffering, sys.stderr.fileno())",
}

ENDS = {
    "sys.exit(0)": "import sys; print('x'); sys.exit(0)",
    "sys.exit()": "import sys; print('x'); sys.exit()",
    "sys.exit(None)": "import sys; sys.exit(None)",
    "sys.exit(3)": "import sys; sys.exit(3)",
    "sys.exit(text)": "import sys; sys.exit('text')",
    "sys.exit(True)": "import sys; sys.exit(True)",
    "sys.exit(300)": "import sys; sys.exit(300)",
    "sys.exit(-1)": "import sys; sys.exit(-1)",
    "sys.exit(2**70)": "import sys; sys.exit(2**70)",
    "sys.exit(1.5)": "import sys; sys.exit(1.5)",
    "sys.exit(tuple)": "import sys; sys.exit((1, 2))",
    "sys.exit(()) of many": "raise SystemExit(1, 2)",
    "exit()": "print('x'); exit()",
    "quit(4)": "quit(4)",
    "exit reads on": "import sys; exit(); print('no')",
    "raise SystemExit": "raise SystemExit",
    "raise SystemExit('x')": "raise SystemExit('x')",
    "SystemExit caught": "import sys\ntry: sys.exit(3)\nexcept SystemExit as e: print(e.code)",
    "exit in finally": "import sys\ntry: sys.exit(3)\nfinally: print('finally')",
    "a subclass of SystemExit": "class E(SystemExit): pass\nraise E(5)",
    "uncaught": "print('x'); 1 / 0",
    "uncaught in a function": "def f(): raise KeyError('x')\nf()",
    "KeyboardInterrupt": "print('x'); raise KeyboardInterrupt",
    "SIGINT": "import os, signal; print('x', flush=True); os.kill(os.getpid(), signal.SIGINT)",
    "SIGTERM": "import os, signal; print('x', flush=True); os.kill(os.getpid(), signal.SIGTERM)",
    "SIGPIPE default": "import signal; signal.signal(signal.SIGPIPE, signal.SIG_DFL); print('x')",
    "SIGALRM": "import signal; signal.setitimer(signal.ITIMER_REAL, 0.05); signal.pause()",
    "SIGALRM caught": "import signal; signal.signal(14, lambda *_: print('rang'))\n"
    "signal.setitimer(signal.ITIMER_REAL, 0.01); signal.pause()",
    "os._exit": "import os; print('lost'); os._exit(7)",
    "os._exit after a flush": "import os; print('x', flush=True); os._exit(7)",
    "os.abort": "import os; print('x', flush=True); os.abort()",
    "segmentation fault": "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
    "assert": "assert False, 'x'",
    "own excepthook": "import sys; sys.excepthook = lambda *e: print('hook', e[0].__name__); 1 / 0",
    "GeneratorExit": "raise GeneratorExit",
    "exception group": "raise ExceptionGroup('x', [ValueError(1), KeyError(2)])",
    "an exception that cannot be shown": "class E(Exception):\n"
    "    def __str__(self): raise ValueError\nprint('x')\nraise E",
    "syntax error": "print('x')\nprint(",
    "syntax error at run time": "print('x')\nexec('1 +')",
    "tabs and spaces": "if True:\n\tprint('x')\n        print('y')",
    "stdout closed at the end": "import os; print('x'); os.close(1)",
    "write to a closed stdout": "import sys; sys.stdout.close(); print('x')",
    "exit handler": "import atexit; atexit.register(print, 'bye'); print('x')",
    "exit handlers in order": "import atexit\nfor i in range(3): atexit.register(print, i)",
    "exit handler that fails": "import atexit; atexit.register(lambda: 1 / 0); print('x')",
    "exit handler that exits": "import atexit, sys; atexit.register(sys.exit, 5); print('x')",
    "exit handler after an error": "import atexit; atexit.register(print, 'bye'); 1 / 0",
    "finaliser": "class A:\n    def __del__(self): print('gone')\na = A()\nprint('x')",
    "finaliser in a cycle": "class A:\n    def __del__(self): print('gone')\n"
    "a = A(); a.me = a; del a\nprint('x')",
    "finalisers in order": "class A:\n    def __init__(self, n): self.n = n\n"
    "    def __del__(self): print(self.n)\nb = A(1); a = A(2); _c = A(3)",
    "finaliser in a list": "class A:\n    def __del__(self): print('gone')\nx = [A(), A()]",
    "weakref.finalize": "import weakref\nclass A: pass\na = A()\nweakref.finalize(a, print, 'fin')",
    "generator left open": "def g():\n    try: yield 1\n    finally: print('closed')\n"
    "it = g(); next(it)",
    "file left open": "f = open('out.txt', 'w'); f.write('x'); print('y')",
    "thread not joined": "import threading, time\n"
    "threading.Thread(target=lambda: (time.sleep(0.05), print('late'))).start()\nprint('main')",
    "daemon thread": "import threading, time\n"
    "threading.Thread(target=time.sleep, args=(99,), daemon=True).start()\nprint('main')",
    "error in a thread": "import threading\nt = threading.Thread(target=lambda: 1 / 0)\n"
    "t.start(); t.join(); print('x')",
    "exit in a thread": "import sys, threading\nt = threading.Thread(target=sys.exit, args=(3,))\n"
    "t.start(); t.join(); print('x')",
    "thread pool": "from concurrent.futures import ThreadPoolExecutor as P\n"
    "with P(4) as p: print(list(p.map(lambda x: x * x, range(9))))",
    "thread pool left open": "from concurrent.futures import ThreadPoolExecutor as P\n"
    "P().submit(print, 'x')",
    "timer": "import threading; threading.Timer(0.01, print, ['x']).start()",
    "queue": "import queue, threading\nq = queue.Queue()\n"
    "threading.Thread(target=lambda: [q.put(i) for i in range(5)]).start()\n"
    "print([q.get() for _ in range(5)])",
    "daemon thread that prints": "import threading\nprint('x')\n"
    "threading.Thread(target=lambda: threading.Event().wait(), daemon=True).start()",
}

DEPTH = {
    "900 frames": "def f(n): return n and 1 + f(n - 1)\nprint(f(900))",
    "1100 frames": "def f(n): return n and 1 + f(n - 1)\n"
    "try: print(f(1100))\nexcept RecursionError: print('too deep')",
    "990 frames": "def f(n): return n and 1 + f(n - 1)\nprint(f(990))",
    "the very limit": "def f(n):\n    try: return f(n + 1)\n    except RecursionError: return n\n"
    "print(f(1))",
    "the limit": "import sys; print(sys.getrecursionlimit())",
    "uncaught": "def f(): f()\nf()",
    "30000 frames": "import sys; sys.setrecursionlimit(10**6)\n"
    "def f(n): return n and 1 + f(n - 1)\nprint(f(30_000))",
    "100000 frames in a thread": "import sys, threading\nsys.setrecursionlimit(10**6)\n"
    "threading.stack_size(256 * 2**20)\ndef f(n): return n and 1 + f(n - 1)\n"
    "t = threading.Thread(target=lambda: print(f(100_000))); t.start(); t.join()",
    "C frames in a thread": "import sys, threading\nsys.setrecursionlimit(10**6)\n"
    "threading.stack_size(512 * 2**20)\nfrom functools import lru_cache\n"
    "@lru_cache(None)\ndef f(n): return n and 1 + f(n - 1)\n"
    "def go():\n    try: print(f(15_000))\n    except RecursionError: print('too deep')\n"
    "t = threading.Thread(target=go); t.start(); t.join()",
    "nested data": "a = []\nfor _ in range(10**5): a = [a]\ndel a\nprint('x')",
    "repr of nested data": "a = []\nfor _ in range(10**5): a = [a]\n"
    "try: repr(a)\nexcept RecursionError: print('too deep')",
    "stack limit raised": "import resource, sys\n"
    "resource.setrlimit(resource.RLIMIT_STACK, (2**26, 2**26))\nprint('x')",
    "generators": "def f(n):\n    if n: yield from f(n - 1)\n    yield n\nprint(sum(f(500)))",
}

TEXTS = {
    "empty": "",
    "comment": "# nothing",
    "docstring": '"""only"""',
    "no last newline": "print(1)",
    "returns": "print(1)\r\nprint('''a\r\nb''')\r\n",
    "tabs": "if 1:\n\tprint(1)\n\tif 1:\n\t\tprint(2)",
    "form feed": "\x0cprint(1)\n\x0c\nprint(2)",
    "byte order mark": "\ufeffprint('x')",
    "latin-1": "# -*- coding: latin-1 -*-\nprint(ascii('é'))",
    "utf-8": "# coding: utf-8\nprint('é')",
    "unknown encoding": "# coding: klingon\nprint('x')",
    "zero byte": "print(1)\n\0print(2)",
    "surrogate": "print('\ud800')",
    "identifiers": "变量 = 1; ﬁ = 2; print(变量, fi)",
    "long line": "print(" + "+".join(["1"] * 2000) + ")",
    "deep brackets": "print(" + "[" * 90 + "]" * 90 + ")",
    "too deep brackets": "print(" + "[" * 500 + "]" * 500 + ")",
    "continued": "x = 1 + \\\n    2\nprint(x)",
    "semicolons": "a = 1; b = 2; print(a, b);",
    "shebang": "#!/usr/bin/env python3\nprint(1)",
    "future": "from __future__ import annotations\ndef f(x: Unknown) -> 1: ...\n"
    "print(f.__annotations__)",
    "future too late": "x = 1\nfrom __future__ import annotations",
    "walrus": "print([y := 5, y ** 2])",
    "match": "match [1, 2]:\n    case [a, b]: print(a, b)",
    "return outside": "print(1)\nreturn",
}

MODULE = {
    "main in the middle": "print(1)\nif __name__ == '__main__': print(2)\nprint(3)",
    "main": "def main(): print('x')\nif __name__ == '__main__': main()",
    "global at the top": "global x\nx = 1\nprint(x)",
    "globals": "print(sorted(globals()))",
    "dir": "print(dir())",
    "locals": "print(locals() is globals())",
    "__name__": "print(__name__, __doc__, __package__, __spec__)",
    "__doc__": '"""Doc."""\nprint(__doc__)',
    "__builtins__": "import builtins; print(__builtins__ is builtins)",
    "__annotations__": "x: int = 1\nprint(__annotations__)",
    "__file__": "import os; print(os.path.basename(__file__))",
    "__loader__": "print(__loader__ is not None)",
    "sys.argv": "import os, sys; print(len(sys.argv), os.path.basename(sys.argv[0]))",
    "__main__": "import sys; m = sys.modules['__main__']; x = 1; print(m.x, m.__name__, vars(m) is"
    " globals())",
    "import __main__": "x = 5\nimport __main__\nprint(__main__.x)",
    "import itself": "if __name__ == '__main__':\n    import sys; print('once')",
    "pickle": "import pickle\nclass A: x = 1\nprint(pickle.loads(pickle.dumps(A())).x, A)",
    "copy": "import copy\nclass A: pass\na = A(); a.b = [1]; print(copy.deepcopy(a).b)",
    "dataclass": "from dataclasses import dataclass, field\n@dataclass(order=True)\nclass P:\n"
    "    x: int\n    y: list = field(default_factory=list)\nprint(P(1), P(1) < P(2))",
    "enum": "from enum import Enum, auto\nclass C(Enum):\n    A = auto()\nprint(C.A, repr(C.A))",
    "namedtuple": "from collections import namedtuple\nP = namedtuple('P', 'x y')\n"
    "print(P(1, 2), P.__module__)",
    "typing": "from typing import *\nclass P(NamedTuple):\n    x: int\n"
    "def f(x: List[int]) -> Optional[int]: ...\nprint(P(1), get_type_hints(f))",
    "exec": "exec('y = 1'); print(y)",
    "eval": "x = 3; print(eval('x + 1'), eval('x', {'x': 9}))",
    "import inside": "def f():\n    import math\n    return math.pi\nprint(f())",
    "import this": "import this",
    "import antigravity's friends": "import string, keyword; print(keyword.kwlist[:3])",
    "inspect.getsource": "import inspect\ndef f(): return 1\nprint(inspect.getsource(f))",
    "asyncio": "import asyncio\nasync def f(n):\n    await asyncio.sleep(0)\n    return n\n"
    "async def main(): print(await asyncio.gather(*map(f, range(3))))\nasyncio.run(main())",
    "asyncio.to_thread": "import asyncio\nprint(asyncio.run(asyncio.to_thread(sum, [1, 2])))",
    "asyncio server's friends": "import asyncio\nasync def main():\n    q = asyncio.Queue()\n"
    "    await q.put(1)\n    async with asyncio.timeout(1): print(await q.get())\n"
    "asyncio.run(main())",
    "multiprocessing": "import multiprocessing; print(multiprocessing.current_process().name)",
    "multiprocessing.dummy": "from multiprocessing.dummy import Pool\n"
    "with Pool(2) as p: print(p.map(abs, [-1, 2]))",
    "subprocess": "import subprocess; print(subprocess.PIPE)",
    "ProcessPoolExecutor": "from concurrent.futures import ProcessPoolExecutor; print('x')",
    "platform": "import platform; print(platform.system(), platform.python_version())",
    "platform.platform": "import platform; print(platform.platform())",
    "sys.version_info": "import sys; print(sys.version_info, sys.implementation.name)",
    "sys.flags": "import sys; f = sys.flags; print(f.optimize, f.utf8_mode, f.interactive)",
    "sys.maxsize": "import sys; print(sys.maxsize, sys.byteorder, sys.float_info.max)",
    "sys.stdlib_module_names": "import sys; print('math' in sys.stdlib_module_names)",
    "int limit": "import sys; print(sys.get_int_max_str_digits())",
    "switch interval": "import sys; print(sys.getswitchinterval())",
    "gc": "import gc; print(gc.isenabled(), gc.get_threshold())",
    "gc in time": "import gc, weakref\nclass C: pass\nc = C(); c.c = c; r = weakref.ref(c)\n"
    "del c\nn, kept = 0, []\nwhile r() and n < 10**5: n += 1; kept.append([])\n"
    "print(n <= gc.get_threshold()[0])",
    "hooks": "import sys; print(sys.gettrace(), sys.getprofile(), sys.excepthook is"
    " sys.__excepthook__, sys.displayhook is sys.__displayhook__)",
    "threads": "import threading as t; print(t.current_thread().name, t.active_count())",
    "main thread": "import threading as t; print(t.main_thread() is t.current_thread())",
    "frames": "import sys; print(sys._getframe().f_code.co_name, sys._getframe().f_lineno)",
    "stack": "import traceback; print(len(traceback.extract_stack()))",
    "signal handlers": "import signal; print([s.name for s in signal.Signals"
    " if callable(signal.getsignal(s)) or signal.getsignal(s) == signal.SIG_IGN])",
    "signal mask": "import signal; print(signal.pthread_sigmask(signal.SIG_BLOCK, []))",
    "umask": "import os; print(oct(os.umask(0)))",
    "exit functions": "import atexit; print(atexit._ncallbacks())",
    "random with a seed": "import random; random.seed(1); print(random.random(), random.sample"
    "(range(99), 5))",
    "order of a set": "print({'a', 'b', 'c', 'd'}, hash('x'), list(set('hello world')))",
    "hash of numbers": "print(hash(1.5), hash(10**40), hash((1, 2)), hash(float('inf')))",
    "time": "import time; print(time.tzname, time.gmtime(0), time.localtime(0) == time.gmtime(0))",
    "datetime": "from datetime import datetime; print(datetime.fromtimestamp(0), datetime"
    ".fromtimestamp(0).astimezone().tzinfo)",
    "zoneinfo": "from zoneinfo import ZoneInfo; from datetime import datetime\n"
    "print(datetime(2020, 7, 1, tzinfo=ZoneInfo('UTC')).utcoffset())",
    "locale": "import locale; print(locale.getlocale(), locale.str(1234.5),"
    " f'{1234567:n}', '%.2f' % 1.005)",
    "preferred encoding": "import locale; print(locale.getpreferredencoding())",
    "file system encoding": "import sys; print(sys.getfilesystemencoding())",
    "strftime": "import datetime; print(datetime.date(2024, 1, 31).strftime('%A %B %d %c %x'))",
    "float": "print(0.1 + 0.2, 1e16, float('nan'), -0.0, round(2.5), 1 / 3)",
    "decimal": "from decimal import *; getcontext().prec = 50; print(Decimal(2).sqrt())",
    "fractions": "from fractions import Fraction; print(Fraction('1.5') + 1)",
    "json": "import json; print(json.dumps({'a': [1, None, 'é']}, indent=1))",
    "re": "import re; print(re.findall(r'\\w+', 'a bé c'))",
    "heap and friends": "import heapq, bisect, itertools as i\nh = [3, 1]; heapq.heapify(h)\n"
    "print(h, bisect.bisect([1, 2], 2), list(i.pairwise([1, 2, 3])))",
    "functools": "from functools import *\n@cache\n"
    "def f(n): return n if n < 2 else f(n-1) + f(n-2)\n"
    "print(f(90), f.cache_info())",
    "files": "open('a.txt', 'w').write('x'); import os; print(open('a.txt').read(),"
    " os.path.exists('b'), os.listdir('.').count('a.txt'))",
    "temporary files": "import tempfile\nwith tempfile.NamedTemporaryFile('w+') as f:\n"
    "    f.write('x'); f.seek(0); print(f.read())",
    "temporary folder": "import tempfile, os\nwith tempfile.TemporaryDirectory() as d:\n"
    "    open(os.path.join(d, 'x'), 'w').close(); print(os.listdir(d))",
    "shutil": "import os, shutil; os.makedirs('a/b'); open('a/b/c', 'w').close()\n"
    "shutil.copytree('a', 'd'); print(os.listdir('d/b')); shutil.rmtree('a')",
    "pathlib": "from pathlib import Path; p = Path('x'); p.write_text('y'); p.touch(); print(p"
    ".read_text(), p.stat().st_size); p.unlink()",
    "symlink": "import os; open('a', 'w'); os.symlink('a', 'b'); print(os.path.exists('b'))",
    "chmod": "import os; open('a', 'w').close(); os.chmod('a', 0o600); print('x')",
    "import of its own file": "open('mine.py', 'w').write('x = 7')\nimport sys, os\n"
    "sys.path.insert(0, os.getcwd())\nimport mine\nprint(mine.x)",
    "os.environ": "import os; os.environ['X'] = '1'; print(os.environ['X'], os.getenv('nope'))",
    "pipes": "import os; r, w = os.pipe(); os.write(w, b'x'); print(os.read(r, 9))",
    "socketpair": "import socket; a, b = socket.socketpair(); a.sendall(b'x'); print(b.recv(1))",
    "resource": "import resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_utime >= 0)",
    "uuid": "import uuid; print(uuid.uuid4().version, uuid.uuid5(uuid.NAMESPACE_DNS, 'x'))",
    "hashlib": "import hashlib; print(hashlib.sha256(b'x').hexdigest(), hashlib.md5(b'').digest())",
    "secrets": "import secrets; print(len(secrets.token_hex(4)))",
    "zlib and friends": "import zlib, bz2, lzma; d = b'x' * 99\n"
    "print(all(m.decompress(m.compress(d)) == d for m in (zlib, bz2, lzma)))",
    "array, struct": "import array, struct; print(array.array('i', [1]), struct.pack('>I', 7))",
    "unittest": "import unittest\nclass T(unittest.TestCase):\n    def test(self): pass\n"
    "unittest.main(exit=False); print('x')",
    "doctest": 'def f():\n    """\n    >>> f()\n    1\n    """\n    return 1\n'
    "import doctest; print(doctest.testmod())",
    "argparse": "import argparse; p = argparse.ArgumentParser(); p.add_argument('-x'); print(p"
    ".parse_args().x)",
    "argparse that leaves": "import argparse; p = argparse.ArgumentParser(); p.add_argument('x')\n"
    "p.parse_args()",
    "cmd": "import cmd\nclass C(cmd.Cmd):\n    prompt = ''\n    def default(self, line):\n"
    "        print(line)\n        return line == 'EOF'\nC().cmdloop()",
    "contextvars": "import contextvars as c; v = c.ContextVar('v', default=1); print(v.get())",
    "tracemalloc": "import tracemalloc; tracemalloc.start(); print(tracemalloc.is_tracing())",
    "sqlite3 in memory": "import sqlite3; print(sqlite3.connect(':memory:').execute('select 1')"
    ".fetchall())",
    "ctypes": "import ctypes; print(ctypes.sizeof(ctypes.c_int))",
    "terminal size": "import shutil; print(shutil.get_terminal_size())",
    "getpass": "import getpass; print(bool(getpass.getuser()))",
    "webbrowser, unused": "import webbrowser; print('x')",
    "colours": "print('\\x1b[31mred\\x1b[0m')",
    "help": "help(len)",
    "site": "print(callable(help), callable(exit), callable(license))",
    "monkey": "import builtins; builtins.print = lambda *a: __import__('sys').stdout.write('p')\n"
    "print(1)",
    "class body": "class A:\n    print(__qualname__, __module__)",
    "type repr": "class A: pass\nprint(A, A.__module__)\ndef f(): pass\nprint(f.__module__)",
    "exceptions' modules": "class E(Exception): pass\nimport traceback\ntry: raise E('m')\n"
    "except E as e: print(*traceback.format_exception_only(e))",
    "traceback's lines": "import traceback\ndef f(): 1 / 0\ntry: f()\n"
    "except ZeroDivisionError: print(traceback.format_exc().count('in f'), 'File' in"
    " traceback.format_exc(), '1 / 0' in traceback.format_exc())",
    "locks": "import threading; l = threading.RLock()\nwith l: print(l._is_owned())",
}

GROUPS = {
    "input": {name: (LINES, code) for name, code in INPUT.items()},
    "odd input": ODD_INPUT,
    "output": {name: (b"", code) for name, code in OUTPUT.items()},
    "end": {name: (b"", code) for name, code in ENDS.items()},
    "depth": {name: (b"", code) for name, code in DEPTH.items()},
    "text": {name: (b"", code) for name, code in TEXTS.items()},
    "module": {name: (b"1 2\n", code) for name, code in MODULE.items()},
    "resource": {name: (b"", code) for name, code in surroundings.RESOURCES.items()},
    "machine": {name: (b"", code) for name, code in surroundings.MACHINE.items()},
    "own file": {name: (b"", code) for name, code in surroundings.OWN_FILES.items()},
    "tmp": {
        name: (b"", code.replace("NAME", f"scratch_{os.getpid()}"))
        for name, code in (surroundings.TMP | surroundings.TMP_BY_KERNEL).items()
    },
}
PROGRAMS = {
    f"{group}: {name}": program
    for group, table in GROUPS.items()
    for name, program in table.items()
}

# Where a guest differs, and why. By design, unless a comment says otherwise.
_FRAMES_BELOW = "the guest's own frames are below the program's"
DIFFERENCES = {
    "module: stack": _FRAMES_BELOW,
}
DIFFERENCES_BY_LEVEL = {
    IsolationLevel.KERNEL: {},
    IsolationLevel.INTERPRETER: {
        "module: symlink": "a hook cannot follow links",
        "module: sqlite3 in memory": "it opens files behind the hook's back",
        "module: ctypes": "native code is beyond a hook",
        "output: /dev/stdout": "by that name, a file could be opened for writing",
        **{
            f"tmp: {name}": "links, sqlite3 and ctypes are missing, as above"
            for name in surroundings.TMP_BY_KERNEL
        },
    },
}
if sys.version_info < (3, 11, 4):
    DIFFERENCES["text: zero byte"] = "this version read a file no further than its first zero byte"

Outcome = tuple[bytes, int | None]


@pytest.fixture(scope="session")
def run_plainly(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Outcome]:
    """Run a program as users do, with `python3 solution.py < input`: once for both levels."""
    outcomes: dict[str, Outcome] = {}

    def run(name: str) -> Outcome:
        if name not in outcomes:
            stdin, program = PROGRAMS[name]
            outcomes[name] = _run_plainly(program, stdin, tmp_path_factory.mktemp("plain"))
            for path in Path("/tmp").glob(f"scratch_{os.getpid()}*"):
                shutil.rmtree(path, ignore_errors=True)
                path.unlink(missing_ok=True)
        return outcomes[name]

    return run


def _run_plainly(program: str, stdin: bytes, folder: Path) -> Outcome:
    (folder / "solution.py").write_bytes(program.encode("utf-8", "surrogatepass"))
    (folder / "input").write_bytes(stdin)
    with (folder / "input").open("rb") as file:
        done = subprocess.run(
            [sys.executable, "solution.py"],
            stdin=file,
            capture_output=True,
            cwd=folder,
            env=ENVIRONMENT,
            check=False,
            timeout=30,
        )
    return done.stdout, done.returncode if done.returncode >= 0 else 128 - done.returncode


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_guest_does_what_a_plain_interpreter_does(
    name: str,
    run_plainly: Callable[[str], Outcome],
    run: Callable[..., Execution],
    request: pytest.FixtureRequest,
    executor: LocalExecutor,
) -> None:
    """Standard output and exit status are the same, byte for byte."""
    reason = DIFFERENCES.get(name) or DIFFERENCES_BY_LEVEL[executor.level].get(name)
    if name == "output: /dev/stdout" and executor.granted["uid_dropped"]:
        reason = "a pipe of its keeper's, opened by name, is another user's file"
    if reason:
        request.applymarker(pytest.mark.xfail(strict=True, reason=reason))
    stdin, program = PROGRAMS[name]

    guest = run(program, stdin=stdin)

    assert (guest.stdout, _status(guest)) == run_plainly(name)


def _status(execution: Execution) -> int | None:
    if execution.ending is Ending.NOT_COMPILED:
        return 1
    return 128 + execution.signal if execution.signal else execution.exit_status


CHANCE = """
import random
print(random.random(), random.sample(range(100), 9))
print(hash('x'), {str(n) for n in range(20)})
"""


def test_unseeded_random_numbers_are_the_same_in_every_guest(run: Callable[..., Execution]) -> None:
    """So the same program gets the same reward again."""
    assert len({run(CHANCE).stdout for _ in range(4)}) == 1


def test_a_program_sees_its_arguments(executor: LocalExecutor) -> None:
    """`sys.argv` is the file's name and the arguments of the question."""
    job = Job(
        program="import sys; print(sys.argv)",
        questions=(Run(argv=("a b", "é", "")), Run()),
    )

    [(_, (with_arguments, without))] = executor.run([job])

    assert with_arguments.stdout.decode() == "['solution.py', 'a b', 'é', '']\n"
    assert without.stdout == b"['solution.py']\n"


def test_the_next_program_finds_nothing_of_the_last(run: Callable[..., Execution]) -> None:
    """A guest sees no modules, globals, environment or files of an earlier guest."""
    run(
        "import os, math, builtins; math.pi = builtins.x = 3; os.environ['A'] = 'b'; open('f', 'w')"
    )

    seen = run(
        "import os, math; print(math.pi, 'x' in dir(__builtins__), 'A' in os.environ, os.listdir())"
    )

    assert seen.stdout == b"3.141592653589793 False False []\n"
