# against: code|call
# must: wrong_answer|runtime_error|security_violation
# problem: order
# tries: to be killed rather than answer
import os
import signal


def f(numbers):
    os.kill(os.getpid(), signal.SIGKILL)
    os.abort()
