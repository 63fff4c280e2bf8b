# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: order
# tries: to report that the arguments became what is expected
import json
import os


def instead(answer):
    """Send this answer, and read the next question without answering it, to stay in step."""
    payload = b'["value",' + (answer if isinstance(answer, bytes) else json.dumps(answer).encode()) + b"]"
    os.write(3, len(payload).to_bytes(4, "big") + payload)
    os.read(3, 1 << 20)


def f(numbers):
    instead({"is": [], "after": [[1, [1, 2, 3]], [-1, [1, 2, 3]]]})
    return []
