# tries: to start its work at the very end, when nobody measures it
# must: time_limit_exceeded|harmless
# cases: 2
# limits: cpu_seconds=0.2 wall_seconds=0.4

import atexit, os, threading


def work():
    while True:
        pass


class Late:
    def __del__(self):
        work()


kept = Late()
atexit.register(lambda: threading.Thread(target=work, daemon=True).start())
