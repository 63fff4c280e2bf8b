# tries: to serve its own page faults, and so to hold the kernel within a call
# must: security_violation
# interpreter: runtime_error
# machine: x86_64

import ctypes

if ctypes.CDLL(None).syscall(323, 1) >= 0:
    print("BREACH")
