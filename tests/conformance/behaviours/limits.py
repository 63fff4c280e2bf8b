"""Programs that use too much, never end, or end in an odd way, by what must become of them."""

from nova_code_verifier.sandbox.types import Ending

BUSY = {
    "loop": "while True: pass",
    "the signal of the kernel's limit": "import os, signal\nos.kill(os.getpid(), signal.SIGXCPU)",
    "loop in a thread": "import threading\ndef f():\n    while True: pass\n"
    "threading.Thread(target=f).start()",
    "loops in threads": "import threading\ndef f():\n    while True: pass\n"
    "for _ in range(8): threading.Thread(target=f, daemon=True).start()\nf()",
    "loop that catches everything": "while True:\n    try:\n        while True: pass\n"
    "    except BaseException: pass",
    "loop in C": "10 ** 10 ** 8",
    "loop in a regular expression": "import re; re.match('(a+)+$', 'a' * 40 + 'b')",
    "loop in sum": "sum(range(10**12))",
    "loop at the end": "import atexit\n@atexit.register\ndef f():\n    while True: pass",
    "loop in a finaliser": "class A:\n    def __del__(self):\n        while True: pass\na = A()",
    "loop in an excepthook": "import sys\ndef hook(*_):\n    while True: pass\n"
    "sys.excepthook = hook\n1 / 0",
    "loop in the text of an exception": "class E(Exception):\n    def __str__(self):\n"
    "        while True: pass\nraise E",
    "loop in a stream": "import sys\nclass S:\n    closed = False\n    def write(self, _): pass\n"
    "    def flush(self):\n        while True: pass\nsys.stdout = S()",
    "loop after closing all": "import os\nos.closerange(0, 256)\nwhile True: pass",
    "loop after closing stdout": "import os\nos.close(1)\nwhile True: pass",
    "loop after closing stdin": "import os\nos.close(0)\nwhile True: pass",
    "loop that forks no more": "import os\nos.close(3)\nwhile True: pass",
    "signals ignored": "import signal\nfor s in set(signal.Signals) - {9, 19}:\n"
    "    signal.signal(s, signal.SIG_IGN)\nwhile True: pass",
    "signals handled": "import signal\nfor s in set(signal.Signals) - {9, 19}:\n"
    "    signal.signal(s, lambda *_: None)\nwhile True: pass",
    "signals blocked": "import signal\nsignal.pthread_sigmask(0, range(1, 65))\nwhile True: pass",
    "limit raised": "import resource\nresource.setrlimit(resource.RLIMIT_CPU, resource.getrlimit("
    "resource.RLIMIT_CPU))\nwhile True: pass",
    "limit raised to infinity": "import resource\n"
    "resource.setrlimit(resource.RLIMIT_CPU, (-1, -1))\nwhile True: pass",
    "changes of a mode": "import os\nopen('x', 'w').close()\nwhile True: os.chmod('x', 0o600)",
}

SLEEPING = {
    "sleep": "import time; time.sleep(1000)",
    "sleep in a thread": "import threading, time\nthreading.Thread(target=time.sleep, args=(1000,))"
    ".start()",
    "sleep in many threads": "import threading, time\n"
    "for _ in range(20): threading.Thread(target=time.sleep, args=(1000,)).start()",
    "wait for oneself": "import threading; l = threading.Lock(); l.acquire(); l.acquire()",
    "wait for a pipe": "import os; r, w = os.pipe(); os.read(r, 1)",
    "wait for the channel": "import os; os.read(3, 1)",
    "stop oneself": "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)",
    "pause": "import signal; signal.pause()",
    "sleep after closing all": "import os, time\nos.closerange(0, 256)\ntime.sleep(1000)",
    "asyncio": "import asyncio; asyncio.run(asyncio.sleep(1000))",
    "sleep at the end": "import atexit, time; atexit.register(time.sleep, 1000)",
}

