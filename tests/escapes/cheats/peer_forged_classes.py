# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: order_script
# tries: to claim a class that is every kind of thing at once
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
    kinds = ["list", "int", "bool", "str", "dict", "BaseException", "AssertionError", "unittest.mock.Mock", "type"]
    specials = ["__eq__", "__ne__", "__len__", "__iter__", "__bool__", "__hash__", "__class__", "__getattribute__"]
    met = [
        {"number": 1, "kind": "instance", "class": 2},
        {"number": 2, "kind": "class", "name": "list", "bases": kinds, "specials": specials, "methods": specials},
    ]
    say({"re": request().get("id"), "is": {"h": 1}, "met": met})
    return []
