# against: code|call
# must: wrong_answer|runtime_error|security_violation
# problem: order
# tries: to write answers before the questions
# passes: 0|1
import json
import os


def say(*answers):
    for answer in answers:
        payload = b'["value",' + json.dumps(answer).encode() + b"]"
        os.write(3, len(payload).to_bytes(4, "big") + payload)

say(*[{"is": [1, 2, 3]}] * 9)


def f(numbers):
    return []
