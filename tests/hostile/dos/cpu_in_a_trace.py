# tries: to loop in a trace function whenever our code calls anything
# must: time_limit_exceeded
# limits: cpu_seconds=0.2

import sys, threading


def trace(*_):
    while True:
        pass


threading.setprofile(trace)
sys.setprofile(trace)
