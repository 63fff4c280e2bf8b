# tries: to look like a guest that was never started
# must: runtime_error|wrong_answer

import os, socket

for fd in (3, 4):
    try:
        socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, fileno=fd).shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
os.closerange(0, 256)
os._exit(0)
