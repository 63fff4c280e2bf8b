# tries: to sleep in C with the interpreter's lock held
# must: time_limit_exceeded
# interpreter: runtime_error
# limits: wall_seconds=0.4

import ctypes

ctypes.PyDLL(None).sleep(1000)
