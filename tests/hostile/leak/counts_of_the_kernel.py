# tries: to learn what runs beside it by its own times of waiting
# must: harmless|runtime_error

import os, resource

for path in ("/proc/self/schedstat", "/proc/self/status", "/proc/self/io", "/proc/self/stat"):
    try:
        print("BREACH", open(path).read())
    except OSError:
        pass
usage = resource.getrusage(resource.RUSAGE_SELF)
print(usage.ru_nvcsw >= 0)
