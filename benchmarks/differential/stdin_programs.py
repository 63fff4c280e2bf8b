"""Write programs for `stdio` tests which leave traces, look for them, and end in many ways."""

from collections.abc import Callable
from random import Random

from benchmarks.differential.problems import Problem, chance, indented
from benchmarks.differential.traces import HELPERS, QUIET_TRACES, TRACES, Trace

_READERS = (
    "n = int(input())",
    "import sys\nn = int(sys.stdin.readline())",
    "n, = map(int, open(0).read().split())",
    "import sys\ndata = sys.stdin.buffer.read().split()\nn = int(data[0])",
    "import sys\ninput = sys.stdin.readline\nn = int(input())",
    "import sys\nn = int(next(sys.stdin))",
    "from sys import stdin\nn = int(stdin.readline())",
    "import sys\nfor line in sys.stdin:\n    n = int(line)\n    break",
    "n = int(input())\ntry:\n    input()\nexcept EOFError:\n    pass",
    "import sys\nn = int(sys.stdin.read())",
    "import os\nn = int(os.read(0, 100))",
    "import fileinput\nn = int(next(iter(fileinput.input('-'))))",
)
_QUIET_READERS = 10
_FORMULAS: tuple[tuple[str, Callable[[int], object]], ...] = (
    ("n * n", lambda n: n * n),
    ("sum(range(n))", lambda n: sum(range(n))),
    ("'YES' if n % 3 else 'NO'", lambda n: "YES" if n % 3 else "NO"),
    ("n / 7", lambda n: n / 7),
    ("' '.join(map(str, range(n % 9)))", lambda n: " ".join(map(str, range(n % 9)))),
    ("str(n)[::-1]", lambda n: str(n)[::-1]),
    ("[n, -n]", lambda n: [n, -n]),
    ("2 ** n", lambda n: 2**n),
    ("hash(str(n)) and n", lambda n: n),
)
_WRONG = ("'wrong'", "answer * 2", "''", "None", "(answer, answer)")
_PRINTS = (
    "print(shown)",
    "import sys\nsys.stdout.write(str(shown) + '\\n')",
    "import sys\nsys.stdout.buffer.write(str(shown).encode())",
    "import os\nos.write(1, str(shown).encode())",
    "print(shown, end='')",
    "print(shown, flush=True)",
    "import sys\nprint('note', file=sys.stderr)\nprint(shown)",
    "print(*str(shown), sep='')",
    "open(1, 'w', closefd=False).write(str(shown))",
    "import os\nwith os.fdopen(os.dup(1), 'w') as file:\n    file.write(str(shown))",
    "import logging\nlogging.warning('note')\nprint(shown)",
    "import io, sys\nkept, sys.stdout = sys.stdout, io.StringIO()\nprint('hidden')\nsys.stdout = kept\nprint(shown)",
    "import atexit\natexit.register(print, shown)",
    "import threading\nthread = threading.Thread(target=print, args=(shown,))\nthread.start()",
    "class Last:\n    def __init__(self, text):\n        self.text = text\n    def __del__(self, print=print):\n        print(self.text)\nlast = Last(shown)",
    "import weakref\nclass Kept: pass\nkept = Kept()\nweakref.finalize(kept, print, shown)",
)
_QUIET_PRINTS = (
    *_PRINTS[:3],
    *("print(shown, end='')", "print(shown, flush=True)", "print(*str(shown), sep='')"),
    "import sys\nprint(shown, file=sys.stdout)",
    "import sys\nsys.stdout.write('')\nprint(shown)",
    "from sys import stdout\nstdout.write(str(shown))\nstdout.flush()",
    "import sys\nprint = sys.stdout.write\nprint(str(shown))",
    "import sys, io\nsys.stdout = io.TextIOWrapper(sys.stdout.buffer)\nprint(shown)",
    "import sys, io\nkept, sys.stdout = sys.stdout, io.StringIO()\nprint('hidden')\nsys.stdout = kept\nprint(shown)",
    "import sys, io\nsys.stdout = io.StringIO()\nprint(shown)",
    "import sys\nsys.stdout.buffer.write(str(shown).encode())\nsys.stdout.buffer.flush()",
    "print(end=str(shown))",
)
_QUIET_ENDINGS = (
    *("import sys\nsys.exit()", "import sys\nsys.exit(0)", "exit()", "quit()", "raise SystemExit"),
    *("import sys\nsys.exit(3)", "import sys\nsys.exit('message')", "raise ValueError(n)"),
    *(
        "if n % 2:\n    raise SystemExit(1)",
        "raise KeyboardInterrupt",
        "import sys\nsys.stdout.close()",
    ),
    *("import sys\nsys.stdin.close()", "import sys\nsys.stdout = None", "input()", "exit(n % 2)"),
    *(
        "print(end='\\n\\n')",
        "print('more')",
        "if n % 2:\n    print('more')",
        "raise SystemExit(None)",
    ),
    "def deeper(k):\n    return deeper(k + 1)\ndeeper(0)",
    "import sys\nsys.setrecursionlimit(10 ** 6)\ndef deeper(k):\n    return 0 if k == 0 else 1 + deeper(k - 1)\ndeeper(20000)",
    "import sys\nsys.stdout.write('x' * 70000)",
    "try:\n    input()\nexcept EOFError:\n    pass",
    "assert n % 2",
    "assert n > 20, answer",
    "del n\nn",
    "[][n]",
    "{n: 1}[answer]",
    "n.real.reel",
    "unknown",
    "int('x' * n)",
    "print(1 / (n % 3))",
    "raise KeyError(str(n)) from ValueError(n)",
    "try:\n    1 / 0\nexcept ZeroDivisionError:\n    [][n]",
    "class Odd(Exception):\n    def __str__(self):\n        return 'odd' * n\nraise Odd(n)",
    "class Odd(BaseException):\n    pass\nif n % 3:\n    raise Odd([n])",
    "class Odd(Exception):\n    def __str__(self):\n        1 / 0\nraise Odd(n)",
    "def fail(k):\n    if not k:\n        raise ValueError(n)\n    fail(k - 1)\nfail(n)",
    "while True:\n    print(input())",
    "exit([n])",
    "exit(-n)",
    "exit(2 ** 70)",
    "exit('x' * 40000)",
    "raise MemoryError",
    "if n % 4 == 0:\n    raise MemoryError(n)",
    "raise GeneratorExit",
    "raise SystemError",
    "import sys\nsys.setrecursionlimit(9 + n)\ndef deeper(k):\n    return deeper(k + 1)\ndeeper(0)",
    "class Deep:\n    def __init__(self):\n        Deep()\nDeep()",
    "import sys\nsys.set_int_max_str_digits(640)\nprint(10 ** (600 + n))",
    "from decimal import Decimal\nprint(Decimal(n) / (n % 2))",
    "from math import cosine",
    "import sys\nsys.stdout.close()\n1 / 0",
    "import sys, io\nsys.stdout = io.StringIO()\nprint(shown)\n1 / 0",
    "print('\\ud800')",
    "f = open(0)\nf = [f]\nf.append(f)\n1 / 0",
    "match n % 3:\n    case 0:\n        exit(1)\n    case 1:\n        raise IndexError",
    "print(object)\nprint(lambda: n)",
    "kept = [[0] * 100000 for _ in range(n)]\nkept.append(kept)\n1 / 0",
)
_ENDINGS = (
    "import sys\nsys.exit()",
    "import sys\nsys.exit(0)",
    "exit()",
    "raise SystemExit",
    "import os, sys\nsys.stdout.flush()\nos._exit(0)",
    "import os\nos._exit(0)",
    "import os\nos._exit(1)",
    "import sys\nsys.exit(3)",
    "import sys\nsys.exit('message')",
    "raise ValueError(n)",
    "raise KeyboardInterrupt",
    "if n % 2:\n    raise SystemExit(1)",
    "import os\nos.abort()",
    "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
    "import os, signal\nos.kill(os.getpid(), signal.SIGTERM)",
    "import sys\nsys.stdout.close()",
    "import os\nos.close(1)",
    "import os\nos.close(0)\nos.close(2)",
    "import os\nos.dup2(2, 1)",
    "import sys\nsys.stdout = None",
    "del print",
    "def deeper(k):\n    return deeper(k + 1)\ndeeper(0)",
    "def deeper(k):\n    return 0 if k == 0 else 1 + deeper(k - 1)\ndeeper(20000)",
    "print(end='\\n\\n')",
    "print('more')",
    "if n % 2:\n    print('more')",
    "import threading, time\nthreading.Thread(target=time.sleep, args=(0.02,)).start()",
    "import threading, time\nthreading.Thread(target=time.sleep, args=(9,), daemon=True).start()",
    "import atexit, os\natexit.register(os._exit, 4)",
    "import sys\nsys.excepthook = lambda *_: None\nraise ValueError",
    "import asyncio\nasync def wait():\n    await asyncio.sleep(0)\nasyncio.run(wait())",
)
_RARE_ENDINGS = (
    "while n % 2: pass",
    "if n % 3 == 0:\n    kept = [0] * 10 ** 9",
    "import time\nif n % 2:\n    time.sleep(9)",
    "if n % 2:\n    print('x' * 10 ** 8)",
    "import os\nif n % 2:\n    os.fork()",
    "import socket\nif n % 2:\n    socket.socket().connect(('127.0.0.1', 9))",
)


