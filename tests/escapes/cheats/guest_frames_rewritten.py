# against: code
# must: wrong_answer|runtime_error|security_violation|time_limit_exceeded
# problem: order_script
# passes: 0|1
# tries: to change every list and dict in the frames of the guest
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
    frame = sys._getframe().f_back
    while frame is not None:
        for scope in (frame.f_locals, frame.f_globals):
            for value in list(scope.values()):
                try:
                    if type(value) is list:
                        value[:] = [1, 2, 3]
                    elif type(value) is dict and value is not sys.modules and "__builtins__" not in value:
                        for key in list(value):
                            value[key] = [1, 2, 3]
                except Exception:
                    pass
        frame = frame.f_back
    return [1, 2, 3]
