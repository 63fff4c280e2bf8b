# against: code|call
# must: wrong_answer|runtime_error|security_violation
# problem: order
# tries: to exit from a late thread
import os
import threading
import time


def leave():
    time.sleep(0.05)
    os._exit(0)


threading.Thread(target=leave, daemon=True).start()


def f(numbers):
    time.sleep(0.2)
    return []
