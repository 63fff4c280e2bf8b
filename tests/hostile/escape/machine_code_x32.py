# tries: to fork by the second set of numbers
# must: security_violation
# interpreter: runtime_error
# machine: x86_64

import ctypes

if ctypes.CDLL(None).syscall(0x40000000 | 57) >= 0:
    print("BREACH")