BIG = {
    "list": "a = []\nwhile True: a.append(' ' * 1000)",
    "list that doubles": "a = [0]\nwhile True: a += a",
    "bytearray": "b = bytearray(10**10)",
    "bytearrays": "a = []\nwhile True: a.append(bytearray(b'x' * 10**7))",
    "str": "s = 'x' * 10**11",
    "int": "n = 1 << 10**11",
    "range": "list(range(10**10))",
    "nested data": "a = []\nwhile True: a = [a, a]",
    "dict": "d = {}\nwhile True: d[len(d)] = str(len(d)) * 9",
    "mmap": "import mmap\na = []\nwhile True:\n"
    "    a.append(mmap.mmap(-1, 2**24))\n    a[-1].write(b'x' * 2**24)",
    "in threads": "import threading\ndef f():\n    a = []\n    while True: a.append('x' * 10**5)\n"
    "for _ in range(4): threading.Thread(target=f).start()",
    "caught": "a = []\nwhile True:\n    try:\n        while True: a.append('x' * 10**6)\n"
    "    except MemoryError: pass",
    "recursion": "import sys\nsys.setrecursionlimit(10**9)\ndef f(n): return f([n] * 999)\nf(0)",
    "joined": "x = ','.join(map(str, range(10**9)))",
    "comprehension": "x = [[0] * 1000 for _ in range(10**9)]",
}

LOUD = {
    "stdout": "while True: print('x' * 1000)",
    "stdout without newlines": "import sys\nwhile True: sys.stdout.write('x' * 10**6)",
    "stderr": "import sys\nwhile True: print('x' * 1000, file=sys.stderr)",
    "both": "import os\nwhile True: os.write(1, b'x' * 999), os.write(2, b'x' * 999)",
    "one write": "import os; os.write(1, b'x' * 10**7)",
    "one print": "print('x' * (2**21 + 1))",
    "from threads": "import threading, os\ndef f():\n    while True: os.write(1, b'x' * 5000)\n"
    "for _ in range(8): threading.Thread(target=f).start()",
    "at the end": "import atexit, os\n@atexit.register\ndef f():\n"
    "    while True: os.write(1, b'x' * 9999)",
    "then sleep": "import os, time; os.write(1, b'x' * 3 * 2**20); time.sleep(1000)",
    "channel": "import os\nwhile True: os.write(3, b'\\x7f' * 9999)",
}

FULL = {
    "many files": "import itertools, time\nfor n in itertools.count():\n"
    "    open(str(n), 'w').close() if n < 3000 else time.sleep(1)",
    "many files in folders": "import os, time\nfor n in range(60):\n    os.mkdir(str(n))\n"
    "    for m in range(50): open(f'{n}/{m}', 'w').close()\ntime.sleep(1000)",
    "many files in /tmp": "import itertools, time\nfor n in itertools.count():\n"
    "    open(f'/tmp/{n}', 'w').close() if n < 3000 else time.sleep(1)",
    "full files in /tmp": "import itertools, time\nfor n in range(12):\n"
    "    open(f'/tmp/{n}', 'wb').write(bytes(10**6))\ntime.sleep(1000)",
    "full files": "import itertools, time\nfor n in range(12):\n"
    "    open(str(n), 'wb').write(bytes(10**6))\ntime.sleep(1000)",
}

UNSEEN = {
    "files deep down": """
import os
for _ in range(30): os.mkdir('d' * 200); os.chdir('d' * 200)
for n in range(16): os.write(os.open(str(n), os.O_CREAT | os.O_WRONLY), bytes(10**6))
""",
    "files without a name": """
import os
for n in range(16):
    fd = os.open('x', os.O_CREAT | os.O_WRONLY)
    os.unlink('x')
    os.write(fd, bytes(10**6))
""",
    "files in memory": """
import os
held = [os.memfd_create(str(n)) for n in range(64)]
for fd in held: os.write(fd, bytes(2 * 10**6))
""",
    "threads": """
import _thread
_thread.stack_size(32768)
lock = _thread.allocate_lock()
lock.acquire()
for _ in range(600): _thread.start_new_thread(lock.acquire, ())
""",
}

