# tries: to fill the kernel's memory through pipes
# must: harmless

import fcntl, os

total = 0
try:
    while True:
        _, end = os.pipe()
        os.set_blocking(end, False)
        try:
            fcntl.fcntl(end, 1031, 2**20)
        except OSError:
            pass
        try:
            while True:
                total += os.write(end, bytes(65536))
        except BlockingIOError:
            pass
except OSError:
    print(total)
if total > 32 * 2**20:
    print("BREACH", total)
