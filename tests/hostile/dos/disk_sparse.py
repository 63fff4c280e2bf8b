# tries: to make a file of a terabyte that has no blocks
# must: harmless

import os

fd = os.open("x", os.O_CREAT | os.O_RDWR)
for size in (2**40, 2**31, 2**21):
    try:
        os.ftruncate(fd, size)
        print("BREACH", size)
    except OSError:
        pass
    try:
        os.pwrite(fd, b"x", size)
        print("BREACH", size)
    except OSError:
        pass
