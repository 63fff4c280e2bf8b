# against: code
# must: wrong_answer|runtime_error|security_violation|time_limit_exceeded|output_limit_exceeded
# problem: order_script
# tries: to send a number whose digits take minutes to read
import os


def f(numbers):
    payload = b'["value",{"is":' + b"9" * 3_000_000 + b"}]"
    message = memoryview(len(payload).to_bytes(4, "big") + payload)
    while message:
        message = message[os.write(3, message) :]
    os.read(3, 1 << 20)
    return []
