# against: code
# must: wrong_answer|runtime_error|security_violation|time_limit_exceeded|memory_limit_exceeded|output_limit_exceeded
# problem: order_script
# tries: to send log records and warnings that nobody wrote, many and huge
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
    record = {"name": "pytest", "level": 10**9, "message": "x" * 1000, "lineno": -1, "exc_info": True}
    message = {"re": request().get("id"), "is": []}
    for name in ("logs", "records", "log", "warnings", "warned", "out", "err", "stdout", "stderr", "streams"):
        message[name] = [record, [record], "error", ["SystemExit", "x"], 5, None] * 50
    say(message)
    return []
