# against: code
# must: wrong_answer|runtime_error|security_violation|time_limit_exceeded
# problem: order_script
# tries: to ask the harness for what its objects know
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


NAMES = ("__globals__", "__dict__", "__closure__", "__self__", "__class__", "gi_frame", "f_globals", "expected")


def f(numbers):
    for number in range(30):
        for name in NAMES:
            for operation in ("getattr", "method"):
                say({"id": 1000 + number, "op": operation, "on": [{"c": number}, name], "kw": []})
    return []
