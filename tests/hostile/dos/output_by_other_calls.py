# tries: to print by calls that nobody counts
# must: output_limit_exceeded

import os

fd = os.open("x", os.O_CREAT | os.O_RDWR)
os.write(fd, bytes(2**19))
while True:
    os.writev(1, [b"x" * 1000] * 9)
    os.sendfile(1, fd, 0, 2**19)
