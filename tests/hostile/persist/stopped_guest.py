# tries: to stop itself at its end, so that it is never reaped
# must: time_limit_exceeded
# cases: 2
# limits: wall_seconds=0.3

import atexit, os, signal

atexit.register(os.kill, os.getpid(), signal.SIGSTOP)
