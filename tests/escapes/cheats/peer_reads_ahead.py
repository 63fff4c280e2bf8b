# against: code
# must: wrong_answer|runtime_error|security_violation|time_limit_exceeded
# problem: order_script
# passes: 0|1
# tries: to take the requests from the socket, and to answer them all alike
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


import threading


def take():
    while head := os.read(5, 4):
        text = os.read(5, int.from_bytes(head, "big"))
        say({"re": json.loads(text).get("id"), "is": [1, 2, 3]})


threading.Thread(target=take, daemon=True).start()


def f(numbers):
    return []
