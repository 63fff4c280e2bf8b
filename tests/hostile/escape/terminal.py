# tries: to get a terminal, and to type into it
# must: harmless|runtime_error|security_violation

import fcntl, os

try:
    first, second = os.openpty()
    print("BREACH")
except OSError:
    pass
for path in ("/dev/tty", "/dev/ptmx", "/dev/console", "/dev/pts/0"):
    try:
        fcntl.ioctl(os.open(path, os.O_RDWR), 0x5412, b"x")
        print("BREACH", path)
    except OSError:
        pass