MANY = {
    "os.fork": "import os\nwhile True: os.fork()",
    "subprocess": "import subprocess\nwhile True: subprocess.Popen(['sleep', '1000'])",
    "subprocess, caught": "import subprocess\ntry: subprocess.run('true', shell=True)\n"
    "except OSError: pass",
    "popen": "import os\nos.popen('sleep 1000')",
    "system": "import os\nwhile True: os.system('sleep 1000 &')",
    "posix.system": "import posix\nwhile True: posix.system('sleep 1000 &')",
    "posix_spawn": "import os\nwhile True: os.posix_spawn('/bin/sleep', ['sleep', '1000'], {})",
    "forkpty": "import os\nwhile True: os.forkpty()",
    "fork, caught": "import os\nwhile True:\n    try: os.fork()\n    except BaseException: pass",
    "pty": "import pty; pty.spawn(['sleep', '1000'])",
}

NATIVE_MANY = {
    "fork": "import ctypes; ctypes.CDLL(None).fork()",
    "vfork": "import ctypes; ctypes.CDLL(None).syscall(58)",
    "clone": "import ctypes; ctypes.CDLL(None).syscall(56, 17, 0, 0, 0, 0)",
    "fork_exec": """
import _imp, os, sys
folder = os.path.join(os.path.dirname(os.__file__), 'lib-dynload')
class Spec:
    name = '_posixsubprocess'
    origin = ''.join(f'{folder}/{n}' for n in os.listdir(folder) if n.startswith('_posixsubp'))
module = _imp.create_dynamic(Spec) if Spec.origin else _imp.create_builtin(Spec)
_imp.exec_dynamic(module)
with_vfork = (False,) if sys.version_info < (3, 14) else ()
module.fork_exec([b'x'], [b'/bin/true'], True, (), None, None, -1, -1, -1, -1, -1, -1, *os.pipe(),
                 False, False, 0, None, None, None, -1, None, *with_vfork)
""",
}

# Programs and libraries try these in passing, and can do without.
UNNECESSARY = {
    "multiprocessing": "from multiprocessing import Process\n"
    "for _ in range(9):\n    try: Process(target=int).start()\n    except OSError: pass",
    "multiprocessing.Pool": "from multiprocessing import Pool\ntry: Pool(2)\nexcept OSError: pass",
    "multiprocessing, another start": "from multiprocessing import get_context\n"
    "try: get_context('spawn').Process(target=int).start()\nexcept (ImportError, OSError): pass",
    "ProcessPoolExecutor": "from concurrent.futures import ProcessPoolExecutor as P\n"
    "try: P(2).submit(int).result()\nexcept OSError: pass",
    "platform": "import platform\nplatform.platform(), platform.processor()",
    "asyncio": "import asyncio\nasync def main():\n"
    "    try: await asyncio.create_subprocess_exec('sleep', '1000')\n    except OSError: pass\n"
    "asyncio.run(main())",
}

