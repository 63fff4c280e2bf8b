# against: code
# must: wrong_answer|runtime_error|security_violation|time_limit_exceeded|memory_limit_exceeded|output_limit_exceeded
# problem: order_script
# tries: to claim classes that are their own bases, without end
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
    met = [
        {"number": number, "kind": "class", "name": "A" * 1000, "bases": [number + 1, number, 1], "class": number}
        for number in range(1, 3000)
    ]
    say({"re": request().get("id"), "is": {"h": 1}, "met": met})
    return []
