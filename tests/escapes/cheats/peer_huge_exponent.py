# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: order_script
# passes: 0|1
# tries: to send a number as an identity that only seems to be one
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
    for number in (b"1e9999", b"-1", b"1.0", b"true", b"null", b'"1"', b"[1]", b"18446744073709551616"):
        say(b'{"re":' + number + b',"is":[1,2,3]}')
    return []