LITTER = {
    "files in /tmp": "import os\nos.makedirs('/tmp/a/b'); open('/tmp/a/b/c', 'w').close()\n"
    "open('/dev/shm/x', 'w').close(); os.mkdir('/tmp/d', 0)",
    "/tmp closed to all": "import os; open('/tmp/x', 'w').close(); os.chmod('/tmp', 0)",
    "/tmp removed": "import os; os.rmdir('/tmp')",
    "/tmp renamed": "import os; os.rename('/tmp', 'tmp')",
    "/tmp replaced": "import os; os.mkdir('d'); os.rename('d', '/tmp')",
    "files without rights": "import os\nopen('x', 'w').close(); os.chmod('x', 0)\n"
    "os.mkdir('d'); open('d/y', 'w').close(); os.chmod('d/y', 0o400); os.chmod('d', 0o500)",
    "deep folders": "import os\nfor _ in range(5000): os.mkdir('d'); os.chdir('d')",
    "deep folders with long names": "import os\n"
    "for _ in range(40): os.mkdir('d' * 255); os.chdir('d' * 255)",
    "odd names": "import os\nfor name in (b'\\xff\\xfe', b'a\\nb', b'-rf', b' ', b'x' * 255, b'*',"
    " '\\u65e5\\u672c'.encode(), b'\\x01', b'..x', b'.h'):\n"
    "    os.mkdir(name); open(name + b'/' + name, 'w').close()",
    "a folder closed to all": "import os; os.mkdir('d'); open('d/x', 'w'); os.mkdir('e', 0)",
    "folders closed to all": "import os\nos.umask(0o777)\nos.mkdir('d')",
    "a full folder, then closed": "import os\nos.mkdir('d'); os.mkdir('d/e'); open('d/e/f', 'w')\n"
    "for x in ('d/e/f', 'd/e', 'd'):\n    try: os.chmod(x, 0)\n    except OSError: pass",
    "a closed folder in a folder": "import os; os.mkdir('d'); os.mkdir('d/e', 0)",
    "closed folders, deep": "import os\n"
    "for _ in range(9): os.mkdir('d', 0o300); os.chdir('d')\nos.mkdir('x', 0)",
    "links": "import os\nos.mkdir('d')\nfor n in range(9):\n    os.symlink('/', f'l{n}')\n"
    "    os.symlink('..', f'd/l{n}')\nos.symlink('loop', 'loop')",
    "hard links": "import os\nopen('x', 'w').close()\nfor n in range(99): os.link('x', str(n))",
    "fifo": "import os; os.mkfifo('f')",
    "socket": "import socket; socket.socket(socket.AF_UNIX).bind('s')",
    "sparse file": "import os; f = os.open('x', 65); os.ftruncate(f, 2**20)",
    "the work directory closed": "import os; os.chmod('.', 0)",
    "the work directory removed": "import os; os.rmdir(os.getcwd())",
    "the work directory renamed": "import os; os.rename(os.getcwd(), os.getcwd() + 'x')",
    "names that change": "import os, threading\ndef f():\n    while True:\n"
    "        os.mkdir('a'); os.rename('a', 'b'); os.rmdir('b')\n"
    "threading.Thread(target=f, daemon=True).start()\nimport time; time.sleep(0.05)",
    "open files": "held = [open(str(n), 'w') for n in range(200)]",
    "500 files": "for n in range(500): open(str(n), 'w').close()",
}

CRASHES = {
    "terminate": "import os, signal; os.kill(os.getpid(), signal.SIGTERM)",
    "abort": "import os; os.abort()",
    "segmentation fault": "import signal; signal.raise_signal(signal.SIGSEGV)",
    "bus error": "import signal; signal.raise_signal(signal.SIGBUS)",
}

QUIET = {
    "descriptors": "import os\ntry:\n    while True: os.dup(1)\nexcept OSError: print('enough')",
    "pipes": "import os\ntry:\n    while True: os.pipe()\nexcept OSError: print('enough')",
    "an exception with a huge text": "print('enough', flush=True)\nraise ValueError('x' * 10**6)",
    "an exception whose text fails": "class E(Exception):\n    def __str__(self): 1 / 0\n"
    "print('enough', flush=True)\nraise E",
    "an exception whose text is no text": "class E(Exception):\n    def __str__(self): return 1\n"
    "print('enough', flush=True)\nraise E",
    "an exception with a huge name": "print('enough', flush=True)\n"
    "raise type('E' * 10**6, (Exception,), {})",
    "an exception whose class lies": "class M(type):\n    @property\n    def __name__(cls): 1 / 0\n"
    "class E(Exception, metaclass=M): pass\nprint('enough', flush=True)\nraise E",
    "a chain of exceptions": "print('enough', flush=True)\ne = None\nfor _ in range(5000):\n"
    "    try: raise ValueError from e\n    except ValueError as x: e = x\nraise e",
    "a big file": "try: open('x', 'wb').write(bytes(10**7))\nexcept OSError: print('enough')",
    "memory caught in time": "try: bytearray(10**10)\nexcept MemoryError: print('enough')",
    "cyclic garbage": "for _ in range(10**6): a = []; a.append(a)\nprint('enough')",
    "channel closed": "import os; os.close(3); print('enough')",
    "stdin closed": "import os, sys; sys.stdin.close(); print('enough')",
    "its own limit lowered": "import resource as r\nr.setrlimit(r.RLIMIT_NOFILE, (4, 4))\n"
    "print('enough')",
}

