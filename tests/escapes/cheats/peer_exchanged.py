# against: code
# must: wrong_answer|runtime_error|security_violation|time_limit_exceeded
# problem: order_script
# tries: to put a file in the place of the socket
import json
import os
import sys


def request():
    """Find the request that this call answers, in the frames of the guest."""
    frame = sys._getframe()
    while frame is not None:
        for value in list(frame.f_locals.values()):
            if isinstance(value, dict) and "op" in value:
                return value
        frame = frame.f_back
    return {"id": 1, "op": "call", "on": []}


def say(message):
    """Write a message of our own to the harness."""
    payload = message if isinstance(message, bytes) else json.dumps(message).encode()
    os.write(5, len(payload).to_bytes(4, "big") + payload)


def f(numbers):
    file = os.open("requests", os.O_RDWR | os.O_CREAT)
    os.write(file, b'\0\0\0\x10{"re":1,"is":[]}' * 100)
    os.dup2(file, 5)
    return []
