# tries: to fill the memory with the stacks of many threads
# must: memory_limit_exceeded
# limits: cpu_seconds=5 wall_seconds=8

import sys, threading

sys.setrecursionlimit(10**6)
threading.stack_size(2**24)
ready = threading.Event()


def dive(depth):
    if depth:
        return dive(depth - 1)
    ready.wait()


def hold():
    kept = [bytearray(2**20)]
    str.join("", map(str, [dive(200)]))
    return kept


for _ in range(120):
    threading.Thread(target=hold, daemon=True).start()
ready.wait(5)
