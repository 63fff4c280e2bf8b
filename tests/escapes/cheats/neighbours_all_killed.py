# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: order_script
# tries: to kill all processes of its user at once
import os


def neighbours():
    own = os.getpid()
    near = [number for number in range(max(2, own - 40), own + 40) if number != own]
    return [os.getppid(), *near]


def f(numbers):
    import signal

    for group in (-1, 0):
        try:
            os.kill(group, signal.SIGTERM)
        except OSError:
            pass
    return []
