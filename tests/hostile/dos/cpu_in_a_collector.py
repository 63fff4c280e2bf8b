# tries: to loop in a callback of the garbage collector
# must: time_limit_exceeded
# limits: cpu_seconds=0.2

import gc


def callback(*_):
    while True:
        pass


gc.callbacks.append(callback)
gc.collect()
