# tries: to fill the memory by shared mappings, which belong to no process
# must: memory_limit_exceeded

import mmap

held = []
while True:
    held.append(mmap.mmap(-1, 2**22))
    held[-1].write(b"x" * 2**22)
