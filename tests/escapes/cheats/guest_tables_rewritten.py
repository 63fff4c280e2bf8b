# against: code
# must: wrong_answer|runtime_error|security_violation|time_limit_exceeded
# problem: order_script
# passes: 0|1
# tries: to change what the guest remembers of each object
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


import gc


def f(numbers):
    for found in gc.get_objects():
        if type(found).__module__.startswith("nova_code_verifier"):
            for name, value in list(getattr(found, "__dict__", {}).items()):
                try:
                    if isinstance(value, dict):
                        value.update({key: [1, 2, 3] for key in list(value) + list(range(40))})
                    elif isinstance(value, list):
                        value.extend([[1, 2, 3]] * 40)
                    elif isinstance(value, int):
                        setattr(found, name, value + 1)
                except Exception:
                    pass
    return [1, 2, 3]
