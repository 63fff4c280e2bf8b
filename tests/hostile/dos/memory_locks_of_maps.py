# tries: to hold more record locks than open files could: those of a map need no descriptor
# must: harmless

import fcntl
import struct

with open("f", "w+b") as file:
    file.write(b"x")
    file.flush()
    try:
        for command in (fcntl.F_OFD_SETLK, fcntl.F_OFD_SETLKW):
            fcntl.fcntl(file, command, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 1, 0))
            print("BREACH")
    except OSError:
        pass
