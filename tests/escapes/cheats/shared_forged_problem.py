# against: shared
# must: wrong_answer|runtime_error
# problem: order
# tries: to report a problem of the dataset, so that the sample is ungraded
from nova_code_verifier.verifier.test_code.harness import in_process


def f(numbers):
    return 7


in_process.InProcessReport = lambda **_: ("import numpy, which is not installed", "", "", [])
