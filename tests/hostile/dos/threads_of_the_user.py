# tries: to take all threads that its user may have from the guests beside it
# must: time_limit_exceeded|runtime_error
# cases: 3
# limits: cpu_seconds=2 wall_seconds=0.6

import threading, time

threading.stack_size(65536)
try:
    for _ in range(200):
        threading.Thread(target=time.sleep, args=(9,), daemon=True).start()
except RuntimeError:
    pass
time.sleep(9)
