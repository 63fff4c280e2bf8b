# against: code|call
# must: wrong_answer|runtime_error|security_violation
# problem: order
# tries: to answer from a thread at any time
# passes: 0|1
import os
import threading
import time


def answer():
    payload = b'["value",{"is":[7,9]}]'
    while True:
        time.sleep(0.001)
        os.write(3, len(payload).to_bytes(4, "big") + payload)


def f(numbers):
    threading.Thread(target=answer, daemon=True).start()
    time.sleep(0.05)
    return []
