# tries: to get namespaces in which it is root
# must: security_violation
# interpreter: runtime_error

import ctypes

libc = ctypes.CDLL(None)
for flag in (0x10000000, 0x00020000, 0x40000000, 0x20000000):
    if libc.unshare(flag) == 0:
        print("BREACH", flag)
