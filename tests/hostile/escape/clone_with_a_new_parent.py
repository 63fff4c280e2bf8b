# tries: to start a process that is a child of our process, and not its own
# must: security_violation
# interpreter: runtime_error
# machine: x86_64

import ctypes, os

if ctypes.CDLL(None).syscall(56, 0x8000 | 17, 0, 0, 0, 0) == 0:
    os._exit(0)
print("BREACH")
