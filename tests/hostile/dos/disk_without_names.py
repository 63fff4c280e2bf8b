# tries: to fill the disk with files that no directory holds
# must: output_limit_exceeded|harmless|runtime_error
# limits: cpu_seconds=3 wall_seconds=6

import os, time

held = []
for number in range(60):
    held.append(os.open("x", os.O_CREAT | os.O_RDWR))
    os.unlink("x")
    os.write(held[-1], bytes(2**19))
time.sleep(1)
if len(held) == 60:
    print("BREACH")
