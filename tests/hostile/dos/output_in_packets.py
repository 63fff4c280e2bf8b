# tries: to change how our end of the pipe reads, by flags that both ends share
# must: output_limit_exceeded

import fcntl, os

try:
    fcntl.fcntl(1, fcntl.F_SETFL, os.O_WRONLY | os.O_DIRECT | os.O_APPEND | os.O_NONBLOCK)
except OSError:
    pass
while True:
    try:
        os.write(1, b"x" * 4000)
    except BlockingIOError:
        pass
