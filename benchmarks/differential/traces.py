"""Traces: what a program can leave behind, and how it finds that again.

A program that shares a process with its own earlier cases must not notice. Each trace is a
statement that leaves it, and an expression that is true if it is there. In a fresh process, every
expression is false.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Trace:
    """One way to leave something behind. `imports` is a statement, or nothing."""

    imports: str
    leave: str
    found: str


HELPERS = {
    "is_open": """
def is_open(fd):
    import os
    try:
        os.fstat(fd)
        return True
    except OSError:
        return False
""",
    "works": """
def works(function, *arguments):
    try:
        function(*arguments)
        return True
    except Exception:
        return False
""",
    "frames": """
def frames():
    import sys
    frame = sys._getframe()
    while frame is not None:
        yield frame
        frame = frame.f_back
""",
}

TRACES: tuple[Trace, ...] = (
    # attributes of modules, in many spellings
    Trace("import math", "math.answer = 1", "hasattr(math, 'answer')"),
    Trace("import math", "math.__dict__['answer'] = 1", "'answer' in vars(math)"),
    Trace("import math", "vars(math).update(answer=1)", "hasattr(math, 'answer')"),
    Trace("import math", "setattr(math, 'ans' + 'wer', 1)", "hasattr(math, 'answer')"),
    Trace("import math as m", "m.sqrt = abs", "m.sqrt(4) == 4"),
    Trace("import math as m", "m.__doc__ = 'answer'", "m.__doc__ == 'answer'"),
    Trace(
        "from math import floor", "floor.__self__.answer = 1", "hasattr(floor.__self__, 'answer')"
    ),
    Trace("import string", "string.ascii_lowercase = 'x'", "string.ascii_lowercase == 'x'"),
    Trace("import string", "del string.digits", "not hasattr(string, 'digits')"),
    Trace("import string", "for string.digits in 'ab': pass", "string.digits == 'b'"),
    Trace("import string", "[string.digits, *_] = 'xyz'", "string.digits == 'x'"),
    Trace(
        "import string",
        "with open('/dev/null') as string.digits: pass",
        "len(str(string.digits)) > 10",
    ),
    Trace("import heapq", "heapq.heappush = None", "heapq.heappush is None"),
    Trace("import bisect", "bisect.bisect, kept = None, bisect.bisect", "bisect.bisect is None"),
    Trace(
        "import itertools", "itertools.counter = itertools.count()", "hasattr(itertools, 'counter')"
    ),
    Trace("import sys", "sys.answer = 1", "hasattr(sys, 'answer')"),
    Trace("import sys", "sys.modules['answer'] = 1", "'answer' in sys.modules"),
    Trace("import sys", "sys.modules['math'] = 1", "sys.modules.get('math') == 1"),
    Trace("import sys", "sys.path.append('answer')", "'answer' in sys.path"),
    Trace("import sys", "sys.argv.append('answer')", "'answer' in sys.argv"),
    Trace("", "globals()['answer'] = 1", "'answer' in globals()"),
    Trace("", "global_answer = 1", "'global_answer' in globals()"),
    Trace("import math", "exec('math.answer = 1')", "eval('hasattr(math, \"answer\")')"),
    Trace("", "__import__('math').answer = 1", "hasattr(__import__('math'), 'answer')"),
    Trace(
        "import importlib",
        "importlib.import_module('math').answer = 1",
        "hasattr(importlib.import_module('math'), 'answer')",
    ),
    # built-ins
    Trace("import builtins", "builtins.answer = 1", "hasattr(builtins, 'answer')"),
    Trace("import builtins", "builtins.sum = max", "sum([1, 2]) == 2"),
    Trace("import builtins", "builtins.input = lambda: '5'", "type(input).__name__ == 'function'"),
    Trace("", "__builtins__.answer = 1", "hasattr(__builtins__, 'answer')"),
    Trace("", "print.__self__.answer = 1", "hasattr(print.__self__, 'answer')"),
    Trace("", "(lambda: 0).__builtins__['answer'] = 1", "'answer' in (lambda: 0).__builtins__"),
    # library classes, functions and tables
    Trace("from collections import Counter", "Counter.answer = 1", "hasattr(Counter, 'answer')"),
    Trace(
        "from collections import Counter",
        "Counter.most_common = None",
        "Counter.most_common is None",
    ),
    Trace("from fractions import Fraction", "Fraction.answer = 1", "hasattr(Fraction, 'answer')"),
    Trace(
        "from dataclasses import dataclass", "dataclass.answer = 1", "hasattr(dataclass, 'answer')"
    ),
    Trace(
        "import json",
        "json.JSONEncoder.item_separator = ';'",
        "json.JSONEncoder.item_separator == ';'",
    ),
    Trace("import json", "json.encoder.ESCAPE_DCT['a'] = 'b'", "'a' in json.encoder.ESCAPE_DCT"),
    Trace(
        "from functools import reduce, lru_cache",
        "lru_cache.answer = 1",
        "hasattr(lru_cache, 'answer')",
    ),
    Trace(
        "import heapq",
        "heapq.merge.__kwdefaults__['key'] = abs",
        "heapq.merge.__kwdefaults__['key'] is abs",
    ),
    Trace(
        "import textwrap", "textwrap.wrap.__defaults__ = (3,)", "textwrap.wrap.__defaults__ == (3,)"
    ),
    Trace(
        "import statistics",
        "statistics.mean.__globals__['answer'] = 1",
        "hasattr(statistics, 'answer')",
    ),
    Trace("import string", "string.Template.delimiter = '%'", "string.Template.delimiter == '%'"),
    Trace("import numbers", "numbers.Number.register(str)", "isinstance('', numbers.Number)"),
    Trace(
        "from collections.abc import Hashable, Sequence",
        "Sequence.register(set)",
        "issubclass(set, Sequence)",
    ),
    Trace("import calendar", "calendar.setfirstweekday(3)", "calendar.firstweekday() == 3"),
    Trace(
        "import copyreg",
        "copyreg.pickle(complex, abs)",
        "copyreg.dispatch_table.get(complex) is abs",
    ),
    Trace(
        "import codecs",
        "codecs.register_error('answer', lambda e: ('', 1))",
        "works(codecs.lookup_error, 'answer')",
    ),
    Trace(
        "import locale",
        "locale.setlocale(locale.LC_ALL, 'C')",
        "locale.setlocale(locale.LC_ALL) == 'C'",
    ),
    Trace(
        "import re",
        "re.compile('answer' * 3)",
        "any('answer' * 3 in str(key) for key in re._cache)",
    ),
    Trace("import operator", "operator.add = operator.sub", "operator.add(1, 1) == 0"),
    Trace(
        "import copy",
        "copy._deepcopy_dispatch[int] = None",
        "copy._deepcopy_dispatch.get(int, 1) is None",
    ),
    Trace("import datetime", "datetime.answer = 1", "hasattr(datetime, 'answer')"),
    Trace("import typing", "typing.answer = 1", "hasattr(typing, 'answer')"),
    Trace("from enum import Enum", "Enum.answer = 1", "hasattr(Enum, 'answer')"),
    Trace("from queue import Queue", "Queue.answer = 1", "hasattr(Queue, 'answer')"),
    Trace("import array", "array.answer = 1", "hasattr(array, 'answer')"),
    Trace(
        "import functools",
        "functools.answer = functools.cache(abs)",
        "hasattr(functools, 'answer')",
    ),
    # state of the interpreter
    Trace("import sys", "sys.setrecursionlimit(5000)", "sys.getrecursionlimit() == 5000"),
    Trace("import sys", "sys.setswitchinterval(0.5)", "sys.getswitchinterval() == 0.5"),
    Trace("import sys", "sys.set_int_max_str_digits(1000)", "sys.get_int_max_str_digits() == 1000"),
    Trace("import sys", "sys.settrace(lambda *_: None)", "sys.gettrace() is not None"),
    Trace("import sys", "sys.setprofile(lambda *_: None)", "sys.getprofile() is not None"),
    Trace("import sys", "sys.excepthook = print", "sys.excepthook is print"),
    Trace("import sys", "sys.displayhook = print", "sys.displayhook is print"),
    Trace(
        "import sys",
        "sys.set_coroutine_origin_tracking_depth(3)",
        "sys.get_coroutine_origin_tracking_depth() == 3",
    ),
    Trace("import sys", "sys.unraisablehook = print", "sys.unraisablehook is print"),
    Trace("import sys", "sys.meta_path.append(1)", "1 in sys.meta_path"),
    Trace("import sys", "sys.path_hooks.clear()", "not sys.path_hooks"),
    Trace("import gc", "gc.disable()", "not gc.isenabled()"),
    Trace("import gc", "gc.set_threshold(5, 5, 5)", "gc.get_threshold() == (5, 5, 5)"),
    Trace("import gc", "gc.callbacks.append(print)", "print in gc.callbacks"),
    Trace(
        "import gc",
        "class Leftover: pass\nLeftover.kept = Leftover()",
        "any(type(o).__name__ == 'Leftover' for o in gc.get_objects())",
    ),
    Trace(
        "", "class Leftover: pass", "any(c.__name__ == 'Leftover' for c in object.__subclasses__())"
    ),
    Trace(
        "",
        "class Leftover(int): pass",
        "any(c.__name__ == 'Leftover' for c in int.__subclasses__())",
    ),
    Trace(
        "",
        "class Leftover(Exception): pass",
        "any(c.__name__ == 'Leftover' for c in Exception.__subclasses__())",
    ),
    Trace("import warnings", "warnings.simplefilter('error')", "warnings.filters[0][0] == 'error'"),
    Trace("import warnings", "warnings.showwarning = print", "warnings.showwarning is print"),
    Trace("import threading", "threading.stack_size(2 ** 20)", "threading.stack_size() == 2 ** 20"),
    Trace("import threading", "threading.settrace(print)", "threading.gettrace() is print"),
    Trace(
        "import threading",
        "threading.local_answer = threading.local()",
        "hasattr(threading, 'local_answer')",
    ),
    Trace(
        "import contextvars, asyncio",
        "asyncio.set_event_loop(asyncio.new_event_loop())",
        "works(asyncio.get_event_loop_policy()._local.__getattribute__, '_loop') and asyncio.get_event_loop_policy()._local._loop is not None",
    ),
    Trace("import faulthandler", "faulthandler.enable()", "faulthandler.is_enabled()"),
    Trace(
        "import atexit, math",
        "atexit.register(setattr, math, 'answer', 1)",
        "hasattr(math, 'answer')",
    ),
    Trace(
        "",
        "for frame in frames(): frame.f_globals['answer'] = 1",
        "any('answer' in frame.f_globals for frame in frames())",
    ),
    # decimal contexts
    Trace("from decimal import *", "getcontext().prec = 50", "getcontext().prec == 50"),
    Trace(
        "import decimal",
        "decimal.setcontext(decimal.Context(prec=3))",
        "decimal.getcontext().prec == 3",
    ),
    Trace("import decimal", "decimal.DefaultContext.prec = 5", "decimal.DefaultContext.prec == 5"),
    Trace(
        "import decimal",
        "decimal.Decimal(1) / 3",
        "bool(decimal.getcontext().flags[decimal.Inexact])",
    ),
    Trace(
        "import decimal",
        "decimal.getcontext().traps[decimal.DivisionByZero] = 0",
        "not decimal.getcontext().traps[decimal.DivisionByZero]",
    ),
    Trace(
        "from decimal import getcontext as g",
        "g().rounding = 'ROUND_UP'",
        "g().rounding == 'ROUND_UP'",
    ),
    # random numbers
    Trace("import random", "random.seed(7)", "random.getstate() == random.Random(7).getstate()"),
    Trace("from random import seed, random", "seed(7)", "random() == 0.32383276483316237"),
    Trace(
        "import random", "random.random.__self__.seed(7)", "random.random() == 0.32383276483316237"
    ),
    Trace("import random", "random.answer = random.random()", "hasattr(random, 'answer')"),
    Trace(
        "import random",
        "random.setstate(random.Random(7).getstate())",
        "random.random() == 0.32383276483316237",
    ),
    Trace("import random", "random.gauss(0, 1)", "random.getstate()[2] is not None"),
    # files and directories
    Trace("", "open('state', 'w').close()", "works(open, 'state')"),
    Trace("import os", "os.mkdir('folder')", "os.path.exists('folder')"),
    Trace("import os", "os.mkdir('folder'); os.chdir('folder')", "os.getcwd().endswith('folder')"),
    Trace("import os", "open('/tmp/state', 'w').close()", "os.path.exists('/tmp/state')"),
    Trace("from pathlib import Path", "Path('state').write_text('1')", "Path('state').exists()"),
    Trace(
        "import tempfile, os",
        "kept = tempfile.mkstemp()",
        "bool(os.listdir(tempfile.gettempdir()))",
    ),
    Trace(
        "import shelve, dbm.dumb", "dbm.dumb.open('state', 'c').close()", "works(open, 'state.dat')"
    ),
    Trace("import logging", "logging.basicConfig(level=10)", "bool(logging.root.handlers)"),
    # descriptors
    Trace("import os", "os.dup2(1, 40)", "is_open(40)"),
    Trace(
        "import os",
        "os.dup(0); os.dup(0); os.dup(0); os.dup(0)",
        "sum(map(is_open, range(64))) > 8",
    ),
    Trace("import os, string", "string.kept = open('/dev/null')", "hasattr(string, 'kept')"),
    Trace("import os", "for _ in range(9): os.pipe()", "is_open(20)"),
    Trace("import os", "os.set_blocking(1, False)", "not os.get_blocking(1)"),
    # the process
    Trace("import os", "os.environ['ANSWER'] = '1'", "'ANSWER' in os.environ"),
    Trace("import os", "os.umask(0o77)", "os.umask(0o77) == 0o77"),
    Trace("import os", "os.nice(3)", "os.nice(0) % 5 == 3"),
    Trace(
        "import resource",
        "resource.setrlimit(resource.RLIMIT_NOFILE, (30, 30))",
        "resource.getrlimit(resource.RLIMIT_NOFILE) == (30, 30)",
    ),
    Trace(
        "import resource",
        "kept = 'x' * 40_000_000; del kept",
        "resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > 45_000",
    ),
    Trace("import time", "while time.process_time() < 0.06: pass", "time.process_time() > 0.059"),
    Trace(
        "import signal",
        "signal.signal(signal.SIGUSR1, signal.SIG_IGN)",
        "signal.getsignal(signal.SIGUSR1) == signal.SIG_IGN",
    ),
    Trace(
        "import signal",
        "signal.setitimer(signal.ITIMER_REAL, 20)",
        "signal.getitimer(signal.ITIMER_REAL)[0] > 0",
    ),
    Trace(
        "import signal",
        "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])",
        "signal.SIGUSR1 in signal.pthread_sigmask(signal.SIG_BLOCK, [])",
    ),
    # threads
    Trace(
        "import threading, time",
        "threading.Thread(target=time.sleep, args=(0.1,), daemon=True).start()",
        "threading.active_count() > 1",
    ),
    Trace(
        "import threading, time, math",
        "threading.Timer(0.3, setattr, (math, 'answer', 1)).start()",
        "hasattr(math, 'answer')",
    ),
    Trace(
        "from concurrent.futures import ThreadPoolExecutor as Pool",
        "Pool.kept = Pool(1); Pool.kept.submit(abs, 1)",
        "hasattr(Pool, 'kept')",
    ),
    # the streams
    Trace("import sys", "sys.stdout.answer = 1", "hasattr(sys.stdout, 'answer')"),
    Trace("import sys", "sys.stdout.reconfigure(line_buffering=True)", "sys.stdout.line_buffering"),
    Trace("import sys, io", "sys.stderr = io.StringIO()", "type(sys.stderr) is io.StringIO"),
    Trace("import sys", "sys.__stdout__ = None", "sys.__stdout__ is None"),
    Trace("import sys, io", "io.answer = 1", "hasattr(io, 'answer')"),
    # plain programs, which leave nothing
    Trace("import math", "answer = math.factorial(20)", "math.gcd(2, 4) == 3"),
    Trace("from collections import *", "answer = Counter('abc')", "deque() == 1"),
    Trace(
        "from functools import cache",
        "@cache\ndef g(k): return k\ng(1)",
        "g.cache_info().currsize > 1 if 'g' in globals() else False",
    ),
    Trace("import sys", "kept = []", "len(sys.argv) > 1"),
)

# Traces that only need what contest programs use: these may look harmless by their text.
_HELD = """
def held():
    with localcontext() as context:
        context.prec = 50
        yield
