# tries: to take descriptors out of another process
# must: security_violation|harmless
# interpreter: runtime_error
# machine: x86_64

import ctypes, os

libc = ctypes.CDLL(None)
for pid in (os.getppid(), HOST_PID):
    handle = libc.syscall(434, pid, 0)
    for number in range(10):
        if libc.syscall(438, handle, number, 0) >= 0:
            print("BREACH")
