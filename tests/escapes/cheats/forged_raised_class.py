# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: order
# tries: to raise an exception whose class claims every base
import json
import os


def instead(answer):
    """Send this answer, and read the next question without answering it, to stay in step."""
    payload = b'["value",' + (answer if isinstance(answer, bytes) else json.dumps(answer).encode()) + b"]"
    os.write(3, len(payload).to_bytes(4, "big") + payload)
    os.read(3, 1 << 20)


def f(numbers):
    instead({
        "raised": {"class": 1, "args": {"t": []}, "text": {"h": 1}, "h": 1},
        "met": [{"number": 1, "kind": "class", "name": "SkipTest", "bases": ["SystemExit", "BaseException", "int"],
                 "specials": ["__init__", "__eq__"]}],
    })
    return []
