# tries: to keep a file without a name by a mapping
# must: harmless
# cases: 4

import mmap, os

print("BREACH" if os.listdir() else "")
fd = os.open(".", os.O_TMPFILE | os.O_RDWR)
os.write(fd, bytes(2**16))
area = mmap.mmap(fd, 2**16)
try:
    os.link(f"/proc/self/fd/{fd}", "name", follow_symlinks=True)
except OSError:
    pass
