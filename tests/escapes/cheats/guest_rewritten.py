# against: code|call
# must: wrong_answer|runtime_error|security_violation
# problem: order
# tries: to patch the guest so that each answer is the expected one
# passes: 0|1
import sys

session = sys.modules.get("nova_code_verifier.sandbox.guest.object_session")
if session is not None:
    session.to_tree = lambda value, opaque=None: [1, 2, 3]
    session.is_plain = lambda value: False
    session.ObjectSession._changed = lambda *a: [[1, [1, 2, 3]]]


def f(numbers):
    return 5
