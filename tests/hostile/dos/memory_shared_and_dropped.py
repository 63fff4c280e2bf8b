# tries: to hold shared memory that no process has mapped in its tables
# must: memory_limit_exceeded|runtime_error|harmless
# limits: cpu_seconds=3 wall_seconds=6

import mmap, time

held = []
try:
    for _ in range(16):
        held.append(mmap.mmap(-1, 2**24))
        for at in range(0, 2**24, 4096):
            held[-1][at] = 1
        held[-1].madvise(mmap.MADV_DONTNEED)
except (OSError, ValueError, MemoryError):
    pass
time.sleep(0.5)
if sum(area[0] for area in held) > 4:  # what is not held any more reads as zero
    print("BREACH")
