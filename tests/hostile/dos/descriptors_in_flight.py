# tries: to keep open files without descriptors, in messages that nobody receives
# must: harmless|security_violation
# limits: cpu_seconds=3 wall_seconds=6

import os, socket

sent, pairs = 0, []
fds = [os.open(".", os.O_RDONLY)] + [os.dup(1) for _ in range(49)]
try:
    while sent <= 3000:
        pairs.append(socket.socketpair())
        pairs[-1][0].setblocking(False)
        try:
            while sent <= 3000:
                socket.send_fds(pairs[-1][0], [b"x"], fds)
                sent += len(fds)
        except BlockingIOError:
            pass
except OSError as error:
    print(error)
if sent > 3000:
    print("BREACH", sent)
