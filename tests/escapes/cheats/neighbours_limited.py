# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: order_script
# tries: to lower the limits of the harness
import os


def neighbours():
    own = os.getpid()
    near = [number for number in range(max(2, own - 40), own + 40) if number != own]
    return [os.getppid(), *near]


def f(numbers):
    import resource

    for pid in neighbours():
        for kind in (resource.RLIMIT_CPU, resource.RLIMIT_AS, resource.RLIMIT_NOFILE):
            try:
                resource.prlimit(pid, kind, (1, 1))
            except (OSError, ValueError):
                pass
    return []
