# tries: to send half of a message and to wait
# must: time_limit_exceeded
# asked: call
# limits: wall_seconds=0.3

import os, time


def f(_):
    os.write(3, (1000).to_bytes(4, "big") + b"x" * 10)
    time.sleep(100)
