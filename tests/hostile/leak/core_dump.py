# tries: to leave an image of its memory, which the machine may show to others
# must: runtime_error

import os, resource, signal

try:
    resource.setrlimit(resource.RLIMIT_CORE, (2**20, 2**20))
except (OSError, ValueError):
    pass
print(resource.getrlimit(resource.RLIMIT_CORE), flush=True)
signal.raise_signal(signal.SIGSEGV)
