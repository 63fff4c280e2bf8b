# tries: to let a timer signal a thread of another process
# must: harmless
# interpreter: runtime_error
# machine: x86_64

import ctypes, os, struct, time

event = ctypes.create_string_buffer(struct.pack("<QiiI", 0, 9, 4, os.getppid()) + bytes(64))
timer = ctypes.c_int()
libc = ctypes.CDLL(None)
if libc.syscall(222, 1, event, ctypes.byref(timer)) == 0:
    libc.syscall(223, timer, 0, ctypes.create_string_buffer(struct.pack("<qqqq", 0, 0, 0, 1)), None)
    time.sleep(0.05)
    print("BREACH")