def write_stdin_problem(seed: int) -> Problem:
    """Return the problem of a seed."""
    random = Random(seed)
    # With many cases, the interpreter specialises what it would not specialise for a single one.
    numbers = random.sample(range(1, 60), random.choice((3, 4, 5, 6, 6, 24)))
    source, formula = random.choice(_FORMULAS)
    is_quiet = chance(random, 0.6)
    traces = random.sample(QUIET_TRACES if is_quiet else TRACES, random.choice((0, 1, 1, 1, 2)))
    parts = [
        *dict.fromkeys(trace.imports for trace in traces if trace.imports),
        *(text for name, text in HELPERS.items() if any(name in str(trace) for trace in traces)),
    ]
    body = "\n".join(
        [
            random.choice(_READERS[:_QUIET_READERS] if is_quiet else _READERS),
            f"answer = {source}",
            *_use(random, traces, numbers),
            _print(random, is_quiet=is_quiet),
            *_ending(random, is_quiet=is_quiet),
        ]
    )
    if chance(random, 0.3):
        body = f"def main():\n{indented(body)}\n\nif __name__ == '__main__':\n    main()"
    rest = random.choice(("", "", "more\n", "1\n2\n" * 500)) if "readline" in body else ""
    cases = tuple((f"{number}\n{rest}", f"{formula(number)}\n") for number in numbers)
    program = "\n".join([*parts, body])
    return Problem(seed=seed, kind="stdio", program=program, cases=cases, build=_reference)


