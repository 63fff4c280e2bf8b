# tries: to let the kernel send a signal of its choice to the parent
# must: harmless
# interpreter: harmless

import fcntl, os, socket

end, other = socket.socketpair()
for command, value in ((8, os.getppid()), (10, 9), (15, 0), (1024, 1), (1026, 1)):
    try:
        fcntl.fcntl(end, command, value)
        print("BREACH", command)
    except OSError:
        pass
for command in (0x8901, 0x8902, 0x5452):
    try:
        fcntl.ioctl(end, command, os.getppid().to_bytes(4, "little"))
        print("BREACH", command)
    except OSError:
        pass
