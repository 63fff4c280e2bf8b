# tries: to let the stack grow without an end
# must: memory_limit_exceeded|runtime_error
# limits: cpu_seconds=3 wall_seconds=5

import sys

sys.setrecursionlimit(2**31 - 100)


class Deep:
    def __getattr__(self, name):
        return getattr(self, name + "x")


Deep().a
