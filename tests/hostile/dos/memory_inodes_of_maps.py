# tries: to hold many files that have no name and no descriptor: each takes an inode
# must: output_limit_exceeded|harmless
# limits: cpu_seconds=2 wall_seconds=2
# interpreter: runtime_error|harmless

import ctypes
import os
import time

libc = ctypes.CDLL(None)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
for _ in range(2000):
    fd = os.open("f", os.O_RDWR | os.O_CREAT)
    os.unlink("f")
    libc.mmap(None, 4096, 1, 1, fd, 0)
    os.close(fd)
time.sleep(0.6)
