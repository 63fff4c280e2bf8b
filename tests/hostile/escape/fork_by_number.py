# tries: to fork by the number of the call
# must: security_violation
# interpreter: runtime_error
# machine: x86_64

import ctypes, os

if ctypes.CDLL(None).syscall(57) == 0:
    os._exit(0)
print("BREACH")
