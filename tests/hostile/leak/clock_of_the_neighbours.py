# tries: to learn what other processes do by the counters of the machine
# must: harmless|runtime_error

import os, resource, time

for path in ("/proc/stat", "/proc/loadavg", "/proc/meminfo", "/proc/interrupts", "/proc/schedstat"):
    try:
        print("BREACH", path, open(path).read(50))
    except OSError:
        pass
print(os.times().elapsed > 0, resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime)