kept = held()
next(kept)
"""
_GROWS = """
def grows(items=[]):
    items.append(1)
    return len(items)
grows()
"""
QUIET_TRACES: tuple[Trace, ...] = (
    *(trace for trace in TRACES if trace.imports == "from decimal import *"),
    Trace("from decimal import *", _HELD, "getcontext().prec == 50"),
    Trace("from decimal import *", "getcontext().Emax = 9", "getcontext().Emax == 9"),
    Trace("from decimal import *", "getcontext().capitals = 0", "getcontext().capitals == 0"),
    Trace("from decimal import *", "setcontext(Context(prec=3))", "getcontext().prec == 3"),
    Trace("from decimal import *", "Decimal(1) / 3", "bool(getcontext().flags[Inexact])"),
    Trace(
        "from decimal import *",
        "getcontext().traps[DivisionByZero] = False",
        "not getcontext().traps[DivisionByZero]",
    ),
    Trace(
        "from decimal import *",
        "setcontext(getcontext()); getcontext().prec = 3",
        "str(Decimal(1) / 3) == '0.333'",
    ),
    Trace(
        "from decimal import *",
        "with localcontext() as c: c.prec = 3; setcontext(c)",
        "getcontext().prec == 3",
    ),
    Trace(
        "import decimal",
        "decimal.getcontext().rounding = decimal.ROUND_UP",
        "decimal.getcontext().rounding == decimal.ROUND_UP",
    ),
    Trace("import random", "random.seed(7)", "random.random() == 0.32383276483316237"),
    Trace("import random as r", "r.seed(7)", "r.random() == 0.32383276483316237"),
    Trace("from random import *", "seed(7)", "random() == 0.32383276483316237"),
    Trace(
        "from random import *", "seed(7); gauss(0, 1); seed(7)", "random() == 0.32383276483316237"
    ),
    Trace(
        "import random",
        "random.seed(7); random.shuffle([1])",
        "random.random() == 0.32383276483316237",
    ),
    Trace("import sys", "sys.setrecursionlimit(5000)", "sys.getrecursionlimit() == 5000"),
    Trace("from sys import *", "setrecursionlimit(5000)", "getrecursionlimit() == 5000"),
    Trace("import sys", "sys.set_int_max_str_digits(700)", "not works(str, 10 ** 3000)"),
    Trace("import sys", "sys.argv.append('answer')", "'answer' in sys.argv"),
    Trace("import sys", "sys.argv.clear()", "not sys.argv"),
    Trace("from sys import argv", "argv[:] = 'ab'", "len(argv) > 1"),
    Trace("import sys, io", "sys.stdin = io.StringIO('7')", "sys.stdin.read() == '7'"),
    Trace("import sys", "sys.stdin.close()", "sys.stdin.closed"),
    Trace("import sys", "out = sys.stdout; sys.stdout = sys.stdin", "sys.stdout == sys.stdin"),
    Trace("import sys", "sys.stdout.write('')", "sys.stdout.closed"),
    Trace("from functools import *", "cache(abs)(-1)", "cache(abs).cache_info().currsize > 0"),
    Trace("from functools import *", "@lru_cache(None)\ndef g(k): return k\ng(1)", "False"),
    Trace("from collections import *", "Point = namedtuple('Point', 'x y')", "False"),
    Trace(
        "from collections import *",
        "kept = defaultdict(list); kept[1].append(2)",
        "bool(defaultdict(list)[1])",
    ),
    Trace("from itertools import *", "kept = count(); next(kept)", "next(count()) > 0"),
    Trace("", _GROWS, "False"),
    Trace("", "class Kept: items = []\nKept.items.append(1)", "False"),
    Trace("import re", "re.compile('a' * 20)", "re.match('b', 'a') is not None"),
    Trace("from copy import *", "deepcopy([[1]])", "deepcopy([]) == [1]"),
    Trace("from fractions import Fraction", "Fraction(1, 3)", "Fraction(1, 3) == 3"),
    Trace("import json", "json.loads('{\"a\": 1}')", "json.loads('{}') != {}"),
    Trace("from heapq import *", "kept = [3, 1]; heapify(kept)", "heappop([1]) == 3"),
    Trace("from typing import *", "def typed(x: List[int]) -> Dict[str, int]: return {}", "False"),
    Trace("", "def endless():\n    while True: yield 1\nkept = endless(); next(kept)", "False"),
    Trace("", "try: 1 / 0\nexcept ZeroDivisionError as e: kept = e", "False"),
    Trace(
        "",
        "try: raise ValueError(1)\nexcept ValueError as e: kept = [e]; kept.append(kept)",
        "False",
    ),
    Trace("", "kept = []; kept.append(kept)", "False"),
    # How deep a program can recurse must not depend on earlier cases.
    *(
        Trace("", "pass", f"{kind}() % {k} == {rest}")
        for kind in ("depth", "constructors", "sorts", "sums")
        for k, rest in ((2, 0), (2, 1), (3, 0), (3, 1), (5, 2))
    ),
)
"""These are found by chance in a fresh process, too, if they look for how deep a program can
recurse: what matters is only that nothing changes from case to case."""
HELPERS["depth"] = """
def depth(level=0):
    try:
        return depth(level + 1)
    except RecursionError:
        return level
"""
HELPERS["constructors"] = """
class Deep:
    level = 0
    def __init__(self, level):
        Deep.level = level
        Deep(level + 1)
def constructors():
    try:
        Deep(0)
    except RecursionError:
        return Deep.level
"""
HELPERS["sorts"] = """
def sorts(level=0):
    try:
        return sorted([1, 2], key=lambda _: sorts(level + 1))[0] + sorts(0)
    except RecursionError:
        return level
"""
HELPERS["sums"] = """
def sums(level=0):
    try:
        return max(sums(level + 1) for _ in "a")
    except RecursionError:
        return level
"""
