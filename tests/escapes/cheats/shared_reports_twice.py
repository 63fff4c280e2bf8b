# against: shared
# must: wrong_answer|runtime_error
# problem: order
# tries: to pass some tests that do not exist, and each that does a second time
from nova_code_verifier.verifier.test_code.harness import in_process, runner

report = runner.TestRun.report


def f(numbers):
    return 7


def forged(self):
    real = report(self)
    passed = [item._replace(state="passed") for item in real.items]
    more = [item._replace(state="passed", name=f"{item.name}x") for item in real.items]
    return real._replace(items=[*real.items, *passed, *more])


in_process.TestRun.report = forged
