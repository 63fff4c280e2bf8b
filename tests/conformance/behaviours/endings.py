"""Programs that end in different ways, and programs that look for what an earlier guest left."""

from nova_code_verifier.sandbox.types import Ending
from tests.conformance.behaviours.behaviour import Variant, ends, exits

EXITS = {
    "normally": Variant(program="print(1)", expected=exits(0)),
    "with a status": Variant(program="import sys; sys.exit(3)", expected=exits(3)),
    "with a text": Variant(program="import sys; sys.exit('no')", expected=exits(1)),
    "at once": Variant(program="import os; os._exit(7)", expected=exits(7)),
    "with an exception": Variant(program="1 / 0", expected=exits(1, error="ZeroDivisionError")),
    "with an exception of its own": Variant(
        program="class Own(Exception): pass\nraise Own", expected=exits(1, error="Own")
    ),
    "with an interrupt": Variant(
        program="raise KeyboardInterrupt", expected=exits(130, error="KeyboardInterrupt")
    ),
    "not at all, as it is no program": Variant(
        program="print(", expected=ends(Ending.NOT_COMPILED)
    ),
}

# Asked several times, each finds nothing of the guest before it.
PLANTING = {
    "files": "import os\nprint(os.listdir())\n"
    "for name in ('planted', '.planted'): open(name, 'w').close()",
    "names": "import builtins, sys\nprint(hasattr(builtins, 'planted'), 'planted' in sys.modules)\n"
    "builtins.planted = sys.modules['planted'] = 1",
    "environment": "import os\nprint('PLANTED' in os.environ)\nos.environ['PLANTED'] = '1'",
    "mask of modes": "import os\nprint(os.umask(0o177) == 0o177)",
    "limits": "import resource as r\nprint(r.getrlimit(r.RLIMIT_NOFILE)[1] == 9)\n"
    "r.setrlimit(r.RLIMIT_NOFILE, (9, 9))",
    "random numbers": "import random\nprint(random.random() == 0.5)\nrandom.random = lambda: 0.5",
    "current directory": "import os\nprint(os.path.exists('../d'))\nos.mkdir('d'); os.chdir('d')",
    "signals": "import signal\nprint(signal.getsignal(10) is signal.SIG_IGN)\n"
    "signal.signal(10, signal.SIG_IGN); signal.alarm(30)",
}

FORKS = {
    "a child that sleeps": "import os, time\nif os.fork() == 0: time.sleep(1000)",
    "a grandchild in a session of its own": "import os, time\nif os.fork() == 0:\n    os.setsid()\n"
    "    if os.fork() == 0: time.sleep(1000)\n    os._exit(0)",
}
