# tries: to spend its time in a handler that signals interrupt
# must: time_limit_exceeded
# interpreter: time_limit_exceeded|runtime_error
# limits: cpu_seconds=0.2

import signal


def handle(*_):
    while True:
        pass


signal.signal(signal.SIGALRM, handle)
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
while True:
    pass
