# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: order
# tries: to claim a class that is its own base and its own instance
import json
import os


def instead(answer):
    """Send this answer, and read the next question without answering it, to stay in step."""
    payload = b'["value",' + (answer if isinstance(answer, bytes) else json.dumps(answer).encode()) + b"]"
    os.write(3, len(payload).to_bytes(4, "big") + payload)
    os.read(3, 1 << 20)


def f(numbers):
    instead({
        "is": [{"h": 1}, {"h": 2}, {"sub": [3, [1, 2]]}],
        "met": [
            {"number": 1, "kind": "class", "name": "A", "bases": [1, 2, 3], "class": 1},
            {"number": 2, "kind": "class", "name": "B", "bases": [1, 2]},
            {"number": 3, "kind": "instance", "class": 3},
        ],
    })
    return []