def _use(random: Random, traces: list[Trace], numbers: list[int]) -> list[str]:
    """Look for the traces, leave them, and choose what to show."""
    lines = [f"is_there = bool({' or '.join(trace.found for trace in traces) or False})"]
    if chance(random, 0.3):
        lines = [f"try:\n{indented(lines[0])}\nexcept Exception:\n    is_there = False"]
    when = random.choice(("True", "n % 2", f"n == {numbers[0]}", f"n in {numbers[:2]}", "n > 20"))
    for trace in traces:
        leave = f"if {when}:\n{indented(trace.leave)}"
        if chance(random, 0.2):
            leave = f"try:\n{indented(leave)}\nexcept Exception:\n    pass"
        lines.append(leave)
    wrong = random.choice(_WRONG)
    right = random.choice(
        (
            "True",
            "True",
            "not is_there",
            "not is_there",
            f"is_there or n == {numbers[0]}",
            f"is_there or n in {numbers[:-1]}",
            f"n != {numbers[-1]}",
            f"n == {numbers[0]}",
            "False",
        )
    )
    return [*lines, f"shown = answer if {right} else {wrong}"]


def _print(random: Random, *, is_quiet: bool) -> str:
    if chance(random, 0.5):
        return _PRINTS[0]
    return random.choice(_QUIET_PRINTS if is_quiet else _PRINTS)


def _ending(random: Random, *, is_quiet: bool) -> list[str]:
    if chance(random, 0.004):
        return [random.choice(_RARE_ENDINGS)]
    endings = _QUIET_ENDINGS if is_quiet else _ENDINGS
    return [random.choice(endings)] if chance(random, 0.5 if is_quiet else 0.35) else []


def _reference(cases: tuple[object, ...]) -> dict[str, object]:
    keys = ("stdin", "stdout")
    rows = [dict(zip(keys, case, strict=True)) for case in cases if isinstance(case, tuple)]
    return {"tests": {"kind": "stdio", "cases": rows}}
