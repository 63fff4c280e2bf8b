# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: order_script
# tries: to read what is expected in the memory of the harness
import os


def neighbours():
    own = os.getpid()
    near = [number for number in range(max(2, own - 40), own + 40) if number != own]
    return [os.getppid(), *near]


def f(numbers):
    found = []
    for pid in neighbours():
        for name in ("mem", "maps", "cmdline", "environ", "fd", "fd/0", "root", "cwd", "stack", "syscall"):
            path = f"/proc/{pid}/{name}"
            try:
                found.append(os.listdir(path) if name == "fd" else open(path, "rb").read(1000))
            except (OSError, ValueError):
                pass
    return found and [1, 2, 3]
