# against: code
# must: wrong_answer|runtime_error|security_violation
# problem: order
# tries: to raise the harness's own error, which starts everything anew
import importlib


def f(numbers):
    for name in ("harness.candidates", "harness.transcript"):
        try:
            module = importlib.import_module("nova_code_verifier.verifier.test_code." + name)
        except ImportError:
            continue
        if hasattr(module, "CandidateLostError"):
            raise module.CandidateLostError

    class CandidateLostError(BaseException):
        pass

    raise CandidateLostError
