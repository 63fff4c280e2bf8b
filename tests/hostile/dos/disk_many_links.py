# tries: to fill the disk with names of one file
# must: output_limit_exceeded
# interpreter: runtime_error
# limits: cpu_seconds=5 wall_seconds=8

import os, time

open("x", "w").close()
for number in range(4000):
    os.link("x", str(number))
time.sleep(8)
