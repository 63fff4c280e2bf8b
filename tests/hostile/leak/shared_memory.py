# tries: to attach the shared memory of all processes
# must: harmless
# interpreter: runtime_error

import ctypes, os

libc = ctypes.CDLL(None)
for number in range(200):
    libc.shmat.restype = ctypes.c_void_p
    found = libc.shmat(number, None, 0o10000)
    if found not in (None, 2**64 - 1):
        print("BREACH", number)
    if libc.msgget(number + 1, 0) >= 0 or libc.semget(number + 1, 1, 0) >= 0:
        print("BREACH", number)
