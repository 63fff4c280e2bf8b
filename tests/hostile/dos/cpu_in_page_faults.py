# tries: to spend the kernel's time on pages that it takes and gives back
# must: time_limit_exceeded
# limits: cpu_seconds=0.2

import mmap

while True:
    with mmap.mmap(-1, 2**22, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as area:
        for at in range(0, 2**22, 4096):
            area[at] = 1
