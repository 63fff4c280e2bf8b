# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: order_script
# tries: to send JSON that is no message
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
    for message in (b"[]", b"null", b"0", b'""', b"true", b'{"re":{}}', b'{"is":1}', b"{}"):
        say(message)
    return []
