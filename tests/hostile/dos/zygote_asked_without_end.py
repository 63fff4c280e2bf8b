# tries: to keep its zygote busy with requests
# must: time_limit_exceeded|runtime_error
# limits: cpu_seconds=0.2 wall_seconds=0.5

import os

while True:
    try:
        os.write(4, bytes(4) + b"x" * 4000)
    except BlockingIOError:
        pass
