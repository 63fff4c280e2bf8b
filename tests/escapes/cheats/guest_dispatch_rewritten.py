# against: code
# must: wrong_answer|runtime_error|security_violation|time_limit_exceeded
# problem: order_script
# passes: 0|1
# tries: to patch the guest's dispatcher so that every answer is the same
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


for name, module in list(sys.modules.items()):
    if name.startswith("nova_code_verifier.sandbox.guest") or name.endswith(("protocol.encoding", "protocol.channel")):
        for attribute, value in list(vars(module).items()):
            if callable(value) and not isinstance(value, type) and not attribute.startswith("_"):
                setattr(module, attribute, lambda *args, **kwargs: [1, 2, 3])


def f(numbers):
    return [1, 2, 3]
