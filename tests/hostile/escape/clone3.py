# tries: to start a process by the newest call, whose flags no filter can read
# must: harmless
# interpreter: runtime_error
# machine: x86_64

import ctypes

arguments = (ctypes.c_uint64 * 11)(0, 0, 0, 0, 17)
if ctypes.CDLL(None).syscall(435, arguments, 88) >= 0:
    print("BREACH")
