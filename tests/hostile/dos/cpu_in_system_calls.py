# tries: to spend the kernel's time, which is no time of the program
# must: time_limit_exceeded
# limits: cpu_seconds=0.2

import os

while True:
    for _ in range(1000):
        os.getppid()
