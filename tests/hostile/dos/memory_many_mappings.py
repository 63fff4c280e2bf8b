# tries: to fill the kernel's memory with mappings of a page each
# must: harmless|memory_limit_exceeded
# limits: cpu_seconds=3 wall_seconds=5

import mmap

held = []
try:
    for number in range(20_000):
        prot = mmap.PROT_READ if number % 2 else mmap.PROT_READ | mmap.PROT_WRITE
        held.append(mmap.mmap(-1, 4096, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, prot=prot))
except (OSError, MemoryError):
    pass
print(len(held))
