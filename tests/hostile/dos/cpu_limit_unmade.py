# tries: to ignore the signal of the kernel's own limit of processor time
# must: time_limit_exceeded
# limits: cpu_seconds=0.2

import resource, signal

signal.signal(signal.SIGXCPU, signal.SIG_IGN)
try:
    resource.setrlimit(resource.RLIMIT_CPU, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
except (OSError, ValueError):
    pass
while True:
    pass
