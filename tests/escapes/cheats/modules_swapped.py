# against: code|call
# must: wrong_answer|runtime_error|security_violation
# problem: order
# tries: to replace the guest's own modules in sys.modules
import sys


class Yes:
    def __getattr__(self, name):
        return lambda *a, **k: True


for name in (
    "nova_code_verifier.sandbox.guest.object_session",
    "nova_code_verifier.sandbox.protocol.encoding",
    "nova_code_verifier.sandbox.guest.main",
    "json",
    "operator",
):
    sys.modules[name] = Yes()


def f(numbers):
    return []
