# against: code|call
# must: wrong_answer|runtime_error|security_violation|output_limit_exceeded
# problem: order
# tries: to write a message that never ends
# passes: 0|1
import json
import os


def say(*answers):
    for answer in answers:
        payload = b'["value",' + json.dumps(answer).encode() + b"]"
        os.write(3, len(payload).to_bytes(4, "big") + payload)



def f(numbers):
    os.write(3, b"\xff\xff\xff\xff" + b"x" * 100)
    return []
