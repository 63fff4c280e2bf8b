# tries: to fill the kernel's memory through sockets with large buffers
# must: harmless|runtime_error|memory_limit_exceeded
# limits: cpu_seconds=3 wall_seconds=6

import socket

pairs, total = [], 0
try:
    for _ in range(60):
        pairs.append(socket.socketpair())
        for end in pairs[-1]:
            end.setblocking(False)
            for option in (socket.SO_SNDBUF, socket.SO_RCVBUF, 32, 33):
                try:
                    end.setsockopt(socket.SOL_SOCKET, option, 2**22)
                except OSError:
                    pass
            try:
                while total < 2**26:
                    total += end.send(bytes(2**16))
            except BlockingIOError:
                pass
except OSError:
    pass
if total > 2**25:
    print("BREACH", total)
