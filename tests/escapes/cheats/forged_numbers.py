# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: order
# tries: to send numbers of objects that do not exist
import json
import os


def instead(answer):
    """Send this answer, and read the next question without answering it, to stay in step."""
    payload = b'["value",' + (answer if isinstance(answer, bytes) else json.dumps(answer).encode()) + b"]"
    os.write(3, len(payload).to_bytes(4, "big") + payload)
    os.read(3, 1 << 20)


def f(numbers):
    instead({
        "is": [{"h": True}, {"h": -1}, {"h": 10**30}, {"h": None}, {"h": float("nan")}, {"h": [1]}],
        "met": [{"number": -1, "kind": "function", "name": "f"}, {"number": True}, 5, None],
    })
    return []
