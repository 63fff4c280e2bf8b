# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: order
# tries: to claim subclasses of plain data that contain data of another type
import json
import os


def instead(answer):
    """Send this answer, and read the next question without answering it, to stay in step."""
    payload = b'["value",' + (answer if isinstance(answer, bytes) else json.dumps(answer).encode()) + b"]"
    os.write(3, len(payload).to_bytes(4, "big") + payload)
    os.read(3, 1 << 20)


def f(numbers):
    instead({
        "is": {"sub": [1, {"sub": [2, [0]]}]},
        "met": [
            {"number": 1, "kind": "instance", "class": 3},
            {"number": 2, "kind": "instance", "class": 3},
            {"number": 3, "kind": "class", "name": "list", "bases": ["list"], "specials": ["__eq__", "__add__"]},
        ],
    })
    return []
