# tries: to sleep when the interpreter frees the last object
# must: time_limit_exceeded
# limits: wall_seconds=0.3

import time


class Last:
    def __del__(self, sleep=time.sleep):
        sleep(100)


kept = Last()
