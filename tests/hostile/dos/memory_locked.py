# tries: to keep memory from being moved to disk, and to lock all of it
# must: harmless
# interpreter: runtime_error

import ctypes

libc = ctypes.CDLL(None)
if libc.mlockall(3) == 0:
    print("BREACH")
