# tries: to sleep so often that no look finds it running
# must: time_limit_exceeded
# limits: cpu_seconds=0.2 wall_seconds=4

import os, threading

a, b = os.pipe()
c, d = os.pipe()


def answer():
    while True:
        os.write(d, os.read(a, 1))


threading.Thread(target=answer, daemon=True).start()
while True:
    os.write(b, b"x")
    os.read(c, 1)
