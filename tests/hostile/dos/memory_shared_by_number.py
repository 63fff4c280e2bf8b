# tries: to hold shared memory by the number of the call, and by a file that is none
# must: memory_limit_exceeded|runtime_error|harmless|security_violation
# interpreter: runtime_error
# limits: cpu_seconds=3 wall_seconds=6
# machine: x86_64

import ctypes

libc = ctypes.CDLL(None)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_long]
libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
zero = libc.open(b"/dev/zero", 2)
held = []
for flags, fd in ((0x21, -1), (0x23, -1), (0x40021, -1), (0x1, zero), (0x01000021, -1)):
    for _ in range(16):
        start = libc.mmap(None, 2**24, 3, flags, fd, 0)
        if start in (None, 2**64 - 1):
            break
        ctypes.memset(start, 1, 2**24)
        libc.madvise(start, 2**24, 4)
        held.append(start)
if sum(ctypes.string_at(start, 1) == b"\x01" for start in held) > 4:
    print("BREACH")
