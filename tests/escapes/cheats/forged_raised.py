# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: order
# tries: to raise an exception that ends the tests
import json
import os


def instead(answer):
    """Send this answer, and read the next question without answering it, to stay in step."""
    payload = b'["value",' + (answer if isinstance(answer, bytes) else json.dumps(answer).encode()) + b"]"
    os.write(3, len(payload).to_bytes(4, "big") + payload)
    os.read(3, 1 << 20)


def name(names=iter(["SystemExit", "KeyboardInterrupt", "GeneratorExit", "StopIteration"] * 9)):
    return next(names)


def f(numbers):
    instead({
        "raised": {"class": name(), "args": ["0"], "text": "skipped", "h": 0}
    })
    return []
