# tries: to look like a process that has ended, or that uses nothing, by its name
# must: time_limit_exceeded
# interpreter: runtime_error
# limits: cpu_seconds=0.2

import ctypes

libc = ctypes.CDLL(None)
libc.prctl(15, ctypes.create_string_buffer(b") Z 1 1 1 0 0"), 0, 0, 0)
while True:
    pass
