# tries: to let its zygote change the mode of a foreign file
# must: harmless|security_violation

import os, socket

channel = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, fileno=4)
channel.settimeout(0.2)
names = [SECRET_FILE, OUTSIDE, "/proc/self/cwd", os.getcwd() + "/../..", "/etc/passwd", os.__file__]
for name in names:
    for mode in (0o666, 0o4755):
        try:
            channel.send(mode.to_bytes(4, "little") + name.encode())
            if channel.recv(99) == bytes(4):
                print("BREACH", name)
        except OSError:
            pass
