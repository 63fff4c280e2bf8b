# tries: to run before all others
# must: harmless

import os

tries = [
    lambda: os.setpriority(os.PRIO_PROCESS, 0, -20),
    lambda: os.setpriority(os.PRIO_USER, 0, -20),
    lambda: os.setpriority(os.PRIO_PGRP, 0, -20),
    lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)),
    lambda: os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1)),
    lambda: os.nice(-5),
]
for attempt in tries:
    try:
        attempt()
        print("BREACH", tries.index(attempt))
    except (OSError, AttributeError):
        pass
