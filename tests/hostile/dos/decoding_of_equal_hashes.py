# tries: to let our process compare long values whose hashes are equal
# must: wrong_answer|output_limit_exceeded|runtime_error
# asked: call
# limits: cpu_seconds=2 wall_seconds=4 memory_mb=128

import os


def f(_):
    rows = []
    for number in range(500):
        bits = [-1 if number >> bit & 1 else -2 for bit in range(10)]
        rows.append('{"t":[' + "7," * 600 + ",".join(map(str, bits)) + "]}")
    text = ('["value",{"d":[' + ",".join(f"[{row},0]" for row in rows) + "]}]").encode()
    os.write(3, len(text).to_bytes(4, "big"))
    rest = memoryview(text)
    while rest:
        rest = rest[os.write(3, rest) :]
    os._exit(0)
