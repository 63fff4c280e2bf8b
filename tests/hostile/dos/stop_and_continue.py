# tries: to stop itself again and again, so that it never counts as sleeping
# must: time_limit_exceeded
# limits: wall_seconds=0.3

import os, signal, threading, time

os.kill(os.getpid(), signal.SIGSTOP)
time.sleep(100)
