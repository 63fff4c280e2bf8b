# against: code|call
# must: wrong_answer|runtime_error|security_violation
# problem: order
# tries: sys.modules full of stand-ins for the guest itself
import sys


class Yes:
    def __getattr__(self, name):
        return lambda *a, **k: True


for name in ("sandbox.conversation", "sandbox.encoding", "sandbox.guest", "json", "operator"):
    sys.modules[name] = Yes()


def f(numbers):
    return []
