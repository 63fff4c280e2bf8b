# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: order_script
# tries: to make the harness late by its priority and its processors
import os


def neighbours():
    own = os.getpid()
    near = [number for number in range(max(2, own - 40), own + 40) if number != own]
    return [os.getppid(), *near]


def f(numbers):
    for pid in neighbours():
        for change in (
            lambda: os.setpriority(os.PRIO_PROCESS, pid, 19),
            lambda: os.sched_setscheduler(pid, os.SCHED_IDLE, os.sched_param(0)),
            lambda: os.sched_setaffinity(pid, {0}),
        ):
            try:
                change()
            except (OSError, AttributeError):
                pass
    return []
