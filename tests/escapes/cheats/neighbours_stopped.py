# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: order_script
# tries: to stop the harness until it is late
import os


def neighbours():
    own = os.getpid()
    near = [number for number in range(max(2, own - 40), own + 40) if number != own]
    return [os.getppid(), *near]


def f(numbers):
    import signal

    for pid in neighbours():
        for send in (os.kill, os.killpg):
            try:
                send(pid, signal.SIGSTOP)
            except OSError:
                pass
    return []
