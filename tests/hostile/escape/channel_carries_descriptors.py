# tries: to fill our process with descriptors that it did not ask for
# must: wrong_answer|runtime_error
# asked: call

import os, socket


def f(number):
    channel = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, fileno=3)
    value = b'["value",1]'
    files = [os.open(".", os.O_RDONLY) for _ in range(20)]
    for _ in range(5):
        socket.send_fds(channel, [len(value).to_bytes(4, "big") + value], files)
    channel.detach()
    return number
