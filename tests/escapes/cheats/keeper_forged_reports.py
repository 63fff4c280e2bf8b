# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: order_script
# tries: to report the items to the keeper in place of the harness
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


import marshal


def report(payload):
    os.write(3, len(payload).to_bytes(4, "big") + payload)


for name in ("line 2", "1", "assert f([3, 1, 2]) == [1, 2, 3]"):
    for kind in ("item", "begin", "end", "ITEM", "END", "value"):
        report(json.dumps([kind, [name, "passed", "", "", False, 0, 1, 1, ""]]).encode())
        report(json.dumps([kind, {"items": [[name, "passed"]]}]).encode())
    report(marshal.dumps(((name, "passed"),)))


def f(numbers):
    return []
