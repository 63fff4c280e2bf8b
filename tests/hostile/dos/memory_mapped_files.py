# tries: to fill the memory by private copies of the pages of one small file
# must: memory_limit_exceeded|runtime_error

import mmap, os

fd = os.open("x", os.O_CREAT | os.O_RDWR)
os.ftruncate(fd, 2**19)
held = []
while True:
    held.append(mmap.mmap(fd, 0, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_WRITE))
    held[-1].write(b"x" * 2**19)
