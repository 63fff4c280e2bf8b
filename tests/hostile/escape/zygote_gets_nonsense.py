# tries: to break its zygote by requests that are none
# must: harmless|security_violation

import os, socket

channel = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, fileno=4)
channel.settimeout(0.05)
for text in (b"", b"x", bytes(3), bytes(5), b"x" * 100_000, b"\xff" * 4, bytes(4) + b"\0/" * 2000):
    try:
        channel.send(text)
        channel.recv(99)
    except OSError:
        pass
os.close(4)
