# tries: to open more than it may, of each kind
# must: harmless

import os, select, socket

makers = (
    os.pipe,
    select.epoll,
    socket.socketpair,
    lambda: os.open(".", os.O_RDONLY),
    lambda: os.dup(1),
    getattr(os, "eventfd", lambda _: os.dup(0)).__call__ and (lambda: os.eventfd(0)),
)
for make in makers:
    held = []
    try:
        for _ in range(2000):
            held.append(make())
        print("BREACH", make)
    except OSError:
        pass
    for one in held:
        for part in one if isinstance(one, tuple) else (one,):
            os.close(part) if isinstance(part, int) else part.close()
