# tries: to fill the kernel's memory with tables for pages that it only reads
# must: harmless|memory_limit_exceeded

import mmap

held = []
try:
    while True:
        held.append(mmap.mmap(-1, 2**28, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))
        for at in range(0, 2**28, 2**21):
            held[-1][at]
except (OSError, ValueError, MemoryError):
    print(len(held))
