# tries: to get other rights on its streams by opening them again
# must: harmless

import os

for number in (0, 1, 2, 3, 4):
    for flags in (os.O_RDONLY, os.O_RDWR):
        for name in (f"/proc/self/fd/{number}", f"/dev/fd/{number}"):
            try:
                fd = os.open(name, flags | os.O_NONBLOCK)
            except OSError:
                continue
            try:
                print(os.read(fd, 999))
            except OSError:
                pass
