# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: order
# tries: to write answers for questions that are asked later
# passes: 0|1
import json
import os


def instead(answer):
    """Send this answer, and read the next question without answering it, to stay in step."""
    payload = b'["value",' + (answer if isinstance(answer, bytes) else json.dumps(answer).encode()) + b"]"
    os.write(3, len(payload).to_bytes(4, "big") + payload)
    os.read(3, 1 << 20)


def f(numbers):
    instead({"is": [1, 2, 3], "0": {"is": [7, 9]}, "units": [["1", "passed", "", "", False]]})
    return []
