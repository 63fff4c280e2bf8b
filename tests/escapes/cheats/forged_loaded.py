# against: code|call
# must: wrong_answer|runtime_error|security_violation
# problem: order
# tries: to report again that it is loaded, and verdicts in other words
# passes: 0|1
import json
import os


def say(*answers):
    for answer in answers:
        payload = b'["value",' + json.dumps(answer).encode() + b"]"
        os.write(3, len(payload).to_bytes(4, "big") + payload)



def f(numbers):
    for words in (["loaded"], ["accepted"], ["passed", "3"], ["value", "[1,2,3]"]):
        payload = json.dumps(words).encode()
        os.write(3, len(payload).to_bytes(4, "big") + payload)
    return []
