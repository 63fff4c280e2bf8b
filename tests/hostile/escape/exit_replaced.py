# tries: to stay alive by functions that our code calls at its end
# must: harmless|runtime_error|time_limit_exceeded
# limits: wall_seconds=0.4

import atexit, os, posix, sys

os._exit = posix._exit = sys.exit = lambda *_: None
atexit._run_exitfuncs = lambda *_: None
print("an answer")
