# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: order_script
# passes: 0|1
# tries: to answer this request and the next ones with one call
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
    number = request().get("id", 1)
    for answer in ([1, 2, 3], [7, 9], [4, 5, 5]):
        say({"re": number, "is": answer})
        number += 1
    os._exit(0)
