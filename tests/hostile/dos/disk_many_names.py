# tries: to fill the disk with names that need no bytes
# must: output_limit_exceeded
# limits: cpu_seconds=5 wall_seconds=8

import os, time

for number in range(4000):
    os.close(os.open(f"{number:0250}", os.O_CREAT | os.O_WRONLY))
time.sleep(8)
