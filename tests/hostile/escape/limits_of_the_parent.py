# tries: to take the limits, the priority and the processors of its parent
# must: harmless|runtime_error

import os, resource

parent = os.getppid()
tries = {
    "prlimit": lambda: resource.prlimit(parent, resource.RLIMIT_NOFILE, (0, 0)),
    "prlimit of the host": lambda: resource.prlimit(HOST_PID, resource.RLIMIT_CPU, (1, 1)),
    "priority": lambda: os.setpriority(os.PRIO_PROCESS, parent, 19),
    "priority of the group": lambda: os.setpriority(os.PRIO_PGRP, os.getpgid(parent), 19),
    "processors": lambda: os.sched_setaffinity(parent, {0}),
    "policy": lambda: os.sched_setscheduler(parent, os.SCHED_IDLE, os.sched_param(0)),
    "group": lambda: os.setpgid(parent, 0),
}
for name, attempt in tries.items():
    try:
        attempt()
        print("BREACH", name)
    except (OSError, AttributeError):
        pass