CALLS = {
    "never": ("def f():\n    while True: pass", Ending.OUT_OF_TIME),
    "sleeps": ("def f():\n    import time; time.sleep(1000)", Ending.OUT_OF_TIME),
    "infinite iterator": ("import itertools\ndef f(): return itertools.count()", Ending.UNREADABLE),
    "iterator that sleeps": (
        "import time\ndef f():\n    while True: yield time.sleep(0.1)",
        Ending.OUT_OF_TIME,
    ),
    "iterator that raises": ("def f():\n    yield 1\n    1 / 0", Ending.RAISED),
    "itself": ("def f():\n    a = []; a.append(a)\n    return a", Ending.UNREADABLE),
    "itself in a dict": ("def f():\n    d = {}; d[1] = d\n    return d", Ending.UNREADABLE),
    "deep": (
        "def f():\n    a = []\n    for _ in range(10**5): a = [a]\n    return a",
        Ending.UNREADABLE,
    ),
    "giant text": ("def f(): return 'x' * 10**7", Ending.TOO_MUCH_OUTPUT),
    "giant list": ("def f(): return [1] * 10**7", Ending.OUT_OF_MEMORY),
    "giant int": ("def f(): return 1 << 10**6", Ending.FINISHED),
    "a function": ("def f(): return f", Ending.UNREADABLE),
    "its own class": ("class A: pass\ndef f(): return A()", Ending.UNREADABLE),
    "a class that lies": (
        (
            "class A(list):\n    def __iter__(self): raise KeyError\n"
            "    __class__ = property(lambda self: 1 / 0)\ndef f(): return A([1])"
        ),
        Ending.FINISHED,
    ),
    "exits": ("import sys\ndef f(): sys.exit(0)", Ending.RAISED),
    "leaves": ("import os\ndef f(): os._exit(0)", Ending.CRASHED),
    "aborts": ("import os\ndef f(): os.abort()", Ending.CRASHED),
    "interrupts": ("def f(): raise KeyboardInterrupt", Ending.RAISED),
    "text of error fails": (
        "class E(Exception):\n    def __str__(self): 1 / 0\ndef f(): raise E",
        Ending.RAISED,
    ),
    "text of error never ends": (
        "class E(Exception):\n    def __str__(self):\n        while True: pass\ndef f(): raise E",
        Ending.OUT_OF_TIME,
    ),
    "huge error": ("def f(): raise ValueError('x' * 10**8)", Ending.OUT_OF_MEMORY),
    "answers early": (
        "import os\nos.write(3, b'\\0\\0\\0\\x0b[\"value\",4]')\ndef f(): return 4",
        Ending.UNREADABLE,
    ),
    "answers twice": (
        (
            "import os, time\ndef f():\n    os.write(3, b'\\0\\0\\0\\x0b[\"value\",4]' * 2)\n"
            "    time.sleep(1000)"
        ),
        Ending.FINISHED,
    ),
    "answers by itself": (
        (
            "import os, time\ndef f():\n    os.write(3, b'\\0\\0\\0\\x0b[\"value\",4]')\n"
            "    time.sleep(1000)"
        ),
        Ending.FINISHED,
    ),
    "answers in pieces": (
        (
            "import os, time\ndef f():\n    for b in b'\\0\\0\\0\\x0b[\"value\",4]':\n"
            "        os.write(3, bytes([b])); time.sleep(0.001)\n    time.sleep(1000)"
        ),
        Ending.FINISHED,
    ),
    "answers in part": (
        "import os, time\ndef f():\n    os.write(3, b'\\0\\0\\0\\x0b[\"va'); os._exit(0)",
        Ending.CRASHED,
    ),
    "garbage": (
        "import os\ndef f(): os.write(3, b'\\0\\0\\0\\x04\\xff\\xff\\xff\\xff')",
        Ending.UNREADABLE,
    ),
    "garbage before it is loaded": (
        "import os\nos.write(3, b'\\0\\0\\0\\x04\\xff\\xff\\xff\\xff')\ndef f(): return 4",
        Ending.UNREADABLE,
    ),
    "empty frame": ("import os\ndef f(): os.write(3, bytes(4))", Ending.UNREADABLE),
    "endless frame": ("import os\ndef f(): os.write(3, b'\\xff' * 4)", Ending.TOO_MUCH_OUTPUT),
    "loaded twice": (
        "import os\nos.write(3, b'\\0\\0\\0\\x0a[\"loaded\"]')\ndef f(): return 4",
        Ending.UNREADABLE,
    ),
    "not a value": (
        (
            'import os, time\ndef f():\n    os.write(3, b\'\\0\\0\\0\\x11["value",{"x":1}]\')\n'
            "    time.sleep(9)"
        ),
        Ending.UNREADABLE,
    ),
    "failed by its own word": (
        (
            'import os, time\ndef f():\n    m = b\'["failed","not_compiled","E","m"]\'\n'
            "    os.write(3, bytes([0, 0, 0, len(m)]) + m); os._exit(0)"
        ),
        Ending.NOT_COMPILED,
    ),
    "closes the channel": ("import os\ndef f(): os.close(3)", Ending.CRASHED),
    "shuts the channel": (
        "import socket\ndef f(): socket.socket(1, 1, 0, 3).shutdown(2)",
        Ending.CRASHED,
    ),
    "eats the questions": (
        "import os\ndef f(): os.read(3, 99)\nos.read(3, 99)",
        Ending.OUT_OF_TIME,
    ),
    "closes all": ("import os\ndef f(): os.closerange(0, 256)", Ending.CRASHED),
    "floods stdout": ("def f():\n    while True: print('x' * 1000)", Ending.TOO_MUCH_OUTPUT),
    "forks": ("import os\ndef f(): return os.fork()", Ending.FORBIDDEN),
    "eats memory": (
        "def f():\n    a = []\n    while True: a.append('x' * 10**6)",
        Ending.OUT_OF_MEMORY,
    ),
    "eats memory at once": ("def f(): return bytearray(10**11)", Ending.OUT_OF_MEMORY),
    "never loads": ("while True: pass", Ending.OUT_OF_TIME),
    "fails to load": ("1 / 0\ndef f(): return 4", Ending.NOT_LOADED),
    "leaves while loading": ("import sys\nsys.exit(0)\ndef f(): return 4", Ending.NOT_LOADED),
    "is not there": ("def g(): return 4", Ending.NO_ENTRY_POINT),
    "is no program": ("def f(: return 4", Ending.NOT_COMPILED),
    "thread that never ends": (
        (
            "import threading, time\nthreading.Thread(target=time.sleep, args=(99,)).start()\n"
            "def f(): return 4"
        ),
        Ending.FINISHED,
    ),
    "keys that collide": (
        "def f(): return {i * (2**61 - 1): 0 for i in range(5000)}",
        Ending.UNREADABLE,
    ),
    "a flood of raised words": (
        (
            'import os\ndef f():\n    m = b\'["raised","E","m"]\'\n'
            "    while True: os.write(3, bytes([0, 0, 0, len(m)]) + m)"
        ),
        Ending.RAISED,
    ),
}

NAMELESS = frozenset({"files without a name"})
