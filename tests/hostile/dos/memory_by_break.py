# tries: to fill the memory by moving the end of the heap
# must: memory_limit_exceeded
# interpreter: runtime_error

import ctypes

libc = ctypes.CDLL(None)
libc.sbrk.restype = ctypes.c_void_p
while True:
    start = libc.sbrk(ctypes.c_long(2**22))
    if start in (None, 2**64 - 1):
        raise MemoryError
    ctypes.memset(start, 1, 2**22)
