# tries: to set the clock and the name of the machine
# must: harmless
# interpreter: harmless

import socket, time

for attempt in (
    lambda: time.clock_settime(time.CLOCK_REALTIME, 0),
    lambda: time.clock_settime(time.CLOCK_MONOTONIC, 0),
    lambda: socket.sethostname("x"),
):
    try:
        attempt()
        print("BREACH")
    except (OSError, AttributeError):
        pass
