# tries: to open a socket by the number of the call
# must: security_violation
# interpreter: runtime_error

import ctypes

libc = ctypes.CDLL(None)
if libc.socket(2, 1, 0) >= 0:
    print("BREACH")
