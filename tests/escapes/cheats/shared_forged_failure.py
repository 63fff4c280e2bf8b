# against: shared
# must: wrong_answer|runtime_error
# problem: order
# tries: to report a failure that nobody knows
from nova_code_verifier.verifier.test_code.harness import in_process


def f(numbers):
    return 7


in_process.InProcessReport = lambda **_: ("not_run", "the sandbox is broken", [])
