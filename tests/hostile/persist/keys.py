# tries: to leave a key in the kernel
# must: security_violation
# interpreter: runtime_error
# machine: x86_64

import ctypes

name = MADE.encode()
if ctypes.CDLL(None).syscall(248, b"user", name, b"x", 1, -4) >= 0:
    print("BREACH")
