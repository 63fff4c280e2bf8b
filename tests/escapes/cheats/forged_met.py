# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: order
# tries: to claim classes that are all kinds of plain data at once
import json
import os


def instead(answer):
    """Send this answer, and read the next question without answering it, to stay in step."""
    payload = b'["value",' + (answer if isinstance(answer, bytes) else json.dumps(answer).encode()) + b"]"
    os.write(3, len(payload).to_bytes(4, "big") + payload)
    os.read(3, 1 << 20)


def f(numbers):
    instead({
        "is": {"h": 1},
        "met": [
            {"number": 1, "kind": "instance", "class": 2},
            {"number": 2, "kind": "class", "name": "list", "bases": ["list", "int", "dict", "AssertionError"],
             "specials": ["__eq__", "__ne__", "__len__", "__iter__", "__bool__", "__hash__"], "methods": ["__eq__"]},
        ],
    })
    return []
