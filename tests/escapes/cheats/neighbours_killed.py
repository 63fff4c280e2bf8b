# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: order_script
# tries: to kill the harness, so that the tests fail without its fault
import os


def neighbours():
    own = os.getpid()
    near = [number for number in range(max(2, own - 40), own + 40) if number != own]
    return [os.getppid(), *near]


def f(numbers):
    import signal

    for pid in neighbours():
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.kill(pid, number)
            except OSError:
                pass
    return []
