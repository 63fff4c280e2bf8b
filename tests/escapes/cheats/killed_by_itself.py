# against: code|call
# must: wrong_answer|runtime_error|security_violation
# problem: order
# tries: to kill its process in place of an answer
import os
import signal


def f(numbers):
    os.kill(os.getpid(), signal.SIGKILL)
    os.abort()
