# tries: to mount, to change its root, and to enter another one
# must: security_violation
# interpreter: runtime_error

import ctypes

libc = ctypes.CDLL(None)
if libc.mount(b"none", b".", b"tmpfs", 0, None) == 0:
    print("BREACH")
