# tries: to be killed by the kernel, so that nobody can say who did it
# must: time_limit_exceeded|harmless|runtime_error|security_violation
# interpreter: runtime_error|harmless
# machine: x86_64

import ctypes, os, struct, time

libc = ctypes.CDLL(None)
event = ctypes.create_string_buffer(struct.pack("<Qii", 0, 9, 0) + bytes(64))
timer = ctypes.c_int()
if libc.syscall(222, 1, event, ctypes.byref(timer)) == 0:
    libc.syscall(223, timer, 0, ctypes.create_string_buffer(struct.pack("<qqqq", 0, 0, 0, 1)), None)
    time.sleep(0.05)
