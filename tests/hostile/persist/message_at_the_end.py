# tries: to leave a message in its channel for the next guest's keeper
# must: wrong_answer|runtime_error
# cases: 4

import os

value = b'["value",[{"t":[1]}]]'
for fd in (3, 4):
    try:
        os.write(fd, len(value).to_bytes(4, "big") + value)
        os.write(fd, b"\x00\x00\x10\x00half")
    except OSError:
        pass
os._exit(0)
