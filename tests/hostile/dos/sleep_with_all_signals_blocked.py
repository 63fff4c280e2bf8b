# tries: to be deaf while it sleeps
# must: time_limit_exceeded
# limits: wall_seconds=0.3

import signal, time

signal.pthread_sigmask(signal.SIG_BLOCK, range(1, signal.NSIG))
while True:
    time.sleep(100)
