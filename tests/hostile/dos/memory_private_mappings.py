# tries: to fill the memory by private mappings
# must: memory_limit_exceeded

import mmap

held = []
while True:
    held.append(mmap.mmap(-1, 2**22, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))
    held[-1].write(b"x" * 2**22)
