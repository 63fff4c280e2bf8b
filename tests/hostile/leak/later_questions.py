# tries: to read the next question before it has answered this one
# must: time_limit_exceeded|wrong_answer|runtime_error
# asked: call
# cases: 3
# limits: wall_seconds=0.3

import os, select


def f(number):
    if select.select([3], [], [], 0.05)[0]:
        print("BREACH", os.read(3, 999), flush=True)
    return number
