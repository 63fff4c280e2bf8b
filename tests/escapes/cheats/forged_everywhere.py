# against: code|call
# must: wrong_answer|runtime_error|security_violation|output_limit_exceeded
# problem: order
# tries: to write a report to every descriptor
# passes: 0|1
import json
import os


def say(*answers):
    for answer in answers:
        payload = b'["value",' + json.dumps(answer).encode() + b"]"
        os.write(3, len(payload).to_bytes(4, "big") + payload)



def f(numbers):
    report = {"items": [["1", "passed", "", "", False]] * 3, "questions": [], "is_open": False}
    text = json.dumps(report).encode()
    for fd in range(64):
        try:
            os.write(fd, len(text).to_bytes(4, "big") + text)
        except OSError:
            pass
    return []
