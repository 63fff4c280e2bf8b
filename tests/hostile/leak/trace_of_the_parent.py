# tries: to trace its parent
# must: security_violation
# interpreter: runtime_error

import ctypes, os

libc = ctypes.CDLL(None)
for request in (0x4206, 16):
    if libc.ptrace(request, os.getppid(), 0, 0) == 0:
        print("BREACH")
