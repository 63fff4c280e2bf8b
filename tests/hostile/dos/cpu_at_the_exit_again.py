# tries: to register itself anew at each exit
# must: harmless

import atexit


def again():
    atexit.register(again)
    for _ in range(1000):
        pass


atexit.register(again)
