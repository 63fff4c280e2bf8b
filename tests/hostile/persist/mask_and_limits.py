# tries: to leave a mask of modes, limits, priorities and processors to the next guest
# must: harmless
# cases: 4

import os, resource, signal

if os.umask(0o777) == 0o777 or resource.getrlimit(resource.RLIMIT_NOFILE)[0] == 7:
    print("BREACH")
for attempt in (
    lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (7, 7)),
    lambda: resource.setrlimit(resource.RLIMIT_STACK, (2**20, 2**20)),
    lambda: os.setpriority(os.PRIO_PROCESS, 0, 19),
    lambda: os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}),
    lambda: os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0)),
    lambda: signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD]),
):
    try:
        attempt()
    except (OSError, AttributeError):
        pass
