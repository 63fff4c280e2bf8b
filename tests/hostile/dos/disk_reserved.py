# tries: to reserve more of the disk than its files may have
# must: harmless|runtime_error
# interpreter: harmless|runtime_error

import os

fd = os.open("x", os.O_CREAT | os.O_RDWR)
try:
    os.posix_fallocate(fd, 0, 2**26)
except OSError:
    pass
try:
    import ctypes

    libc = ctypes.CDLL(None)
    libc.fallocate.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64]
    for mode in (0, 1, 0x10):
        libc.fallocate(fd, mode, 0, 2**26)
except ImportError:
    pass
if os.fstat(fd).st_blocks * 512 > 2**23:
    print("BREACH")
