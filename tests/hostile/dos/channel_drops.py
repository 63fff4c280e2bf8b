# tries: to wake our process once for each byte of a long message
# must: output_limit_exceeded|time_limit_exceeded|wrong_answer
# asked: call
# limits: cpu_seconds=0.2

import os


def f(_):
    os.write(3, (2**20).to_bytes(4, "big"))
    while True:
        os.write(3, b"x")
