# tries: to ask the kernel by netlink, packet, crypto and other sockets
# must: security_violation

import _socket

for family in (16, 17, 38, 40, 44, 31, 21):
    try:
        _socket.socket(family, 3, 0)
        print("BREACH", family)
    except PermissionError:
        pass
