# tries: to send an answer that takes much more memory than bytes
# must: wrong_answer|output_limit_exceeded|runtime_error
# asked: call
# limits: cpu_seconds=2 wall_seconds=4 memory_mb=128

import os


def f(_):
    text = ('["value",[' + ",".join(['{"q":[null,[]]}'] * 60_000) + "]]").encode()
    os.write(3, len(text).to_bytes(4, "big"))
    rest = memoryview(text)
    while rest:
        rest = rest[os.write(3, rest) :]
    os._exit(0)
